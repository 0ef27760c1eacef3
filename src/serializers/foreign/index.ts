/** The entry `memts/serializers`: caches that are shared with other languages. */
export { type DalliSerializerOptions, dalliSerializer } from './dalli.ts';
export type { NativeValues, SharedSerializerOptions } from './native.ts';
export { phpSerializer } from './php.ts';
export { type PythonInput, type PythonOutput, pylibmcSerializer, pymemcacheSerializer } from './python.ts';
