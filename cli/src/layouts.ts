/** The layouts of values that can be read. */
export const LAYOUTS = ['memts', 'pymemcache', 'pylibmc', 'dalli', 'php', 'memcached', 'text'] as const;
export type LayoutName = (typeof LAYOUTS)[number];
