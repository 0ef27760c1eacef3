/** One line of the benchmark: what is done, with what, and against which servers. */
export interface Row {
  readonly id: string;
  readonly title: string;
  /** `gets` is what `getMulti` does, by a `Promise.all` of gets. */
  readonly operation: 'get' | 'set' | 'getMulti' | 'gets';
  /** Bytes of one value. */
  readonly size: number;
  /** Commands (for `getMulti`: batches) that wait for their response at any time. */
  readonly inFlight: number;
  /** Whether the keys that are read are there. */
  readonly hit: boolean;
  readonly form: 'promise' | 'callback';
  /** Keys in one command: 1, or more for `getMulti`. */
  readonly batch: number;
  readonly servers: number;
  /** Sockets to each server; 0 leaves every client its default. */
  readonly connections: number;
  readonly tls: boolean;
  readonly json: boolean;
  /** Bytes of results that stay alive; older ones are dropped. */
  readonly kept: number;
  /** Whether the process has clients of every protocol at work. */
  readonly mixed: boolean;
  /** Commands a second that begin when it is their time, whatever still waits; 0 where each follows a response. */
  readonly openRate: number;
}

const KB = 1024;
const MB = 1024 * KB;
const SIZES = [10, 100, KB, 4 * KB, 8 * KB, 16 * KB, 32 * KB, 64 * KB, 100 * KB, MB];
const IN_FLIGHT = [1, 16, 64, 256, 1024];
/** A row whose waiting values would hold more than this is left out. */
const MOST_BYTES_IN_FLIGHT = 64 * MB;

export function sizeText(bytes: number): string {
  if (bytes >= MB) return `${bytes / MB}MB`;
  return bytes >= KB ? `${bytes / KB}KB` : `${bytes}B`;
}

function row(values: Partial<Row>, variant?: { id: string; title: string }): Row {
  const base = {
    operation: 'get',
    size: 100,
    inFlight: 64,
    hit: true,
    form: 'promise',
    batch: 1,
    servers: 1,
    connections: 0,
    tls: false,
    json: false,
    kept: 0,
    openRate: 0,
    mixed: false,
    ...values,
  } as const;
  const what = base.batch > 1 ? `${base.operation}${base.batch}` : base.operation;
  const id = `${what}-${sizeText(base.size)}-${base.inFlight}`;
  const call = base.operation === 'gets' ? 'Promise.all of gets' : 'getMulti';
  const many = base.batch > 1 ? `${call} of ${base.batch} keys` : base.operation;
  const title = `${many}, ${sizeText(base.size)}, ${base.inFlight} in flight`;
  return { ...base, id: variant ? `${id}-${variant.id}` : id, title: variant ? `${title}, ${variant.title}` : title };
}

function grid(sizes: number[], inFlight: number[]): Row[] {
  return (['get', 'set'] as const).flatMap((operation) =>
    sizes.flatMap((size) => inFlight.map((n) => row({ operation, size, inFlight: n }))),
  );
}

/** Arrivals a second of the rows that measure latency under a given load. */
const OPEN_RATES = [5000, 20_000, 50_000];

/** Get and set of 100 B and 4 KB at 1, 64 and 256 in flight. */
export const CORE_ROWS: readonly Row[] = grid([100, 4 * KB], [1, 64, 256]);

const both = ['get', 'set'] as const;

/** Everything that is measured by `--full`. */
export const ALL_ROWS: readonly Row[] = [
  ...grid(SIZES, IN_FLIGHT).filter(({ size, inFlight }) => size * inFlight <= MOST_BYTES_IN_FLIGHT),
  row({ inFlight: 4096 }),
  ...[100, KB, 4 * KB, 32 * KB].map((size) =>
    row({ size, kept: 64 * MB }, { id: 'kept', title: 'results kept alive' }),
  ),
  ...OPEN_RATES.map((openRate) =>
    row(
      { openRate, inFlight: 1 },
      { id: `open${openRate}`, title: `open loop, ${openRate.toLocaleString('en-US')} a second` },
    ),
  ),
  ...IN_FLIGHT.map((inFlight) => row({ inFlight, hit: false }, { id: 'miss', title: 'misses' })),
  ...both.flatMap((operation) =>
    [1, 64, 256].map((inFlight) =>
      row({ operation, inFlight, form: 'callback' }, { id: 'callback', title: 'callbacks' }),
    ),
  ),
  ...[10, 100, 1000].map((batch) => row({ operation: 'getMulti', batch, inFlight: 4 })),
  ...[10, 100].map((batch) => row({ operation: 'gets', batch, inFlight: 4 })),
  ...both.flatMap((operation) =>
    [3, 10, 100].map((servers) =>
      row({ operation, servers }, { id: `servers${servers}`, title: `${servers} servers` }),
    ),
  ),
  ...both.flatMap((operation) =>
    [1, 4].map((connections) =>
      row({ operation, connections }, { id: `connections${connections}`, title: `connections: ${connections}` }),
    ),
  ),
  ...both.flatMap((operation) =>
    [100, 4 * KB, 100 * KB].map((size) => row({ operation, size, tls: true }, { id: 'tls', title: 'TLS' })),
  ),
  ...both.flatMap((operation) =>
    [100, 4 * KB].map((size) => row({ operation, size, json: true }, { id: 'json', title: 'JSON' })),
  ),
  // Last, since the process of a client stays as they leave it.
  ...(['getMulti', 'gets'] as const).flatMap((operation) =>
    [10, 100].map((batch) =>
      row({ operation, batch, inFlight: 4, mixed: true }, { id: 'mixed', title: 'clients of every protocol' }),
    ),
  ),
];

/** The rows whose id is one of the comma-separated patterns, in which `*` stands for anything. */
export function selectRows(rows: readonly Row[], patterns: string): Row[] {
  const expressions = patterns.split(',').map((pattern) => {
    const escaped = pattern.trim().replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 'i');
  });
  return rows.filter(({ id }) => expressions.some((expression) => expression.test(id)));
}
