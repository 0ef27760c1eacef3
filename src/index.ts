export type { FlushOptions, Statistics } from './client/admin.ts';
export type { AnyClient } from './client/any-client.ts';
export { Client } from './client/client.ts';
export type { CommandOptions } from './client/command.ts';
export type { ClientEvents } from './client/core.ts';
export type { CounterResult, IncrementDecrementOptions } from './client/counters.ts';
export type { Compute, GetOrSetOptions } from './client/get-or-set.ts';
export type { Key } from './client/keys.ts';
export type { GetMultiOptions, MultiResult, SetMultiOptions } from './client/multi.ts';
export type { ClientOptions, Gutter } from './client/options.ts';
export type { ByServer } from './client/results.ts';
export type { Found, GetOptions, GetResult, GetWithCasResult, Narrowed } from './client/retrieval.ts';
export type { ServerAddress, ServerList } from './client/servers.ts';
export type { ChangeOptions, InsertOptions } from './client/storage.ts';
export type { Stored } from './client/stored.ts';
export type { CommandTrace } from './client/trace.ts';
export type { UpdateOptions } from './client/update.ts';
export { Utils } from './client/utils.ts';
export type { ServerLike } from './cluster/command.ts';
export type { DiscoveredServer, Discovery } from './cluster/discovery/discovery.ts';
export type { DnsOptions } from './cluster/discovery/dns.ts';
export { dns } from './cluster/discovery/dns.ts';
export type { ElasticacheOptions } from './cluster/discovery/elasticache.ts';
export { elasticache } from './cluster/discovery/elasticache.ts';
export type { Distribution, DistributionBuilder } from './cluster/distribution/distribution.ts';
export type { KetamaOptions } from './cluster/distribution/ketama.ts';
export { ketama } from './cluster/distribution/ketama.ts';
export type { DistributionServer } from './cluster/distribution/pick.ts';
export type { LeveledLogger, Logger } from './cluster/log.ts';
export type { ServerOptions } from './cluster/server.ts';
export { Server } from './cluster/server.ts';
export type {
  ErrorListener,
  FrameTransport,
  ResponseListener,
  TransportMessage,
} from './connection/frame-transport.ts';
export type { ConnectionEvent, Peer } from './connection/telemetry.ts';
export type { ErrorCode, MemcacheErrorOptions } from './errors.ts';
export { MemcacheError } from './errors.ts';
export { memjs as default } from './memjs.ts';
export type { Response } from './protocol/binary/message.ts';
export { Header } from './protocol/binary/message.ts';
export type { CompressOptions } from './serializers/compress.ts';
export { compressed } from './serializers/compress.ts';
export type { JsonInput, JsonOutput, JsonSerializerOptions } from './serializers/json.ts';
export { jsonSerializer } from './serializers/json.ts';
export type { JsonForm, JsonObject } from './serializers/json-form.ts';
export type { JsonReplacer, JsonReviver, JsonValue } from './serializers/json-text.ts';
export type { Serialized, Serializer } from './serializers/serializer.ts';
export { noopSerializer } from './serializers/serializer.ts';
export type { CompressionAlgorithm } from './serializers/zlib.ts';
