import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { run } from './support/run.ts';

it('names what to install where OpenTelemetry is missing', async () => {
  const project = inject('ours');
  await expect(run(process.execPath, ['-e', "require('memts/opentelemetry')"], project)).rejects.toThrow(
    /Cannot find module '@opentelemetry\/api'[\s\S]*memts\/dist\/opentelemetry\.cjs/,
  );
  const program = "import 'memts/opentelemetry'";
  await expect(run(process.execPath, ['--input-type=module', '-e', program], project)).rejects.toThrow(
    /Cannot find package '@opentelemetry\/api' imported from .*memts\/dist\/opentelemetry\.mjs/,
  );
});

it('holds no copy of the client', () => {
  for (const kind of ['mjs', 'cjs']) {
    const program = readFileSync(join(inject('ours'), `node_modules/memts/dist/opentelemetry.${kind}`), 'utf8');
    expect(program.length).toBeLessThan(30_000);
    // All that it has of it are the channels; and the clock, which in CommonJS is in the part that is always loaded.
    if (kind === 'mjs') expect(program).not.toMatch(/parts\/client/);
  }
});
