export type { AnyClient } from './client/any-client.ts';
export { Client } from './client/client.ts';
export type { ByServer } from './client/commands/broadcast.ts';
export type { ChangeOptions } from './client/commands/change.ts';
export type { CommandOptions } from './client/commands/command.ts';
export type { CounterResult, IncrementDecrementOptions } from './client/commands/count.ts';
export type { FlushOptions } from './client/commands/flush.ts';
export type { Inspection } from './client/commands/inspect.ts';
export type { GetMultiOptions, SetMultiOptions } from './client/commands/multi.ts';
export type { MultiResult } from './client/commands/multi-call.ts';
export type {
  Found,
  GetIfChangedOptions,
  GetIfChangedResult,
  GetOptions,
  GetResult,
  GetWithCasResult,
  Narrowed,
} from './client/commands/read.ts';
export type { Statistics } from './client/commands/stats.ts';
export type { InsertOptions } from './client/commands/store.ts';
export type { UpdateOptions } from './client/commands/update.ts';
export type { ClientEvents } from './client/events.ts';
export type { ComputeContext } from './client/get-or-set/computation.ts';
export type { Compute } from './client/get-or-set/get-or-set.ts';
export type { InvalidateOptions } from './client/get-or-set/invalidate.ts';
export type { ByKey, ComputeMany } from './client/get-or-set/many/answers.ts';
export type { GetOrSetOptions } from './client/get-or-set/plan.ts';
export type { Stored, StoredWithMisses } from './client/get-or-set/stored.ts';
export type { Key } from './client/keys.ts';
export { memjs as default } from './client/memjs/memjs.ts';
export { Utils } from './client/memjs/utils.ts';
export type { ClientOptions } from './client/options.ts';
export type { CommandTrace } from './client/telemetry.ts';
export type { DiscoveredServer, Discovery } from './cluster/discovery/discovery.ts';
export type { DnsOptions } from './cluster/discovery/dns.ts';
export { dns } from './cluster/discovery/dns.ts';
export type { ElasticacheOptions } from './cluster/discovery/elasticache.ts';
export { elasticache } from './cluster/discovery/elasticache.ts';
export type { Distribution, DistributionBuilder } from './cluster/distribution/distribution.ts';
export type { KetamaOptions } from './cluster/distribution/ketama.ts';
export { ketama } from './cluster/distribution/ketama.ts';
export type { DistributionServer } from './cluster/distribution/pick.ts';
export type { Gutter } from './cluster/fleet.ts';
export type { LeveledLogger, Logger } from './cluster/log.ts';
export type { RepairOptions } from './cluster/repair/repairs.ts';
export type { ServerLike, ServerOptions } from './cluster/server.ts';
export { Server } from './cluster/server.ts';
export type { ServerAddress, ServerList } from './cluster/server-list.ts';
export type {
  ErrorListener,
  FrameTransport,
  ResponseListener,
  TransportMessage,
} from './connection/frame-transport.ts';
export type { ServerStatus } from './connection/status.ts';
export type { ConnectionEvent, DownReason, Peer } from './connection/telemetry.ts';
export type { ErrorCode, MemcacheErrorOptions } from './errors.ts';
export { MemcacheError } from './errors.ts';
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
export type { StructuredInput } from './serializers/structured.ts';
export { structuredSerializer } from './serializers/structured.ts';
export type { CompressionAlgorithm } from './serializers/zlib.ts';
