/**
 * Records what memcached answers to the commands of `commands.ts`, over each protocol.
 *
 *     npx tsx test/fuzz/record.ts
 */
import { writeFileSync } from 'node:fs';
import type { ProtocolName } from '../../src/protocol/protocol.ts';
import { startMemcached } from '../support/memcached.ts';
import { RawClient } from '../support/raw-client.ts';
import { sleep } from '../support/wait.ts';
import { opaqueOf } from './commands.ts';
import { type Corpus, commandsOf, corpusFile, PROTOCOLS, requestBytes, witnessOf } from './exchanges.ts';
import { WitnessQueue } from './witness.ts';

async function record(name: ProtocolName): Promise<Corpus> {
  await using server = await startMemcached();
  using client = await RawClient.connect({ host: server.host, port: server.port });
  client.send('version\r\n');
  const version = (await client.receiveLine()).replace('VERSION ', '');
  const replies: Record<string, string> = {};
  // What a connection speaks is settled by its first byte.
  using spoken = await RawClient.connect({ host: server.host, port: server.port });
  for (const [command, index] of commandsOf(name)) {
    const witness = witnessOf({ command, opaque: opaqueOf(command, index) });
    const decoder = PROTOCOLS[name].createDecoder(new WitnessQueue([witness], Number.POSITIVE_INFINITY));
    spoken.send(requestBytes(name, command, index));
    let reply = '';
    for (let waited = 0; !witness.settled; waited++) {
      if (waited > 2000) throw new Error(`${name}: no answer to ${command.name}`);
      await sleep(1);
      const bytes = await spoken.receive(spoken.received.length);
      decoder.decode(bytes, 0, bytes.length);
      reply += bytes.toString('latin1');
    }
    replies[command.name] = reply;
  }
  return { server: `memcached ${version}`, recorded: new Date().toISOString().slice(0, 10), replies };
}

for (const name of ['binary', 'meta', 'classic'] as const) {
  const corpus = await record(name);
  writeFileSync(corpusFile(name), `${JSON.stringify(corpus, null, 2)}\n`);
  console.log(`${name}: ${Object.keys(corpus.replies).length} replies of ${corpus.server}`);
}
