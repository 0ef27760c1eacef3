/** A plugin of typedoc: the API's modules have the names by which programs import them. */
import { Converter, ReflectionKind } from 'typedoc';

/** Entries that are not called as their file or folder is. */
const NAMES = {
  index: 'memts',
  'serializers/foreign': 'memts/serializers',
  'adapters/keyv-create': 'memts/keyv/create',
  'adapters/memcached/memcached': 'memts/memcached',
  'adapters/next/next': 'memts/next',
  'adapters/next/remote': 'memts/next/remote',
  'adapters/next/handler': 'memts/next/handler',
};

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    reflection.name = NAMES[reflection.name] ?? `memts/${reflection.name.replace('adapters/', '')}`;
  });
}
