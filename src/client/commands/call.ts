import { DEBUGGING, framed } from '../../debug.ts';
import type { Engine } from '../engine.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import { traceCall } from '../telemetry.ts';
import { isTraced } from './command.ts';

/** Makes a call of several commands, which is one to those who listen. */
export function makeCall<T>(
  engine: Engine,
  name: string,
  keys: unknown,
  run: (trace: CommandTrace | undefined) => Promise<T>,
): Promise<T> {
  const outcome = isTraced() ? traceCall(name, keys, engine.options.traceKeys, run) : run(undefined);
  return DEBUGGING ? framed(outcome) : outcome;
}

/** The same for a call that `quit()` waits for and `close()` ends. */
export function makeOpenCall<T>(
  engine: Engine,
  name: string,
  keys: unknown,
  run: (call: OpenCall, trace: CommandTrace | undefined) => Promise<T>,
): Promise<T> {
  return makeCall(engine, name, keys, (trace) => engine.calls.begin((call) => run(call, trace)));
}
