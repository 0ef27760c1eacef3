import { describe, expect, it, vi } from 'vitest';
import { type ErrorCode, MemcacheError } from '../../../src/index.ts';

async function anotherCopy(): Promise<typeof MemcacheError> {
  vi.resetModules();
  const copy = await import('../../../src/errors.ts');
  expect(copy.MemcacheError).not.toBe(MemcacheError);
  return copy.MemcacheError;
}

describe('MemcacheError', () => {
  it('has name, code, message, server and cause', () => {
    const cause = new Error('cause');
    const error = new MemcacheError('ERR_TIMEOUT', 'message', { server: 'host:1', cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_TIMEOUT', message: 'message', server: 'host:1' });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('MemcacheError: message');
    expect(error.stack).toMatch(/^MemcacheError: message\n\s+at /);
  });

  it('has neither server nor cause where there is none', () => {
    const error = new MemcacheError('ERR_NO_SERVERS', 'message');
    expect('server' in error).toBe(false);
    expect('cause' in error).toBe(false);
    expect(Object.keys(error)).toEqual(['code']);
  });

  it('is one of another copy of the package, and the other way round', async () => {
    const Copy = await anotherCopy();
    expect(new Copy('ERR_CLOSED', 'x') instanceof MemcacheError).toBe(true);
    expect(new MemcacheError('ERR_CLOSED', 'x') instanceof Copy).toBe(true);
  });

  it.each([
    [new Error('x')],
    [{ name: 'MemcacheError', code: 'ERR_CLOSED' }],
    [null],
    [undefined],
    ['ERR_CLOSED'],
    [5],
  ])('is not %s', (other) => {
    expect((other as unknown) instanceof MemcacheError).toBe(false);
  });

  it('says whether the connection goes on', () => {
    const survives = (code: ErrorCode): boolean => new MemcacheError(code, 'x').connectionSurvives;
    const ends: ErrorCode[] = ['ERR_CONNECT', 'ERR_CLOSED', 'ERR_AUTH', 'ERR_PROTOCOL'];
    const goesOn: ErrorCode[] = [
      'ERR_TIMEOUT',
      'ERR_VALUE_TOO_LARGE',
      'ERR_INVALID_KEY',
      'ERR_NOT_NUMERIC',
      'ERR_SERVER',
    ];
    expect(ends.map(survives)).toEqual([false, false, false, false]);
    expect(goesOn.map(survives)).toEqual([true, true, true, true, true]);
  });
});
