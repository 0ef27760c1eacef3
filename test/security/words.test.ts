import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, MemcacheError } from '../../src/index.ts';
import type { RunningServer } from '../conformance/client/suite/target.ts';
import { startMemcached } from '../support/memcached.ts';
import { CAN, CHOSEN, COMPACT, SUBJECT } from '../support/subject.ts';
import {
  BYTES,
  batches,
  COMMAND_LIST,
  type Command,
  KEYS,
  type Model,
  type Step,
  shown,
  trimmedText,
} from './words.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** How many random commands were sent, and each of them looked at. */
    commands?: number;
  }
}

/** How many commands there are at least, over all protocols of a server. */
const COMMANDS = Number(process.env.MEMTS_COMMANDS) || (CHOSEN && !COMPACT ? 10_000 : 1500);
/** In milliseconds: a busy machine makes 200 of them in a second. */
const LIMIT = Math.max(20_000, COMMANDS * 5);

let server: RunningServer;
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

/** Those steps whose outcome is known. The ones before a step are carried out on the model before it is looked at. */
function* chosen(steps: readonly Step[], model: Model): Generator<{ step: Step; command: Command }> {
  const busy = new Set<string>();
  const alone = new Set<string>();
  for (const step of steps) {
    const command = COMMAND_LIST[step.command] as Command;
    const own = command.many ? [step.key, ...step.more] : [step.key];
    if (own.some((key) => alone.has(key) || (command.alone && busy.has(key)))) continue;
    if (command.possible && !command.possible(model.get(step.key), CAN)) continue;
    for (const key of own) (command.alone ? alone : busy).add(key);
    yield { step, command };
  }
}

describe.each(CAN.protocols)(`${SUBJECT.name}, %s`, (protocol) => {
  const readable = KEYS.filter((key) => key !== 'noreply' || protocol !== 'classic' || CAN.readsNoreply);
  const keys = protocol === 'classic' ? readable : [...KEYS, ...BYTES];
  const logger = { log() {} };

  /** Begins every step at once, and has each come to what it has to by the order they stand in. */
  async function run(client: Client, steps: readonly Step[], model: Model): Promise<number> {
    const running = Array.from(chosen(steps, model), ({ step, command }) => {
      const expected = shown(command.expect(model, step));
      const outcome = command.run(client, step).catch((error: unknown) => {
        return error instanceof MemcacheError ? error.code : String(error);
      });
      return { step, outcome, expected };
    });
    for (const { step, outcome, expected } of running) {
      expect(shown(await outcome), `${step.command} ${JSON.stringify(step.key)}`).toBe(expected);
    }
    return running.length;
  }

  it(
    'keys that are words, values that are commands: each response is its own, and no other key changes',
    async ({ task }) => {
      const client = Client.create(server.address, { protocol, timeout: 5, retries: 1, logger });
      // Looks from a connection of its own.
      const witness = Client.create(server.address, { protocol: CAN.found, timeout: 5, logger });
      const seen = CAN.found === 'classic' ? KEYS : keys;
      await witness.set('canary', 'alive');
      let commands = 0;
      const property = fc.asyncProperty(batches(keys), async (steps) => {
        const model: Model = new Map();
        await client.deleteMulti(keys);
        commands += await run(client, steps, model);
        const found = await witness.getMulti([...seen, 'canary']);
        const left = [...found].map(([key, { value }]) => [key, trimmedText(value)]);
        const expected = [...model].map(([key, { value }]) => [key, value.replace(/ +$/, '')]);
        expect(left.sort()).toEqual([...expected, ['canary', 'alive']].sort());
      });
      const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
      console.log(`SEED=${seed}`);
      while (commands < COMMANDS / CAN.protocols.length) {
        await fc.assert(property, { numRuns: 20, seed: seed + commands, endOnFailure: process.env.SEED === undefined });
      }
      task.meta.commands = commands;
      client.close();
      witness.close();
    },
    LIMIT,
  );
});
