import type { SubjectName } from '../job.ts';
import { Memts } from './memts.ts';
import type { Settings, Subject } from './subject.ts';

/** The client by that name; peers are loaded only when they are asked for. */
export async function makeSubject(name: SubjectName, settings: Settings): Promise<Subject> {
  if (name === 'memjs') return new (await import('./memjs.ts')).MemjsSubject(settings);
  if (name === 'memcached') return new (await import('./memcached.ts')).MemcachedSubject(settings);
  if (name === 'memcache-client') return new (await import('./memcache-client.ts')).MemcacheClientSubject(settings);
  const memts = new Memts(settings);
  // What waits for the first list of servers is bounded by the name server's patience, not by the client's options.
  if (settings.discovery !== undefined) await memts.client.connect().catch(() => {});
  return memts;
}
