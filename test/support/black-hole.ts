import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { killAtExit } from './leftovers.ts';

const LISTEN = `
const { createServer } = require('node:net');
createServer().listen({ host: process.argv[1], port: Number(process.argv[2]), backlog: 1, ipv6Only: true }, () => console.log('ready'));
`;

/** An address at which connections neither come about nor are refused: nobody takes them, and the queue of those that wait is full. */
export async function startBlackHole(host: string, port: number): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', LISTEN, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  killAtExit(child);
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const waiting: Socket[] = [];
  while (await connects(host, port, waiting));
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Whether one more connection comes about, within half a second. */
function connects(host: string, port: number, waiting: Socket[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    waiting.push(socket);
    const timer = setTimeout(() => resolve(false), 500);
    socket.on('error', reject);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
