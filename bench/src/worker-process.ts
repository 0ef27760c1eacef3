import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, Message } from './messages.ts';

/** A worker that says nothing for so long beyond what it was asked to do is given up. */
const PATIENCE_MS = 60_000;

/** How long a worker is busy with a message. */
function plannedSeconds(message: Message | undefined): number {
  if (message?.type === 'round') return message.seconds + message.latency;
  return message?.type === 'profile' ? message.seconds : 0;
}

/** One client's process, as the runner sees it. Started when it is first needed, and again if it was lost. */
export class WorkerProcess {
  readonly #client: string;
  #child: ChildProcess | undefined;

  constructor(client: string) {
    this.#client = client;
  }

  /** Whether the process was just started, so that nothing in it is warm. */
  get cold(): boolean {
    return this.#child === undefined;
  }

  async tell(message: Message): Promise<Extract<Answer, { type: 'done' }>> {
    if (this.#child === undefined) {
      this.#child = fork(join(import.meta.dirname, 'worker.js'), [this.#client], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      await this.#answer(this.#child);
    }
    const answer = this.#answer(this.#child, message);
    this.#child.send(message);
    const result = await answer;
    if (result.type === 'error') throw new Error(result.message);
    if (result.type === 'ready') throw new Error('The worker started a second time');
    return result;
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #answer(child: ChildProcess, message?: Message): Promise<Answer> {
    const planned = plannedSeconds(message);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error('No response in time')), planned * 1000 + PATIENCE_MS);
      const onMessage = (answer: Answer) => finish(answer);
      const onExit = (code: number | null) => finish(new Error(`The process ended with ${code}`));
      const finish = (outcome: Answer | Error) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        if (!(outcome instanceof Error)) return resolve(outcome);
        this.stop();
        reject(outcome);
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }
}
