import { generalStats, itemStats, type ServerFacts, type Statistic, settingsStats, slabStats } from './stats.ts';
import type { Store } from './store.ts';

const END: Statistic = ['', ''];

/**
 * The statistics of one group over the binary protocol, with the empty one that ends them; undefined for a group that
 * there is not. memcached looks only at how the name of some groups begins.
 */
export function binaryStats(group: string, store: Store, facts: ServerFacts): readonly Statistic[] | undefined {
  if (group === '') return [...generalStats(store, facts), END];
  if (group.startsWith('reset')) {
    store.counters.reset();
    return [END];
  }
  if (group.startsWith('settings')) return [...settingsStats(store, facts), END];
  if (group.startsWith('detail')) return detailStats(group.slice('detail'.length), facts);
  switch (group) {
    case 'items':
      return [...itemStats(store), END];
    case 'slabs':
      return [...slabStats(store), END];
    case 'sizes':
      return [['sizes_status', 'disabled'], END];
    default:
      return undefined;
  }
}

function detailStats(command: string, facts: ServerFacts): readonly Statistic[] | undefined {
  if (command.startsWith(' dump')) return [['detailed', 'END\r\n'], END];
  if (command.startsWith(' on')) facts.detail = true;
  else if (command.startsWith(' off')) facts.detail = false;
  else return undefined;
  return [END];
}
