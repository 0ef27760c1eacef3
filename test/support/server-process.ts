import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { killAtExit, removeFolder } from './leftovers.ts';
import { sleep } from './wait.ts';

const READY_WITHIN = 5000;

export interface ServerCommand {
  program: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Where the server's files and its log are; removed when the server is stopped. */
  folder: string;
  host: string;
  port: number;
  /** The unix socket, instead of host and port. */
  path?: string | undefined;
  /** A file that the server writes once it listens. Without it, another server at the same port would pass for this one. */
  readyFile?: string | undefined;
  /** Further servers that it needs; they are stopped with it. */
  behind?: readonly AsyncDisposable[] | undefined;
}

/** A real server in a process of its own. `stop()` is for good; after `kill()` it can be started again. */
export class ServerProcess implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The unix socket, if it listens there; `host` is then empty and `port` 0. */
  readonly path: string | undefined;
  /** `host:port`, or the path of the unix socket. */
  readonly address: string;
  readonly args: readonly string[];
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;

  private constructor(command: ServerCommand) {
    this.#command = command;
    this.host = command.host;
    this.port = command.port;
    this.path = command.path;
    this.address = command.path ?? `${command.host}:${command.port}`;
    this.args = command.args;
  }

  /** Resolves once the server takes connections; else rejects with what the server said. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    try {
      await server.#launch();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What the server has printed. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Ends it at once, paused or not, and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    for (const server of this.#command.behind ?? []) await server[Symbol.asyncDispose]();
    removeFolder(this.#command.folder);
  }

  /** Sends a signal that ends the process, and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    child.ref();
    const exit = once(child, 'exit');
    child.kill(signal);
    // A paused process would not see any other signal than SIGKILL.
    child.kill('SIGCONT');
    await exit;
  }

  /** Stops the process where it is: connections stay open, and nothing is read or answered until `resume()`. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
    // The threads stop one after another, and one that still runs would still answer.
    const deadline = Date.now() + 1000;
    while (!allThreadsStopped(this.pid) && Date.now() < deadline);
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Kills the process if it still runs, and starts a new, empty one at the same address. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#launch();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #logFile(): string {
    return join(this.#command.folder, 'server.log');
  }

  async #launch(): Promise<void> {
    // A file instead of a pipe: nothing to read while the server runs, and nothing that keeps this process alive.
    const log = openSync(this.#logFile, 'a', 0o600);
    const { program, args, env, readyFile } = this.#command;
    if (readyFile) rmSync(readyFile, { force: true });
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    child.once('exit', (code, signal) => {
      failure ??= new Error(`exited with ${signal ?? code}`);
    });
    killAtExit(child);
    child.unref();

    const deadline = Date.now() + READY_WITHIN;
    while ((readyFile && !existsSync(readyFile)) || !(await this.#takesConnections())) {
      if (Date.now() > deadline) failure ??= new Error(`no connection within ${READY_WITHIN} ms`);
      if (failure) throw this.#startError(failure);
      await sleep(5);
    }
  }

  #startError(cause: Error): Error {
    const { program, args } = this.#command;
    return new Error(`${program} ${args.join(' ')}: ${cause.message}\n${this.log()}`, { cause });
  }

  /** Connects and hangs up again, and waits until the server has hung up too, which shows that it is at work. */
  #takesConnections(): Promise<boolean> {
    const options: NetConnectOpts = this.path ? { path: this.path } : { host: this.host, port: this.port };
    return new Promise((resolve) => {
      let connected = false;
      const socket = connect(options, () => {
        connected = true;
        socket.end();
      });
      socket.resume();
      socket.setTimeout(1000, () => socket.destroy());
      socket.on('error', () => {});
      socket.on('close', () => resolve(connected));
    });
  }
}

/** As Linux tells it; on other systems we can only hope. */
function allThreadsStopped(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return true;
  return readdirSync(folder).every((thread) => /\) [TtZX] /.test(readFileSync(join(folder, thread, 'stat'), 'utf8')));
}
