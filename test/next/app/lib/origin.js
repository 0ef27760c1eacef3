import { get } from 'node:http';

/** What the origin says now, and that it was asked. Next.js patches fetch and makes pages dynamic for it; this it lets be. */
export function ask(path) {
  return new Promise((resolve, reject) => {
    get(`${process.env.APP_ORIGIN ?? 'http://127.0.0.1:1'}${path}`, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    }).on('error', reject);
  });
}
