import { once } from 'node:events';
import { createServer, type TlsOptions } from 'node:tls';

/** A TLS server that answers nothing, and keeps what it has received behind the handshake. */
export interface SilentTlsServer extends Disposable {
  readonly address: string;
  readonly received: Buffer[];
}

export async function startSilentTlsServer(options: TlsOptions): Promise<SilentTlsServer> {
  const received: Buffer[] = [];
  const server = createServer(options, (socket) => {
    socket.on('error', () => {}).on('data', (chunk: Buffer) => received.push(chunk));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    received,
    [Symbol.dispose]: () => void server.close(),
  };
}
