import { keyId } from '../../protocol/keyed.ts';
import type { WireKey } from '../../protocol/request.ts';
import type { Engine } from '../engine.ts';
import type { OpenCall } from '../open-calls.ts';

/**
 * What the callers of one process share: one call under way for a key, and one in the background while the old value is
 * served.
 */
export class Flights<TFlight extends { readonly call: OpenCall }> {
  readonly #engine: Engine;
  /** By key. */
  readonly #flights = new Map<string, TFlight>();
  /** Computations in the background, while what is there is still served. */
  readonly #refreshes = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The call that may be joined. */
  open(id: string): TFlight | undefined {
    const flight = this.#flights.get(id);
    return flight?.call.closed ? undefined : flight;
  }

  /** Lets others join, until this client writes the key, or the outcome is known: before any who waits for that goes on. */
  start(id: string, key: WireKey, flight: TFlight, outcome: Promise<unknown>): void {
    const { watched } = this.#engine;
    const watchedId = keyId(key);
    this.#flights.set(id, flight);
    const land = (): void => {
      watched.unwatch(watchedId, land);
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    };
    watched.watch(watchedId, land);
    outcome.then(land, land);
  }

  /** Runs a computation in the background, one at a time for a key. */
  refresh(id: string, run: (call: OpenCall) => Promise<void>, onFailure: (error: unknown) => void): void {
    if (this.#refreshes.has(id)) return;
    this.#refreshes.add(id);
    this.#engine.calls
      .begin(run)
      .catch(onFailure)
      .finally(() => this.#refreshes.delete(id));
  }
}
