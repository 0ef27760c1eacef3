import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { run } from './support/run.ts';

const INSTALL =
  /memts\/opentelemetry needs @opentelemetry\/api, which is not installed: npm install @opentelemetry\/api/;

it('says what to install where OpenTelemetry is missing', async () => {
  const project = inject('ours');
  await expect(run(process.execPath, ['-e', "require('memts/opentelemetry')"], project)).rejects.toThrow(INSTALL);
  const program = "import 'memts/opentelemetry'";
  await expect(run(process.execPath, ['--input-type=module', '-e', program], project)).rejects.toThrow(INSTALL);
});

it('holds no copy of the client', () => {
  for (const kind of ['mjs', 'cjs']) {
    const program = readFileSync(join(inject('ours'), `node_modules/memts/dist/opentelemetry.${kind}`), 'utf8');
    expect(program).toMatch(kind === 'mjs' ? /from "memts"/ : /require\("memts"\)/);
    expect(program.length).toBeLessThan(30_000);
  }
});
