import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject, it } from 'vitest';
import { makeProject, ofOurs } from '../package/support/project.ts';
import { ROOT } from '../support/built.ts';
import { compile, fixture, STRICT, STRICTEST } from './support/compile.ts';

describe.concurrent('the program for MemJS', () => {
  it('compiles against @types/memjs, for which it was written', async ({ expect }) => {
    const declarations = join(inject('memjs'), 'node_modules/@types/memjs');
    cpSync(join(ROOT, 'node_modules/@types/memjs'), declarations, { recursive: true });
    expect(await compile(inject('memjs'), fixture('for-memjs.ts'), ['program.cts'], STRICT)).toEqual([]);
  });

  it('compiles against this package under the name memjs', async ({ expect }) => {
    expect(await compile(inject('ours'), fixture('for-memjs.ts'), ['program.cts'], STRICT)).toEqual([]);
  });
});

describe.concurrent('the program for memcached', () => {
  const program = fixture('for-memcached.ts');

  it('compiles against @types/memcached, for which it was written', async ({ expect }) => {
    const project = makeProject('types-of-memcached', ofOurs(['memcached', '@types/memcached']));
    expect(await compile(project, program, ['program.cts'], STRICT)).toEqual([]);
  });

  it('compiles against memts-memcached under the name memcached', async ({ expect }) => {
    const project = makeProject('types-of-memts-memcached', { memcached: join(ROOT, 'memcached') });
    expect(await compile(project, program, ['program.cts'], { ...STRICT, skipLibCheck: false })).toEqual([]);
  });
});

describe.concurrent('the types promise and refuse what they should', () => {
  it('in CommonJS and in a module, where they are sound themselves', async ({ expect }) => {
    const options = { ...STRICTEST, skipLibCheck: false };
    expect(await compile(inject('ours'), fixture('ours.ts'), ['ours.cts', 'ours.mts'], options)).toEqual([]);
  });

  it('with a bundler', async ({ expect }) => {
    const options = { ...STRICTEST, module: 'preserve', moduleResolution: 'bundler' };
    expect(await compile(inject('ours'), fixture('ours.ts'), ['ours.ts'], options)).toEqual([]);
  });
});
