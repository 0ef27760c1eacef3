import { connect } from 'node:net';
import { type Behaviour, type RogueServer, startRogueServer } from './rogue-server.ts';

/** Changes what passes: bytes as latin1 text, in whatever pieces they come. */
type Edit = (text: string) => string;

/** A rogue server that passes everything on to a real one, and what that answers back, both as edited. */
export function startRelay(
  { port }: { port: number },
  edit: { toServer?: Edit; toClient?: Edit } = {},
): Promise<RogueServer> {
  const { toServer = (text) => text, toClient = (text) => text } = edit;
  const behaviour: Behaviour = (socket) => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk: Buffer) => server.write(toServer(chunk.toString('latin1')), 'latin1'));
    server.on('data', (chunk: Buffer) => socket.write(toClient(chunk.toString('latin1')), 'latin1'));
    server.on('end', () => socket.end());
    server.on('error', () => socket.resetAndDestroy());
    socket.on('close', () => server.destroy());
  };
  return startRogueServer(behaviour);
}
