import { randomBytes } from 'node:crypto';
import type { Client } from 'memts';
import { fill, type LoadOptions, makeKeys, runLoad } from '../bench/load.ts';
import { jsonResult, renderResult } from '../bench/report.ts';
import { type GlobalOptions, openClient, withClient } from '../connection.ts';
import { Exit } from '../exit.ts';
import { wrapped } from '../fit.ts';
import { Interruption } from '../interruption.ts';
import { complain, print, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { counted, humanBytes } from '../units.ts';

/** What the numbers are of. */
const HOW_IT_COUNTS =
  'Each command counts once it is answered; a latency is from the call to the response, with the time in the pipeline.';

interface BenchOptions extends GlobalOptions, LoadOptions {
  connections: number;
}

export async function bench(options: BenchOptions): Promise<number> {
  const client = await openClient(options, { connections: options.connections });
  return withClient(client, () => measure(client, options));
}

async function measure(client: Client, options: BenchOptions): Promise<number> {
  using interruption = new Interruption();
  const keys = makeKeys(options.keys);
  const value = randomBytes(options.size);
  let stored = keys.length;
  try {
    stored = await fill(client, keys, value, interruption);
    if (interruption.requested) {
      complain('interrupted while storing the keys; nothing was measured');
      return interruption.exitCode;
    }
    const result = await runWithProgress(() => runLoad(client, keys, value, options, interruption), options.duration);
    const protocols = [...new Set(client.servers.map(({ protocol }) => protocol))].join(', ');
    if (options.json) {
      await printJson({ protocol: protocols, ...settings(options), ...jsonResult(result) });
    } else {
      const { concurrency, connections } = options;
      const what = `${counted(options.keys, 'key')} of ${humanBytes(options.size)}, ${concurrency} at a time`;
      const how = `pipelined on ${counted(connections, 'connection')} to each server, ${protocols} protocol`;
      await print(wrapped(`${what}, ${how}, ${result.elapsed.toFixed(1)} s`));
      await print(`${wrapped(HOW_IT_COUNTS)}\n\n${renderResult(result)}`);
    }
    return result.errors.size > 0 ? Exit.Server : interruption.exitCode;
  } finally {
    // Whatever went wrong before has been said; the keys expire by themselves.
    await client.deleteMulti(keys.slice(0, stored)).catch(() => {});
  }
}

function settings({ getRatio, size, keys, concurrency, connections }: BenchOptions): Record<string, number> {
  return { getRatio, size, keys, concurrency, connections };
}

/** A bar that follows the clock. */
async function runWithProgress<T>(run: () => Promise<T>, duration: number): Promise<T> {
  const milliseconds = Math.round(duration * 1000);
  using progress = new Progress('bench', milliseconds, 0, 'percent');
  const start = performance.now();
  const timer = setInterval(() => progress.update(Math.min(milliseconds, performance.now() - start)), 200);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}
