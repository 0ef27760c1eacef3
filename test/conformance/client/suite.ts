import { describe } from 'vitest';
import { describeAdministration } from './suite/administration.ts';
import { describeArguments } from './suite/arguments.ts';
import { describeBadInput } from './suite/bad-input.ts';
import { describeBytes } from './suite/bytes.ts';
import { describeCas } from './suite/cas.ts';
import { describeConnections } from './suite/connections.ts';
import { describeCounters } from './suite/counters.ts';
import { describeCredentials } from './suite/credentials.ts';
import { describeErrors } from './suite/errors.ts';
import { describeExpiration } from './suite/expiration.ts';
import { describePerform } from './suite/perform.ts';
import { describeRetrieval } from './suite/retrieval.ts';
import { describeSerializers } from './suite/serializers.ts';
import { describeSignals } from './suite/signals.ts';
import { describeStorage } from './suite/storage.ts';
import { type Setup, useTarget } from './suite/target.ts';
import { describeTimeouts } from './suite/timeouts.ts';

/** The whole list of cases over one kind of server and one way of talking to it. */
export function describeClient(name: string, setup: Setup): void {
  describe(name, () => {
    const target = useTarget(setup);
    describeRetrieval(target);
    describeStorage(target);
    describeBytes(target);
    describeCas(target);
    describeCounters(target);
    describeExpiration(target);
    describeErrors(target);
    describeSerializers(target);
    describeArguments(target);
    describeBadInput(target);
    describeSignals(target);
    describeTimeouts(target);
    describePerform(target);
    describeAdministration(target);
    describeConnections(target);
    describeCredentials(target);
  });
}
