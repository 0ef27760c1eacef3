import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { killAtExit, makeFolder } from '../../support/leftovers.ts';
import type { Answer, Message, Order } from './orders.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** When each is ready to take orders. */
const readied = new WeakMap<ChildProcess, Promise<unknown>>();

/** Processes with clients of their own. */
export class Processes implements Disposable {
  readonly #address: string;
  /** What they run: compiled once, since each would take a second for that. */
  readonly #program: string;
  #children: ChildProcess[] = [];
  /** The process that began the last computation. */
  computing: number | undefined;

  private constructor(address: string, program: string) {
    this.#address = address;
    this.#program = program;
  }

  static async start(count: number, address: string): Promise<Processes> {
    const processes = new Processes(address, await compile());
    await processes.fill(count);
    return processes;
  }

  /** Starts as many as are missing. */
  async fill(count: number): Promise<void> {
    this.#children = this.#children.filter(runs);
    while (this.#children.length < count) this.#children.push(this.#fork());
    await Promise.all(this.#children.map((child) => readied.get(child)));
  }

  #fork(): ChildProcess {
    const child = fork(this.#program, [this.#address], { execArgv: [] });
    killAtExit(child);
    readied.set(child, next(child, 'ready'));
    child.on('message', (message: Message) => {
      if ('computing' in message) this.computing = message.computing;
    });
    return child;
  }

  /** Has each process carry the order out; one that is killed meanwhile has none. */
  async all(order: Order): Promise<Answer[]> {
    const children = this.#children.filter(runs);
    const answers = await Promise.all(
      children.map((child, index) => {
        const answer = next(child, 'answer');
        child.send({ ...order, index, processes: children.length });
        return answer;
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  /** Kills the process that computes. */
  killComputing(): void {
    const child = this.#children.find(({ pid }) => pid === this.computing);
    if (child === undefined) throw new Error('nobody computes');
    child.kill('SIGKILL');
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

async function compile(): Promise<string> {
  const outDir = makeFolder();
  const quiet = { logLevel: 'silent', report: false } as const;
  await build({
    config: false,
    entry: { worker: WORKER },
    outDir,
    format: 'esm',
    platform: 'node',
    dts: false,
    ...quiet,
  });
  return join(outDir, 'worker.mjs');
}

/** The next message of a kind; undefined when the process ends before it. */
function next(child: ChildProcess, kind: 'ready' | 'answer'): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (answer?: Answer): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(answer);
    };
    const onExit = (): void => settle();
    const onMessage = (message: Message): void => {
      if ('failed' in message) reject(new Error(message.failed));
      if (!(kind in message)) return;
      settle('answer' in message ? message.answer : undefined);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

function runs(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
