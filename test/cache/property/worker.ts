/** One of several processes that use one cache as wildly as they can, and tell what came of it. */
import { Cache } from '../../../src/cache/index.ts';
import { Client } from '../../../src/index.ts';
import { Random } from '../../support/random.ts';
import { sleep } from '../../support/wait.ts';
import { type Job, NAMESPACE, TAGS } from './job.ts';
import type { Ending, Given, Records } from './ledger.ts';

const KEYS = 120;
const CALLERS = 24;

interface Value {
  id: string;
  key: number;
  tags: number[];
  made?: number;
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

class Worker {
  readonly records: Records = { given: [], endings: [], settled: [], operations: 0, failures: 0 };
  readonly #job: Job;
  readonly #random: Random;
  readonly #client: Client;
  readonly #cache: Cache<Value>;
  /** When computations of this process have ended, by the ids of their values. */
  readonly #computed = new Map<string, number>();
  #ids = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#random = new Random(job.seed);
    this.#client = Client.create(job.servers, job.client);
    const { trustFor, partSize } = job;
    const near = trustFor === undefined ? undefined : { trustFor, admit: 'all' as const, entries: KEYS / 2 };
    const lifetimes = { expires: 60, staleFor: 60, lockFor: 1 };
    this.#cache = new Cache<Value>(this.#client, { namespace: NAMESPACE, ...lifetimes, partSize, near });
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CALLERS }, () => this.#call()));
    await this.#client.quit();
  }

  async #call(): Promise<void> {
    while (this.records.operations < this.#job.operations) {
      this.records.operations++;
      try {
        await this.#operate(this.#random.below(1000));
      } catch {
        this.records.failures++;
        // What fails at once would leave no time for anything else.
        await sleep(1);
      }
    }
  }

  #operate(choice: number): Promise<void> {
    if (choice < 450) return this.#get();
    if (choice < 570) return this.#getMany();
    if (choice < 800) return this.#getOrSet();
    if (choice < 860) return this.#getOrSetMany();
    if (choice < 930) return this.#set();
    if (choice < 960) return this.#delete();
    if (choice < 998) return this.#invalidate();
    return this.#clear();
  }

  async #get(): Promise<void> {
    const asked = now();
    const value = await this.#cache.get<Value>(this.#key());
    this.#give('read', value, asked);
  }

  async #getMany(): Promise<void> {
    const asked = now();
    const values = await this.#cache.getMany<Value>([this.#key(), this.#key(), this.#key()]);
    for (const value of values.values()) this.#give('read', value, asked);
  }

  async #getOrSet(): Promise<void> {
    const key = this.#random.below(KEYS);
    const tags = tagsOf(key);
    const asked = now();
    const value = await this.#cache.getOrSet(`k${key}`, () => this.#compute(key), { tags: tags.map(String) });
    this.#give('getOrSet', value, asked);
  }

  async #getOrSetMany(): Promise<void> {
    const first = this.#random.below(KEYS);
    const keys = [first, (first + TAGS) % KEYS, (first + 2 * TAGS) % KEYS];
    const load = async (missing: number[]) => new Map(missing.map((key) => [key, this.#make(key, true)] as const));
    const asked = now();
    const values = await this.#cache.getOrSetMany(keys, (key) => `k${key}`, load, { tags: tagsOf(first).map(String) });
    for (const value of values.values()) this.#give('getOrSet', value, asked);
  }

  async #compute(key: number): Promise<Value> {
    const value = this.#make(key, true);
    const chance = this.#random.below(10);
    if (chance > 4) await sleep(chance === 9 ? 40 : 2);
    this.#computed.set(value.id, now());
    return value;
  }

  async #set(): Promise<void> {
    const key = this.#random.below(KEYS);
    const value = this.#make(key, false);
    const began = now();
    try {
      await this.#cache.set(`k${key}`, value, { tags: value.tags.map(String) });
      this.#end({ what: 'set', which: key, began, resolved: now(), soft: 0 });
    } finally {
      this.records.settled.push([value.id, now()]);
    }
  }

  async #delete(): Promise<void> {
    const key = this.#random.below(KEYS);
    const began = now();
    await this.#cache.delete(`k${key}`);
    this.#end({ what: 'delete', which: key, began, resolved: now(), soft: 0 });
  }

  async #invalidate(): Promise<void> {
    const which = this.#random.below(TAGS);
    const staleFor = this.#random.below(4) === 0 ? 1 : 0;
    const began = now();
    await this.#cache.invalidateTags([String(which)], { staleFor });
    this.#end({ what: 'tag', which, began, resolved: now(), soft: staleFor * 1_000_000 });
  }

  async #clear(): Promise<void> {
    const began = now();
    await this.#cache.clear();
    this.#end({ what: 'clear', which: 0, began, resolved: now(), soft: 0 });
  }

  #key(): string {
    return `k${this.#random.below(KEYS)}`;
  }

  #make(key: number, isComputed: boolean): Value {
    const value = { id: `${this.#job.name}${this.#ids++}`, key, tags: tagsOf(key) };
    return isComputed ? { ...value, made: now() } : value;
  }

  #give(way: 'read' | 'getOrSet', value: Value | undefined, asked: number): void {
    if (value === undefined) return;
    const { id, key, tags, made } = value;
    const ended = this.#computed.get(id);
    // What is trusted may be as old as it was when the question was sent that it comes of.
    const trusted = (this.#job.trustFor ?? 0) * 1_000_000;
    const given: Given = { way, id, key, tags, made, asked: asked - trusted };
    // It was computed for who asked for it, or while that one waited.
    if (way === 'getOrSet' && ended !== undefined && ended > asked) given.way = 'joined';
    this.records.given.push(given);
  }

  #end(ending: Ending): void {
    this.records.endings.push(ending);
  }
}

/** Keys that are so many apart share their tags. */
function tagsOf(key: number): number[] {
  return key % 3 === 0 ? [key % TAGS] : [key % TAGS, (key + 5) % TAGS];
}

process.once('message', (job: Job) => {
  const worker = new Worker(job);
  void worker.run().then(() => {
    process.send?.(worker.records, () => process.disconnect());
  });
});
