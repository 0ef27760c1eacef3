import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import type { MemtsStore } from '../../../src/adapters/session.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    visits: number;
  }
}

/** An app with a login, as a program has it. */
export async function startApp(store: MemtsStore, options: Partial<session.SessionOptions> = {}) {
  const app = express();
  app.use(session({ store, secret: 'secret', resave: false, saveUninitialized: false, ...options }));
  app.get('/login/:user', (request, response, next) => {
    // A new id for a new user, as express-session advises.
    request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.user = request.params.user;
      response.send('welcome');
    });
  });
  app.get('/count', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json({ user: request.session.user ?? null, visits: request.session.visits });
  });
  app.get('/who', (request, response) => {
    response.json({ user: request.session.user ?? null });
  });
  app.get('/logout', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.send('bye')));
  });
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    if (!response.headersSent) response.status(500).json({ error: Reflect.get(error, 'code') });
  });
  const listener = app.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    browser: () => new Browser(url),
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await store.close();
    },
  };
}

/** Keeps the cookie of one user. */
export class Browser {
  cookie = '';
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.#url + path, { headers: { cookie: this.cookie } });
    const [set] = response.headers.getSetCookie();
    if (set) this.cookie = set.split(';')[0] ?? '';
    const text = await response.text();
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** The key of its session at the server. */
  key(prefix = 'sess:'): string {
    return prefix + /s%3A([^.]+)\./.exec(this.cookie)?.[1];
  }
}
