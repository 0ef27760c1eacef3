/**
 * What a request asks for, whatever protocol carries it. The numbers are the binary protocol's opcodes
 * (memcached's `protocol_binary.h`), because serializers are handed them; from 0x100 on they are memts's.
 */
export const Op = {
  Get: 0x00,
  Set: 0x01,
  Add: 0x02,
  Replace: 0x03,
  Delete: 0x04,
  Increment: 0x05,
  Decrement: 0x06,
  Quit: 0x07,
  Flush: 0x08,
  Noop: 0x0a,
  Version: 0x0b,
  Append: 0x0e,
  Prepend: 0x0f,
  Stat: 0x10,
  Touch: 0x1c,
  GetAndTouch: 0x1d,
  SaslList: 0x20,
  SaslAuth: 0x21,
  /** A binary frame that the caller built: {@link Request.value} holds it, its opaque included. */
  Raw: 0x100,
  /** ASCII authentication (`protocol.txt`, "Authentication"): key and value are what the server wants them to be. */
  TextAuth: 0x101,
  /** Reads {@link Request.keys}; answered by the hits, each with its index, and an end. */
  GetMulti: 0x102,
  /** Stores {@link Request.keys} and {@link Request.stores}; answered by what was refused, each with its index, and an end. */
  SetMulti: 0x103,
  /** Deletes {@link Request.keys}; answered by those that were not there or went wrong, each with its index, and an end. */
  DeleteMulti: 0x104,
  /** Stores {@link Request.keys} and {@link Request.stores} where there is nothing yet; answered like a set of many. */
  AddMulti: 0x105,
  /** Says what an item is, without its value. */
  Inspect: 0x106,
  /** Reads a key whose value need not be sent again where the item still has the request's CAS. */
  GetIfChanged: 0x107,
  /** Marks an item as stale; with an expiration, gives it that as well. */
  Invalidate: 0x108,
} as const;

export type Op = (typeof Op)[keyof typeof Op];

/** What is true of an operation, whatever protocol carries it. */
export interface Operation {
  /** The client's method, as traces name it. */
  readonly name: string;
  /** What error texts call it. */
  readonly label: string;
  /** Who speaks in these: programs may know MemJS's texts by heart. */
  readonly speaker: 'MemJS' | 'memts';
  /** Whether sending it twice has the same effect as once, where it has no condition. */
  readonly idempotent: boolean;
  /** Whether it is answered with values. */
  readonly reads: boolean;
  /** Whether it gives an item an expiration. */
  readonly expires: boolean;
  /** What a batch asks for each of its keys; of all others the operation itself. */
  readonly single: Op;
}

type Row = Pick<Operation, 'name' | 'label'> & Partial<Operation>;

const ROWS: Readonly<Record<Op, Row>> = {
  [Op.Get]: { name: 'get', label: 'GET', idempotent: true, reads: true },
  [Op.GetIfChanged]: { name: 'get', label: 'GET', idempotent: true, reads: true },
  [Op.Invalidate]: { name: 'invalidate', label: 'INVALIDATE', speaker: 'memts' },
  [Op.Inspect]: { name: 'inspect', label: 'INSPECT', speaker: 'memts', idempotent: true, reads: true },
  [Op.GetAndTouch]: {
    name: 'getAndTouch',
    label: 'GET AND TOUCH',
    speaker: 'memts',
    idempotent: true,
    reads: true,
    expires: true,
  },
  [Op.GetMulti]: { name: 'getMulti', label: 'GET', idempotent: true, reads: true, single: Op.Get },
  [Op.Set]: { name: 'set', label: 'SET', idempotent: true, expires: true },
  [Op.SetMulti]: { name: 'setMulti', label: 'SET', idempotent: true, single: Op.Set },
  [Op.Add]: { name: 'add', label: 'ADD', expires: true },
  [Op.AddMulti]: { name: 'add', label: 'ADD', single: Op.Add },
  [Op.Replace]: { name: 'replace', label: 'REPLACE', idempotent: true, expires: true },
  [Op.Append]: { name: 'append', label: 'APPEND' },
  [Op.Prepend]: { name: 'prepend', label: 'PREPEND' },
  [Op.Delete]: { name: 'delete', label: 'DELETE', idempotent: true },
  [Op.DeleteMulti]: { name: 'deleteMulti', label: 'DELETE', idempotent: true, single: Op.Delete },
  [Op.Touch]: { name: 'touch', label: 'TOUCH', idempotent: true, expires: true },
  [Op.Increment]: { name: 'increment', label: 'INCREMENT', expires: true },
  [Op.Decrement]: { name: 'decrement', label: 'DECREMENT', expires: true },
  [Op.Flush]: { name: 'flush', label: 'FLUSH', speaker: 'memts' },
  [Op.Stat]: { name: 'stats', label: 'STATS', idempotent: true },
  [Op.Version]: { name: 'version', label: 'VERSION', speaker: 'memts', idempotent: true },
  [Op.Raw]: { name: 'perform', label: 'PERFORM', speaker: 'memts' },
  [Op.Noop]: { name: 'noop', label: 'NOOP', idempotent: true },
  [Op.Quit]: { name: 'quit', label: 'QUIT', speaker: 'memts' },
  [Op.SaslList]: { name: 'saslList', label: 'SASL LIST' },
  [Op.SaslAuth]: { name: 'saslAuth', label: 'SASL AUTH' },
  [Op.TextAuth]: { name: 'textAuth', label: 'TEXT AUTH' },
};

/** The rows by number, without gaps, which is how a lookup takes no time. */
const OPERATIONS: readonly (Operation | undefined)[] = Array.from(
  { length: Math.max(...Object.values(Op)) + 1 },
  (_, number) => {
    const op = number as Op;
    if (ROWS[op] === undefined) return undefined;
    return { speaker: 'MemJS', idempotent: false, reads: false, expires: false, single: op, ...ROWS[op] };
  },
);

/** What is true of an operation. */
export function factsOf(op: Op): Operation {
  return OPERATIONS[op] as Operation;
}

/** Whether a binary frame with this opcode may be sent again without a second effect, where it has no condition. */
export function isIdempotent(opcode: number): boolean {
  return OPERATIONS[opcode]?.idempotent === true;
}
