import { colors } from '../colors.ts';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { complain, OutputError, print, printJson, shown } from '../output.ts';
import { decode } from '../percent.ts';
import { logOf } from '../watch/log.ts';

interface WatchOptions extends GlobalOptions {
  match?: RegExp;
}

/** Follows the logs of all servers; what can't be followed any more is complained about at once. */
async function follow(
  targets: Target[],
  streams: string[],
  options: GlobalOptions,
  interruption: Interruption,
  use: (line: string, target: Target) => Promise<void> | undefined,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  const followOne = async (target: Target): Promise<void> => {
    for await (const lines of logOf(target, timeoutOf(options), streams, interruption)) {
      for (const line of lines) await use(line.replace(/\r$/, ''), target);
    }
  };
  await Promise.all(
    targets.map((target) =>
      followOne(target).catch(async (error) => {
        if (error instanceof OutputError) {
          // Nobody reads any more: the other logs end, too, also those that have nothing to say.
          interruption.stop(Exit.Ok);
          return;
        }
        errors.push(error);
        if (options.json) await printJson({ server: target.name, error: describe(error) });
        complain(describe(error));
      }),
    ),
  );
  return errors;
}

export async function watch(streams: string[], options: WatchOptions): Promise<number> {
  return withTargets(await openTargets(options), (targets) => watchAll(targets, streams, options));
}

async function watchAll(targets: Target[], streams: string[], options: WatchOptions): Promise<number> {
  using interruption = new Interruption();
  const errors = await follow(targets, streams, options, interruption, (line, { name }) => {
    // The log has keys in percent-encoding, and people look for them as they are.
    if (options.match !== undefined && !options.match.test(decode(line).toString())) return undefined;
    if (options.json) return printJson({ server: name, line });
    return print(targets.length > 1 ? `${colors.bold(shown(name))} ${shown(line)}` : shown(line));
  });
  return Math.max(worstOf(errors), interruption.exitCode);
}
