/**
 * Sessions of an Express app in memcached: every process of the app has them, and a restart keeps them.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/adapters/session.ts` is `memts/session`.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { MemtsStore } from '../src/adapters/session.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    visits: number;
  }
}

const store = new MemtsStore({ prefix: 'example:session:' });
const app = express();
app.use(
  session({
    store,
    secret: 'in production from the environment',
    resave: false,
    saveUninitialized: false,
    // In production also `secure: true`.
    cookie: { maxAge: 60 * 60 * 1000 },
  }),
);
app.get('/login/:user', (request, response, next) => {
  // A new id for a new user, so that nobody can have planted the old one.
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = request.params.user;
    response.send(`welcome ${request.params.user}`);
  });
});
app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.send(`${request.session.user ?? 'somebody'}, visit ${request.session.visits}`);
});
app.get('/logout', (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.send('bye')));
});

// The same app twice, as two processes behind a load balancer would be.
const listeners = [app.listen(0, '127.0.0.1'), app.listen(0, '127.0.0.1')];
await Promise.all(listeners.map((listener) => once(listener, 'listening')));
const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);

/** What a browser does: it sends the cookie back. */
let cookie = '';
async function browse(path: string, process = 0): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports[process]}${path}`, { headers: { cookie } });
  cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
  return response.text();
}

console.log(await browse('/login/Ada'));
console.log(await browse('/'));
console.log(await browse('/', 1));
console.log(await browse('/logout'));
console.log(await browse('/', 1));

for (const listener of listeners) {
  listener.closeAllConnections();
  listener.close();
}
await store.close();
