import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { makeFolder } from '../../support/leftovers.ts';
import { findProgram } from '../../support/programs.ts';
import { eventually } from '../../support/wait.ts';
import { environment, patient, program } from './memts.ts';

export const TMUX = findProgram('tmux');

/** A terminal with the program in it, as a person sees it: tmux on a socket of its own. */
export class Terminal implements Disposable {
  readonly #socket = join(makeFolder(), 'tmux');

  /** Starts `memts` with these arguments; when it has ended, the screen says with what. */
  static async start(
    args: readonly string[],
    servers: string,
    width = 100,
    height = 30,
    /** What comes before the command in its line, as `other |`. */
    before = '',
  ): Promise<Terminal> {
    const terminal = new Terminal();
    const words = [process.execPath, await program(), ...patient(args)].map((word) => `'${word}'`).join(' ');
    const command = `echo before; ${before} ${words}; echo "ended with $?"; exec sleep 60`;
    terminal.#tmux(['-f', '/dev/null', 'new-session', '-d', '-x', String(width), '-y', String(height), command], {
      ...environment({ servers }),
      TERM: 'xterm-256color',
      LC_ALL: 'C.UTF-8',
    });
    return terminal;
  }

  /** What is on the screen. */
  screen(...flags: string[]): string {
    return this.#tmux(['capture-pane', '-p', ...flags]);
  }

  /** Waits until the screen shows something, and gives the screen back. */
  see(what: RegExp | string, timeout = 30_000): Promise<string> {
    return eventually(
      () => {
        const screen = this.screen();
        const there = typeof what === 'string' ? screen.includes(what) : what.test(screen);
        if (!there) throw new Error(`no ${what} on the screen:\n${screen}`);
        return screen;
      },
      { timeout, interval: 40 },
    );
  }

  type(...keys: string[]): void {
    this.#tmux(['send-keys', ...keys]);
  }

  resize(width: number, height: number): void {
    this.#tmux(['resize-window', '-x', String(width), '-y', String(height)]);
  }

  /** Whether the program has the terminal's second screen. */
  get alternate(): boolean {
    return this.#tmux(['display-message', '-p', '#{alternate_on}']).trim() === '1';
  }

  /** What programs have made of the terminal's title. */
  get title(): string {
    return this.#tmux(['display-message', '-p', '#{pane_title}']).trim();
  }

  /** The process that runs in the terminal's shell. */
  get pid(): number {
    const shell = this.#tmux(['display-message', '-p', '#{pane_pid}']).trim();
    return Number(execFileSync('ps', ['-o', 'pid=', '--ppid', shell], { encoding: 'utf8' }).trim());
  }

  [Symbol.dispose](): void {
    this.#tmux(['kill-server']);
  }

  #tmux(args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
    return execFileSync(TMUX ?? 'tmux', ['-S', this.#socket, ...args], { env, encoding: 'utf8', stdio: 'pipe' });
  }
}
