import type { AnyClient, ServerList } from '../../index.ts';
import type { OwnClientOptions } from '../shared/client.ts';

/** Options of the handlers for Next.js; further ones are those of `Client.create`, for the client that they make. */
export interface NextOptions extends OwnClientOptions {
  /** The caller's client. @default one made of `servers` */
  client?: AnyClient | undefined;
  /** Servers as `Client.create` takes them. @default the environment's */
  servers?: ServerList | undefined;
  /** The prefix of the keys. Its instances are those that have it in common, and with it what they store. @default 'next' */
  namespace?: string | undefined;
  /**
   * What tells the pages of one build from those of another; the data of `use cache` has a sign of its build in its keys
   * already. @default what `next build` wrote to `BUILD_ID`
   */
  buildId?: string | undefined;
  /**
   * For how many seconds one instance renders a page while the others wait for it or serve the old one; after that another
   * one renders. @default 10
   */
  lockFor?: number | undefined;
  /** As that of `Cache`. @default 1,047,552 */
  partSize?: number | undefined;
  /** As that of `Cache`: what is larger is not stored. @default 67,108,864 */
  maxBytes?: number | undefined;
}
