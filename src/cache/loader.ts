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
  /** Of how many ids it is not known yet. */
  #open: number;
  readonly #known = new Set<TId>();
  #waiting: Waiting<TId>[] = [];

  constructor(load: LoadMany<TId, unknown>, count: number) {
    this.#load = load;
    this.#open = count;
  }

  /** The value of one id, which is made together with others. */
  load(id: TId, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, signal, resolve, reject });
      this.passed(id);
      // Of what has to be made later, everything that comes in one turn.
      if (this.#open === 0 && this.#waiting.length === 1) queue(() => this.#run());
    });
  }

  /** Nothing is to be made for an id, for the moment: there is a value, or somebody else makes it. */
  passed(id: TId): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (--this.#open === 0) queue(() => this.#run());
  }

  /** The outcome of one id; whatever it is, nobody has to wait for this id any more. */
  async follow<T>(outcome: Promise<T>, id: TId): Promise<T> {
    try {
      return await outcome;
    } finally {
      this.passed(id);
    }
  }

  async #run(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const ids = waiting.map(({ id }) => id);
    try {
      const loaded = await this.#load(ids, { signal: AbortSignal.any(waiting.map(({ signal }) => signal)) });
      const lookUp = toLookup(ids, loaded);
      waiting.forEach(({ id, resolve }, index) => {
        resolve(lookUp(id, index));
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

function queue(run: () => Promise<void>): void {
  void Promise.resolve().then(run);
}

function toLookup<TId>(ids: readonly TId[], loaded: unknown): (id: TId, index: number) => unknown {
  if (loaded instanceof Map) return (id) => loaded.get(id);
  if (Array.isArray(loaded) && loaded.length === ids.length) return (_id, index) => loaded[index];
  throw invalidType('result of load', 'a Map by id, or an array in the order of the ids', loaded);
}
