// What is used of the clients that bring no types.

declare module 'memcached' {
  type Callback = (error: unknown, result?: unknown) => void;

  export default class Memcached {
    constructor(servers: string[], options?: Record<string, unknown>);
    get(key: string, callback: Callback): void;
    set(key: string, value: unknown, lifetime: number, callback: Callback): void;
    getMulti(keys: string[], callback: Callback): void;
    end(): void;
  }
}

declare module 'memcache-plus' {
  type Callback = (error: unknown, result?: unknown) => void;

  export default class MemcachePlus {
    constructor(options?: Record<string, unknown>);
    get(key: string, callback?: Callback): Promise<unknown>;
    set(key: string, value: unknown, lifetime?: number | Callback, callback?: Callback): Promise<unknown>;
    getMulti(keys: string[]): Promise<unknown>;
    disconnect(): Promise<unknown>;
  }
}
