import { Client } from './client/client.ts';
import { Utils } from './client/utils.ts';
import { Server } from './cluster/server.ts';
import { Header } from './protocol/binary/message.ts';

/** What MemJS's own object has, for `import memjs from 'memjs'`. */
export const memjs = { Client, Server, Utils, Header };
