import { invalidType } from '../errors.ts';

/** Makes the values of ids: a `Map` by id, or an array in their order. */
export type LoadMany<TId, T> = (
  ids: TId[],
  context: { signal: AbortSignal },
) => LoadedMany<TId, T> | Promise<LoadedMany<TId, T>>;

type LoadedMany<TId, T> = ReadonlyMap<TId, T> | readonly T[];

interface Waiting<TId> {
  id: TId;
  signal: AbortSignal;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Gathers the ids that are to be made, until it is known of each whether it is one of them. */
export class Loader<TId> {
  readonly #load: LoadMany<TId, unknown>;
  /** Of which it is not known yet. */
  readonly #open: Set<TId>;
  #waiting: Waiting<TId>[] = [];

  constructor(load: LoadMany<TId, unknown>, ids: Iterable<TId>) {
    this.#load = load;
    this.#open = new Set(ids);
  }

  /** The value of one id, which is made together with others. */
  load(id: TId, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Of what has to be made later, everything that comes in one turn.
      if (this.#waiting.push({ id, signal, resolve, reject }) === 1 && !this.#open.size) void this.#run();
      this.passed(id);
    });
  }

  /** Nothing is to be made for an id, for the moment: there is a value or an error, or somebody else makes it. */
  passed(id: TId): void {
    if (this.#open.delete(id) && !this.#open.size) void this.#run();
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    const waiting = this.#waiting;
    if (!waiting.length) return;
    this.#waiting = [];
    const ids = waiting.map(({ id }) => id);
    try {
      const loaded = await this.#load(ids, { signal: AbortSignal.any(waiting.map(({ signal }) => signal)) });
      const values = valuesOf(ids, loaded);
      waiting.forEach(({ resolve }, index) => {
        resolve(values[index]);
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** In the order of the ids. */
function valuesOf<TId>(ids: readonly TId[], loaded: unknown): readonly unknown[] {
  if (loaded instanceof Map) return ids.map((id) => loaded.get(id));
  if (Array.isArray(loaded) && loaded.length === ids.length) return loaded;
  throw invalidType('result of load', 'a Map by id, or an array in the order of the ids', loaded);
}
