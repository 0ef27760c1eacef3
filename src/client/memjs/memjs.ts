import { Server } from '../../cluster/server.ts';
import { Header } from '../../protocol/binary/message.ts';
import { Client } from '../client.ts';
import { Utils } from './utils.ts';

/** What MemJS's own object has, for `import memjs from 'memjs'`. */
export const memjs = { Client, Server, Utils, Header };
