import { describe } from 'vitest';
import type { Abilities } from '../../support/subject.ts';
import { describeAdministration } from './suite/administration.ts';
import { describeArguments } from './suite/arguments.ts';
import { describeBadInput } from './suite/bad-input.ts';
import { describeBeyond } from './suite/beyond.ts';
import { describeBytes } from './suite/bytes.ts';
import { describeCas } from './suite/cas.ts';
import { describeConnections } from './suite/connections.ts';
import { describeCounters } from './suite/counters.ts';
import { describeCredentials } from './suite/credentials.ts';
import { describeErrors } from './suite/errors.ts';
import { describeExpiration } from './suite/expiration.ts';
import { describeInspect } from './suite/inspect.ts';
import { describeInvalidate } from './suite/invalidate.ts';
import { describePerform } from './suite/perform.ts';
import { describeRetrieval } from './suite/retrieval.ts';
import { describeSerializers } from './suite/serializers.ts';
import { describeSignals } from './suite/signals.ts';
import { describeStorage } from './suite/storage.ts';
import { type Protocol, type Setup, useTarget } from './suite/target.ts';
import { describeTimeouts } from './suite/timeouts.ts';
import { describeUnchanged } from './suite/unchanged.ts';

export interface Extent {
  /** Whether the cases that take their time are among them: what expires, and what is timed. @default true */
  thorough?: boolean;
  /** What the server can do. @default everything */
  can?: Abilities;
}

/** The whole list of cases over one kind of server and the protocol that it will be spoken to in. */
export function describeClient(name: string, protocol: Protocol, setup: Setup, extent: Extent = {}): void {
  const { thorough = true, can } = extent;
  describe(name, () => {
    const target = useTarget(protocol, setup, can);
    describeRetrieval(target);
    describeStorage(target);
    describeBytes(target);
    describeCas(target);
    describeUnchanged(target);
    describeInspect(target);
    describeInvalidate(target);
    describeCounters(target);
    describeExpiration(target, thorough);
    describeErrors(target);
    describeSerializers(target);
    describeArguments(target);
    describeBadInput(target);
    describeSignals(target);
    if (thorough) describeTimeouts(target);
    describePerform(target);
    describeBeyond(target);
    describeAdministration(target, thorough);
    if (thorough) describeConnections(target);
    describeCredentials(target);
  });
}
