import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dalliSerializer } from '../../../src/serializers/foreign/dalli.ts';
import { phpSerializer } from '../../../src/serializers/foreign/php.ts';
import { pylibmcSerializer, pymemcacheSerializer } from '../../../src/serializers/foreign/python.ts';
import type { Serializer } from '../../../src/serializers/serializer.ts';
import { CASES, type Tagged } from './fixtures/cases.ts';
import { type Fixtures, type ForeignLayout, fromTagged, LAYOUTS } from './fixtures/layouts.ts';
import { load, type Stored, store, thrown } from './support.ts';

const NATIVE = Symbol('only the other language reads it');

const RAW: Readonly<Record<string, Serializer<never, unknown>>> = {
  pylibmc: pylibmcSerializer({ native: 'buffer' }),
  pymemcache: pymemcacheSerializer({ native: 'buffer' }),
  dalli: dalliSerializer({ native: 'buffer' }),
  'php-memcached': phpSerializer({ native: 'buffer' }),
};

/** What our serializer is to make of what a client has written. */
function expected({ client, config }: ForeignLayout, value: Tagged): unknown {
  const python = ['string', 'bytes', 'integer', ...(client === 'pylibmc' ? ['boolean'] : [])];
  if (['pylibmc', 'pymemcache'].includes(client) && !python.includes(value.type)) return NATIVE;
  if (client === 'pylibmc' && value.type === 'boolean') return Number(value.value);
  if (config === 'raw' && value.type === 'integer') return value.value;
  if (value.type === 'native') return config === 'json' ? value.value : NATIVE;
  if (value.type === 'null' && ['igbinary', 'msgpack'].includes(config)) return NATIVE;
  return fromTagged(value);
}

/** Doubles are text, which has more than one way to say a number. */
function hasOneForm(value: Tagged, flags: number, client: string): boolean {
  const isCompressed = { dalli: 2, 'php-memcached': 0x10 }[client] ?? 8;
  return value.type !== 'double' && (flags & isCompressed) === 0;
}

describe.each(LAYOUTS)('$name', (layout) => {
  const url = new URL(`./fixtures/${layout.name}.json`, import.meta.url);
  const { items, versions } = JSON.parse(readFileSync(url, 'utf8')) as Fixtures;
  const names = Object.keys(CASES).filter(layout.takes);
  const item = (name: string): Stored => {
    const { hex, flags } = items[name] as Fixtures['items'][string];
    return { bytes: Buffer.from(hex, 'hex'), flags };
  };

  it('comes from a client with a version', () => {
    expect(Object.keys(items).sort()).toEqual(names.sort());
    expect(versions[layout.client]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each(names)('reads what it wrote: %s', (name) => {
    const meant = expected(layout, CASES[name] as Tagged);
    if (meant !== NATIVE) {
      expect(load(layout.serializer, item(name))).toStrictEqual(meant);
      return;
    }
    thrown('ERR_UNSUPPORTED', () => load(layout.serializer, item(name)));
    expect(load(RAW[layout.client] as Serializer<never, unknown>, item(name))).toEqual(item(name).bytes);
  });

  const same = names.filter(
    (name) => layout.writes(name) && hasOneForm(CASES[name] as Tagged, item(name).flags, layout.client),
  );
  it.each(same)('writes what it wrote: %s', (name) => {
    const ours = store(layout.serializer, fromTagged(CASES[name] as Tagged));
    const { bytes, flags } = item(name);
    // PHP writes arrays in the format of its choice, and reads JSON whatever that is.
    if (layout.client === 'php-memcached' && ['list', 'null'].includes(name) && ours.flags !== flags) return;
    expect(ours).toEqual({ bytes, flags });
  });
});
