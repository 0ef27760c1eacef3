import { beforeAll, describe, expect, it } from 'vitest';
import type { makeProgram } from '../../cli/src/program.ts';
import { makeBundle, memts, PATIENCE, program } from './support/memts.ts';

let made: ReturnType<typeof makeProgram>;

beforeAll(async () => {
  const [file] = await Promise.all([makeBundle('program'), program()]);
  made = ((await import(file)) as { makeProgram: typeof makeProgram }).makeProgram();
}, PATIENCE);

describe('the help of every command', { timeout: PATIENCE }, () => {
  it('can be read, and has examples', () => {
    const commands = made.commands.filter((command) => !/^(complete|help)$/.test(command.name()));
    expect(commands.length).toBeGreaterThan(18);
    for (const command of commands) {
      const parts: string[] = [];
      command.configureOutput({ writeOut: (part) => void parts.push(part) });
      command.outputHelp();
      const text = parts.join('');
      expect(text).toMatch(new RegExp(`^Usage: memts ${command.name()}`));
      expect(text).toMatch(/\nExamples?:\n {2}\$ /);
      expect(text).not.toMatch(/undefined|NaN|\[object/);
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(130);
    }
  });

  it('comes from the program, too', async () => {
    for (const args of [
      ['incr', '--help'],
      ['help', 'decr'],
    ]) {
      const { code, stdout, stderr } = await memts(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/how much \(default: 1\)/);
    }
  });
});
