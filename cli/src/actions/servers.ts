import type { ServerStatus } from 'memts';
import { refused } from '../confirm.ts';
import {
  type GlobalOptions,
  openClient,
  openTargets,
  stateOf,
  type Target,
  withClient,
  withTargets,
} from '../connection.ts';
import { describe, worstOf } from '../exit.ts';
import { turnedTable } from '../fit.ts';
import { complain, print, printJson, shown } from '../output.ts';
import { type PingOptions, pingOften } from '../ping.ts';

interface FlushOptions extends GlobalOptions {
  yes?: true;
}

/** In place of what is not known of a server. */
const NONE = '–';

interface Pong {
  server: string;
  /** As the client's `status()` has it. */
  state: ServerStatus['state'];
  version?: string;
  milliseconds?: number;
  error?: unknown;
}

export function ping(options: PingOptions): Promise<number> {
  return options.count === undefined ? askAll(options, true) : pingOften(options);
}

export function version(options: GlobalOptions): Promise<number> {
  return askAll(options, false);
}

async function askAll(options: GlobalOptions, timed: boolean): Promise<number> {
  const pongs = await withTargets(await openTargets(options), (targets) => Promise.all(targets.map(pingOne)));
  if (options.json) {
    for (const { server, state, version, milliseconds, error } of pongs) {
      const reason = error === undefined ? undefined : describe(error);
      await printJson({
        server,
        ...(timed ? { state } : {}),
        version,
        ...(timed ? { milliseconds } : {}),
        error: reason,
      });
    }
  } else {
    const timing = [{ title: 'STATE' }, { title: 'VERSION' }, { title: 'TIME', right: true }];
    const rows = pongs.map(({ server, state, version = NONE, milliseconds }) => {
      const time = milliseconds === undefined ? NONE : `${milliseconds.toFixed(2)} ms`;
      return timed ? [server, state, version, time] : [server, version];
    });
    await print(turnedTable([{ title: 'SERVER' }, ...(timed ? timing : [{ title: 'VERSION' }])], rows));
  }
  const errors = pongs.map(({ error }) => error).filter((error) => error !== undefined);
  for (const error of errors) complain(describe(error));
  return worstOf(errors);
}

/** The time of a response over an open connection. */
async function pingOne(target: Target): Promise<Pong> {
  const { client, name } = target;
  try {
    await client.version();
    const start = performance.now();
    const [version = ''] = Object.values(await client.version());
    const milliseconds = Math.round((performance.now() - start) * 1000) / 1000;
    return { server: name, state: stateOf(target), version, milliseconds };
  } catch (error) {
    return { server: name, state: stateOf(target), error };
  }
}

export async function flush(options: FlushOptions): Promise<number> {
  return withClient(await openClient(options), async (client) => {
    const names = client.servers.map(({ name }) => name);
    const question = `Delete everything on ${shown(names.join(', '), process.stderr)}?`;
    const exitCode = options.yes ? undefined : await refused(question, 'nothing was flushed');
    if (exitCode !== undefined) return exitCode;
    const results = await client.flush();
    for (const [server, result] of Object.entries(results)) await printFlushed(server, result, options);
    return worstOf(Object.values(results).filter((result) => result !== true));
  });
}

async function printFlushed(server: string, result: true | Error, { json }: FlushOptions): Promise<void> {
  const error = result === true ? undefined : describe(result);
  if (json) await printJson({ server, flushed: result === true, error });
  else if (result === true) await print(`${shown(server)}: flushed`);
  if (error !== undefined) complain(error);
}
