import type { Program } from './programs.ts';

/** The program that goes where MemJS 1.3.2 goes wrong. */
export const FAULTS: Program = {
  name: 'faults.cjs',
  expected: {
    prepend: '>middle',
    'a counter past 2^32': 4294967300,
    'an amount past 2^32': 5000000000,
    'an amount below 0': 'rejected with MemcacheError: ERR_INVALID_ARGUMENT',
    'a number as a value, callback': 'MemcacheError: ERR_INVALID_ARGUMENT',
    'a number as a value, promise': 'rejected with MemcacheError: ERR_INVALID_ARGUMENT',
    'an empty key': 'rejected with MemcacheError: ERR_INVALID_KEY',
    'a key of 251 bytes': 'rejected with MemcacheError: ERR_INVALID_KEY',
    'decrement without options, promise': true,
    'stats, promise': 1,
    'seq past 2^31': true,
    "the caller's options": ['logger'],
    '[::1]:11212': ['::1', 11212],
    'user:a:b@c@host:11212': ['user', 'a:b@c', 'host'],
    'a rejected login': 'MemcacheError: ERR_AUTH',
    'a password with : and @': true,
    'get right after quit': 'v',
    'the server hangs up': 'MemcacheError: ERR_CONNECT',
    'no server answers': true,
    uncaught: [],
  },
  differences: {
    prepend: { memjs: 'middle>', fault: 'prepend sends the opcode of append' },
    'a counter past 2^32': { memjs: 260, fault: 'the high half of a counter is shifted by 8 bits instead of 32' },
    'an amount past 2^32': {
      memjs: 'rejected with RangeError: ERR_OUT_OF_RANGE',
      fault: 'amounts have 32 bits only',
    },
    'an amount below 0': {
      memjs: 'rejected with RangeError: ERR_OUT_OF_RANGE',
      fault: "an argument error of Node.js instead of the client's own",
    },
    'a number as a value, callback': {
      memjs: 'thrown: TypeError',
      fault: 'throws from the call instead of calling back',
    },
    'a number as a value, promise': {
      memjs: 'rejected with TypeError: ERR_INVALID_ARG_TYPE',
      fault: "an argument error of Node.js instead of the client's own",
    },
    'an empty key': { memjs: 'rejected with Error: undefined', fault: 'goes to the server, which refuses it' },
    'a key of 251 bytes': { memjs: 'no answer', fault: 'goes to the server, whose answer is never understood' },
    'decrement without options, promise': {
      memjs: 'rejected with TypeError: undefined',
      fault: 'the promise form of decrement needs options',
    },
    'stats, promise': { memjs: 0, fault: 'has no promise form' },
    'seq past 2^31': {
      memjs: 'rejected with RangeError: ERR_OUT_OF_RANGE',
      fault: 'the number of the command becomes negative',
    },
    "the caller's options": {
      memjs: [
        'logger',
        'timeout',
        'keepAlive',
        'keepAliveDelay',
        'conntimeout',
        'failoverTime',
        'retries',
        'retry_delay',
        'expires',
      ],
      fault: "writes its defaults into the caller's object",
    },
    '[::1]:11212': { memjs: ['[', 11211], fault: 'splits at every colon' },
    'user:a:b@c@host:11212': { memjs: ['c', null, 'host'], fault: 'splits at every colon and @' },
    'a rejected login': { memjs: 'string: Memcached server authentication failed!', fault: 'the error is a string' },
    'a password with : and @': {
      memjs: 'rejected with string: Memcached server authentication failed!',
      fault: 'splits at every colon and @',
    },
    'get right after quit': { memjs: 'no answer', fault: 'writes to the socket that is closing and waits for ever' },
    'the server hangs up': { memjs: 'no answer', fault: 'waits for the whole timeout' },
  },
};
