import { Opcode } from '../../src/protocol/binary/server-side.ts';
import { counterExtras, expirationExtras, frame, storeExtras } from '../support/binary-frames.ts';

/** Bytes that are sent on a fresh connection, and all that comes back. Both sides are latin1. */
export interface RawCase {
  name: string;
  send: string;
  /** The whole reply; a pattern where it holds numbers that differ from run to run. */
  expect: string | RegExp;
  /** The server closes the connection. */
  closes?: boolean;
  /** No no-op may be sent behind it to find its end. */
  fence?: boolean;
}

/** Binary frames, and the responses as `transcript` tells them. */
export interface BinaryCase {
  name: string;
  send: readonly Buffer[];
  expect: readonly string[];
  closes?: boolean;
  fence?: boolean;
}

const KEY_250 = 'k'.repeat(250);
const KEY_251 = 'k'.repeat(251);

/** The longest value that fits with a key of one byte and no flags: 1 MB less memcached's overhead. */
const LARGEST = 1024 * 1024 - 48 - 2 - 8 - 2;

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');

/** The classic text protocol. */
export const classicCases: readonly RawCase[] = [
  { name: 'an empty line', send: '\r\n', expect: 'ERROR\r\n' },
  { name: 'a bare line feed', send: '\n', expect: 'ERROR\r\n' },
  { name: 'an unknown command', send: 'foo bar\r\n', expect: 'ERROR\r\n' },
  { name: 'a command of one letter', send: 'a\r\n', expect: 'ERROR\r\n' },
  { name: 'leading spaces', send: ' get a\r\n', expect: 'END\r\n' },
  { name: 'a get without a key', send: 'get\r\nget \r\n', expect: 'ERROR\r\nERROR\r\n' },
  { name: 'a line that ends in LF alone', send: 'get a\n', expect: 'END\r\n' },
  { name: 'a tab instead of a space', send: 'get\ta\r\n', expect: 'ERROR\r\n' },
  { name: 'a command in capitals', send: 'GET a\r\n', expect: 'ERROR\r\n' },
  { name: 'a web browser', send: 'GET / HTTP/1.1\r\n', expect: '', closes: true },
  { name: 'a line that a NUL cuts short', send: 'get a\0b c\r\n', expect: 'END\r\n' },
  {
    name: 'set and get',
    send: 'set a 5 0 3\r\nxyz\r\nget a\r\nget a b a\r\n',
    expect: 'STORED\r\nVALUE a 5 3\r\nxyz\r\nEND\r\nVALUE a 5 3\r\nxyz\r\nVALUE a 5 3\r\nxyz\r\nEND\r\n',
  },
  { name: 'gets of a missing key', send: 'gets nothing\r\n', expect: 'END\r\n' },
  {
    name: 'gets tells the CAS',
    send: 'set a 0 0 1\r\nx\r\ngets a\r\n',
    expect: /^STORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
  },
  {
    name: 'noreply',
    send: 'set a 0 0 1 noreply\r\nx\r\nadd a 0 0 1 noreply\r\ny\r\nappend a 0 0 1 noreply\r\nz\r\nincr a 1 noreply\r\ntouch a 0 noreply\r\nget a\r\ndelete a noreply\r\nget a\r\n',
    expect: 'VALUE a 0 2\r\nxz\r\nEND\r\nEND\r\n',
  },
  { name: 'a word that is not noreply', send: 'set a 0 0 1 foo\r\nx\r\n', expect: 'STORED\r\n' },
  { name: 'too many words for set', send: 'set a 0 0 1 foo bar\r\nx\r\n', expect: 'ERROR\r\nERROR\r\n' },
  { name: 'too few words for set', send: 'set a 0 0\r\nx\r\n', expect: 'ERROR\r\nERROR\r\n' },
  {
    name: 'the largest flags',
    send: 'set a 4294967295 0 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 4294967295 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'flags past 32 bits',
    send: 'set a 4294967297 0 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'negative flags',
    send: 'set a -1 0 1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  {
    name: 'negative flags past 64 bits',
    send: 'set a -18446744073709551615 0 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'flags with a sign',
    send: 'set a +1 0 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'flags with a letter',
    send: 'set a 1a 0 1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  {
    name: 'a bad expiration',
    send: 'set a 1 abc 1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  { name: 'a bad length', send: 'set a 1 0 abc\r\nx\r\n', expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  {
    name: 'a negative length',
    send: 'set a 1 0 -1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  {
    name: 'a length past 31 bits',
    send: 'set a 0 0 2147483646\r\nx\r\nset a 0 0 2147483648\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\nCLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  {
    name: 'a length past 32 bits',
    send: 'set a 0 0 4294967297\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'a length past 64 bits',
    send: 'set a 0 0 99999999999999999999\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\n',
  },
  {
    name: 'an expiration past 32 bits',
    send: 'set a 0 4294967296 1\r\nx\r\nmg a t\r\n',
    expect: 'STORED\r\nHD t-1\r\n',
  },
  { name: 'an expiration past 31 bits', send: 'set a 0 2147483648 1\r\nx\r\nmg a t\r\n', expect: 'STORED\r\nEN\r\n' },
  { name: 'a negative expiration', send: 'set a 0 -1 1\r\nx\r\nget a\r\n', expect: 'STORED\r\nEND\r\n' },
  { name: '30 days', send: 'set a 0 2592000 1\r\nx\r\nget a\r\n', expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n' },
  { name: '30 days and a second', send: 'set a 0 2592001 1\r\nx\r\nget a\r\n', expect: 'STORED\r\nEND\r\n' },
  {
    name: 'a data block that is too long',
    send: 'set a 0 0 3\r\nxyzzy\r\n',
    expect: 'CLIENT_ERROR bad data chunk\r\nERROR\r\n',
  },
  { name: 'a data block that is too short', send: 'set a 0 0 4\r\nxy\r\n\r\n', expect: 'STORED\r\n' },
  { name: 'a bad data block with noreply', send: 'set a 0 0 3 noreply\r\nxyzzy\r\n', expect: 'ERROR\r\n' },
  {
    name: 'a data block with line ends',
    send: 'set a 0 0 9\r\n\r\nEND\r\n\r\n\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 9\r\n\r\nEND\r\n\r\n\r\nEND\r\n',
  },
  { name: 'an empty data block', send: 'set a 0 0 0\r\n\r\nget a\r\n', expect: 'STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n' },
  {
    name: 'a data block of every byte',
    send: `set a 0 0 256\r\n${EVERY_BYTE}\r\nget a\r\n`,
    expect:
      'STORED\r\nVALUE a 0 256\r\n\0\x01\x02\x03\x04\x05\x06\x07\b\t\n\x0b\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff\r\nEND\r\n',
  },
  {
    name: 'a key of 250 bytes',
    send: `set ${KEY_250} 0 0 1\r\nx\r\nget ${KEY_250}\r\n`,
    expect: `STORED\r\nVALUE ${KEY_250} 0 1\r\nx\r\nEND\r\n`,
  },
  {
    name: 'a key of 251 bytes in set runs the value as a command',
    send: `set ${KEY_251} 0 0 9\r\nversion\r\n\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\nVERSION 1.6.18\r\nERROR\r\n',
  },
  { name: 'a key of 251 bytes in get', send: `get ${KEY_251}\r\n`, expect: 'CLIENT_ERROR bad command line format\r\n' },
  {
    name: 'a key of 251 bytes behind a hit',
    send: `set a 0 0 1 noreply\r\nx\r\nget a ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'a get with such a key drops the replies that were kept back',
    send: `version\r\nget ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'but not those of a get',
    send: `get a\r\nget ${KEY_251}\r\n`,
    expect: 'END\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'a key of 251 bytes elsewhere',
    send: `gat 0 ${KEY_251}\r\ndelete ${KEY_251}\r\nincr ${KEY_251} 1\r\ntouch ${KEY_251} 1\r\n`,
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'a key of bytes that are no text',
    send: 'set \xff\x80\x01 0 0 1\r\nx\r\nget \xff\x80\x01\r\n',
    expect: 'STORED\r\nVALUE \xff\x80\x01 0 1\r\nx\r\nEND\r\n',
  },
  {
    name: 'gat',
    send: 'set a 0 0 1\r\nx\r\ngat 100 a b\r\nmg a t\r\n',
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nHD t100\r\n',
  },
  { name: 'gat without a key', send: 'gat\r\ngat 0\r\n', expect: 'ERROR\r\nEND\r\n' },
  { name: 'gat with a bad expiration', send: 'gat x a\r\n', expect: 'CLIENT_ERROR invalid exptime argument\r\n' },
  {
    name: 'gat that expires at once',
    send: 'set a 0 0 1\r\nx\r\ngat -1 a\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\n',
  },
  { name: 'gats', send: 'set a 0 0 1\r\nx\r\ngats 0 a zz\r\n', expect: /^STORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/ },
  {
    name: 'delete',
    send: 'set a 0 0 1\r\nx\r\ndelete a\r\ndelete a\r\n',
    expect: 'STORED\r\nDELETED\r\nNOT_FOUND\r\n',
  },
  { name: 'delete without a key', send: 'delete\r\n', expect: 'ERROR\r\n' },
  {
    name: 'delete with a delay',
    send: 'delete a 0\r\ndelete a 1\r\ndelete a 0 noreply\r\ndelete a 1 noreply\r\ndelete a 0 0 noreply\r\ndelete a b\r\n',
    expect:
      'NOT_FOUND\r\nCLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\nERROR\r\nCLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n',
  },
  {
    name: 'counters',
    send: 'set n 0 0 2\r\n10\r\nincr n 1\r\ndecr n 2\r\nget n\r\nincr n 91\r\nget n\r\n',
    expect: 'STORED\r\n11\r\n9\r\nVALUE n 0 2\r\n9 \r\nEND\r\n100\r\nVALUE n 0 3\r\n100\r\nEND\r\n',
  },
  {
    name: 'a counter that wraps and one that stops at 0',
    send: 'set n 0 0 20\r\n18446744073709551615\r\nincr n 2\r\ndecr n 5\r\nget n\r\n',
    expect: 'STORED\r\n1\r\n0\r\nVALUE n 0 20\r\n0                   \r\nEND\r\n',
  },
  {
    name: 'bad amounts',
    send: 'set n 0 0 1\r\n1\r\nincr n\r\nincr n x\r\nincr n -1\r\nincr n 18446744073709551616\r\nincr n 1 2 3\r\nincr n 1 foo\r\n',
    expect:
      'STORED\r\nERROR\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\nERROR\r\n2\r\n',
  },
  { name: 'a counter that is not there', send: 'incr zz 1\r\ndecr zz 1\r\n', expect: 'NOT_FOUND\r\nNOT_FOUND\r\n' },
  {
    name: 'values that are no numbers',
    send: 'set n 0 0 1\r\nx\r\nincr n 1\r\nset n 0 0 0\r\n\r\nincr n 1\r\nset n 0 0 2\r\n-5\r\nincr n 1\r\nset n 0 0 3\r\n12a\r\nincr n 1\r\nset n 0 0 20\r\n18446744073709551616\r\nincr n 1\r\n',
    expect:
      'STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
  },
  {
    name: 'values that are numbers after all',
    send: 'set n 0 0 5\r\n12 ab\r\nincr n 1\r\nget n\r\nset n 0 0 2\r\n+5\r\nincr n 1\r\nset n 0 0 3\r\n -0\r\nincr n 1\r\nset n 0 0 3\r\n12\0\r\nincr n 1\r\nget n\r\n',
    expect:
      'STORED\r\n13\r\nVALUE n 0 5\r\n13   \r\nEND\r\nSTORED\r\n6\r\nSTORED\r\n1\r\nSTORED\r\n13\r\nVALUE n 0 3\r\n13 \r\nEND\r\n',
  },
  {
    name: 'touch',
    send: 'set a 0 0 1\r\nx\r\ntouch a 100\r\nmg a t\r\ntouch zz 0\r\ntouch a x\r\ntouch a\r\ntouch a 0 foo\r\ntouch a 1 2 3\r\n',
    expect:
      'STORED\r\nTOUCHED\r\nHD t100\r\nNOT_FOUND\r\nCLIENT_ERROR invalid exptime argument\r\nERROR\r\nTOUCHED\r\nERROR\r\n',
  },
  {
    name: 'flush_all',
    send: 'set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\nset a 0 0 1\r\ny\r\nget a\r\n',
    expect: 'STORED\r\nOK\r\nEND\r\nSTORED\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
  },
  {
    name: 'flush_all in its forms',
    send: 'flush_all 0\r\nflush_all x\r\nflush_all noreply\r\nflush_all 0 noreply\r\nflush_all 0 foo\r\nflush_all -1\r\nflush_all 1 2 3\r\nflush_all x noreply\r\n',
    expect: 'OK\r\nCLIENT_ERROR invalid exptime argument\r\nOK\r\nOK\r\nERROR\r\n',
  },
  { name: 'version', send: 'version\r\nversion foo\r\n', expect: 'VERSION 1.6.18\r\nVERSION 1.6.18\r\n' },
  {
    name: 'verbosity',
    send: 'verbosity\r\nverbosity 0\r\nverbosity x\r\nverbosity 0 noreply\r\nverbosity 0 1\r\nverbosity 0 1 2\r\n',
    expect: 'ERROR\r\nOK\r\nCLIENT_ERROR bad command line format\r\nOK\r\nERROR\r\n',
  },
  { name: 'quit', send: 'quit\r\nversion\r\n', expect: '', closes: true },
  { name: 'quit after a version', send: 'version\r\nquit\r\n', expect: 'VERSION 1.6.18\r\n', closes: true },
  {
    name: 'cas',
    send: 'cas a 0 0 1\r\nx\r\ncas a 0 0 1 1\r\nx\r\ncas a 0 0 1 x\r\nx\r\nset a 0 0 1\r\ny\r\ncas a 0 0 1 0\r\nx\r\ncas a 0 0 1 1\r\nx\r\nget a\r\n',
    expect:
      'ERROR\r\nERROR\r\nNOT_FOUND\r\nCLIENT_ERROR bad command line format\r\nERROR\r\nSTORED\r\nEXISTS\r\nEXISTS\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
  },
  {
    name: 'add, replace, append, prepend',
    send: 'add a 1 0 1\r\nx\r\nadd a 0 0 1\r\nx\r\nreplace zz 0 0 1\r\nx\r\nappend a 7 0 1\r\ny\r\nprepend a 7 0 1\r\nw\r\nappend zz 0 0 1\r\nx\r\nget a\r\nreplace a 2 0 1\r\nr\r\nget a\r\n',
    expect:
      'STORED\r\nNOT_STORED\r\nNOT_STORED\r\nSTORED\r\nSTORED\r\nNOT_STORED\r\nVALUE a 1 3\r\nwxy\r\nEND\r\nSTORED\r\nVALUE a 2 1\r\nr\r\nEND\r\n',
  },
  {
    name: 'a value at the limit',
    send: `set a 0 0 ${LARGEST}\r\n${'x'.repeat(LARGEST)}\r\nappend a 0 0 1\r\nx\r\n`,
    expect: 'STORED\r\nNOT_STORED\r\n',
  },
  {
    name: 'a value past the limit',
    send: `set a 0 0 1\r\nx\r\nset a 0 0 ${LARGEST + 1}\r\n${'x'.repeat(LARGEST + 1)}\r\nget a\r\n`,
    expect: 'STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n',
  },
  {
    name: 'flags make an item larger',
    send: `set a 1 0 ${LARGEST}\r\n${'x'.repeat(LARGEST)}\r\n`,
    expect: 'SERVER_ERROR object too large for cache\r\n',
  },
  {
    name: 'a value past the limit in add keeps the item',
    send: `set a 0 0 1\r\nx\r\nadd a 0 0 ${LARGEST + 1} noreply\r\n${'x'.repeat(LARGEST + 1)}\r\nget a\r\n`,
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  },
  { name: 'a long line without an end', send: 'x'.repeat(2049), expect: '', closes: true },
  { name: 'a long line with an end', send: `${'x'.repeat(2049)}\r\n`, expect: 'ERROR\r\n' },
  { name: 'a long get', send: `get ${`${KEY_250} `.repeat(30)}\r\n`, expect: 'END\r\n' },
  { name: 'a gat that is too long', send: `gat 0 ${'x'.repeat(3000)}`, expect: '', closes: true },
  {
    name: 'too many spaces before a long get',
    send: `${' '.repeat(101)}get ${'x '.repeat(2000)}`,
    expect: '',
    closes: true,
  },
  {
    name: 'commands that are switched off',
    send: 'shutdown\r\nbget a\r\n',
    expect: 'ERROR: shutdown not enabled\r\nEND\r\n',
  },
  {
    name: 'the memory limit',
    send: 'cache_memlimit 1\r\ncache_memlimit\r\ncache_memlimit x\r\ncache_memlimit 64\r\n',
    expect: 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\nERROR\r\nERROR\r\nOK\r\n',
  },
  {
    name: 'the crawler',
    send: 'lru_crawler\r\nlru_crawler crawl foo\r\nlru_crawler metadump foo\r\nlru_crawler sleep 100\r\nlru_crawler sleep x\r\nlru_crawler sleep 1000001\r\nlru_crawler tocrawl 5\r\nlru_crawler foo\r\n',
    expect:
      'ERROR\r\nBADCLASS invalid class id\r\nERROR cannot pipeline other commands before metadump\r\nOK\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR sleep must be one second or less\r\nOK\r\nERROR\r\n',
  },
  {
    name: 'metadump behind another command',
    send: 'version\r\nlru_crawler metadump all\r\n',
    expect: 'VERSION 1.6.18\r\nERROR cannot pipeline other commands before metadump\r\n',
  },
  {
    name: 'metadump',
    send: 'set a%b\x80 5 100 1\r\nx\r\nget a%b\x80\r\nlru_crawler metadump all\r\n',
    expect:
      /^STORED\r\nVALUE a%b\x80 5 1\r\nx\r\nEND\r\nkey=a%25b%80 exp=\d+ la=\d+ cas=\d+ fetch=yes cls=1 size=68\nEND\r\n$/,
    fence: false,
  },
  {
    name: 'statistics',
    send: 'stats foo\r\nstats reset\r\nstats detail\r\nstats detail on\r\nstats detail off\r\nstats detail dump\r\nstats sizes\r\nstats cachedump\r\nstats cachedump 1\r\nstats cachedump x 1\r\nstats cachedump 300 1\r\n',
    expect:
      'ERROR\r\nRESET\r\nCLIENT_ERROR usage: stats detail on|off|dump\r\nOK\r\nOK\r\nEND\r\nSTAT sizes_status disabled\r\nEND\r\nCLIENT_ERROR bad command line\r\nCLIENT_ERROR bad command line\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR Illegal slab id\r\n',
  },
  {
    name: 'general statistics',
    send: 'stats\r\n',
    expect:
      /^STAT pid \d+\r\nSTAT uptime \d+\r\nSTAT time \d+\r\nSTAT version 1\.6\.18\r\n(STAT \w+ \S+\r\n)+STAT cmd_get \d+\r\n(STAT \w+ \S+\r\n)+END\r\n$/,
  },
  {
    name: 'settings',
    send: 'stats settings\r\n',
    expect:
      /^STAT maxbytes 67108864\r\nSTAT maxconns \d+\r\n(STAT \w+ .+\r\n)+STAT item_size_max 1048576\r\n(STAT \w+ .+\r\n)+END\r\n$/,
  },
  {
    name: 'items by class',
    send: 'set a 0 0 1\r\nx\r\nstats items\r\n',
    expect: /^STORED\r\nSTAT items:\d+:number \d+\r\n(STAT items:\d+:\w+ \d+\r\n)+END\r\n$/,
  },
];

/** The meta protocol. */
export const metaCases: readonly RawCase[] = [
  // Its own answer looks like a fence's.
  { name: 'mn', send: 'mn\r\nmn foo\r\nmx\r\n', expect: 'MN\r\nMN\r\nERROR\r\n', fence: false },
  { name: 'mg without a key', send: 'mg\r\n', expect: 'ERROR\r\n' },
  { name: 'a miss', send: 'mg a\r\nmg a v\r\nmg a s v t\r\n', expect: 'EN\r\nEN\r\nEN\r\n' },
  {
    name: 'a miss, quiet and with opaque and key',
    send: 'mg a q\r\nmg a k O1 q\r\nmg a k O1\r\nmg a Oabc k\r\n',
    expect: 'EN ka O1\r\nEN Oabc ka\r\n',
  },
  { name: 'a hit without flags', send: 'ms a 1\r\nx\r\nmg a\r\nmg a v\r\n', expect: 'HD\r\nHD\r\nVA 1\r\nx\r\n' },
  {
    name: 'every flag of a hit',
    send: 'ms a 3 F7 T100\r\nabc\r\nmg a v s f t h l k O5 q u\r\n',
    expect: 'HD\r\nVA 3 s3 f7 t100 h0 l0 ka O5\r\nabc\r\n',
  },
  {
    name: 'repeated and unknown flags',
    send: 'mg a v v\r\nmg a !\r\nmg a \x80\r\nmg a S1\r\n',
    expect:
      'CLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid flag\r\n',
  },
  {
    name: 'bad tokens',
    send: 'mg a N\r\nmg a Nx\r\nmg a T\r\nmg a Rx\r\nmg a Cx\r\nmg a Fx\r\nmg a Jx\r\nmg a Dx\r\nmg a M\r\n',
    expect:
      'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid numeric initial value\r\nCLIENT_ERROR invalid numeric delta value\r\nCLIENT_ERROR incorrect length for M token\r\n',
  },
  {
    name: 'tokens on flags that take none',
    send: 'ms a 1\r\nx\r\nmg a kfoo v\r\nmg a s100 t5\r\n',
    expect: 'HD\r\nVA 1 ka\r\nx\r\nHD s1 t-1\r\n',
  },
  { name: 'flags that mean nothing to mg', send: 'mg a C1 F1 D1 J1 MA I\r\n', expect: 'EN\r\n' },
  {
    name: 'opaques of 31 and 32 bytes',
    send: `mg a O${'x'.repeat(31)}\r\nmg a O${'x'.repeat(32)}\r\nms a 1 O${'x'.repeat(32)}\r\nx\r\nmd a O${'x'.repeat(32)}\r\nma a O${'x'.repeat(32)}\r\n`,
    expect:
      'EN Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\n',
  },
  {
    name: 'an opaque that is too long on a hit',
    send: `ms a 1\r\nx\r\nmg a T100 O${'x'.repeat(32)} v\r\nmg a t\r\n`,
    expect: 'HD\r\nCLIENT_ERROR opaque token too long\r\nHD t100\r\n',
  },
  { name: 'an empty opaque', send: 'ms a 1 O\r\nx\r\nmg a O v\r\n', expect: 'HD O\r\nVA 1 O\r\nx\r\n' },
  {
    name: 'keys of 251 bytes',
    send: `mg ${KEY_251} v\r\nms ${KEY_251} 2\r\nmn\r\nmd ${KEY_251}\r\nma ${KEY_251}\r\nme ${KEY_251}\r\n`,
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: '19 and 20 words',
    send: 'mg a v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 S\r\nmg a v s c f t h l k O1 P1 L1 I T1 R1 F1 C1 MA\r\nms a 1 v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MA\r\nx\r\nmd a v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MA\r\nma a v s q f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MI\r\n',
    expect:
      'CLIENT_ERROR invalid flag\r\nEN ka O1\r\nCLIENT_ERROR options flags too long\r\nERROR\r\nNF ka O1\r\nVA 1 t-1 ka O1\r\n0\r\n',
  },
  {
    name: 'ms and its answers',
    send: 'ms a 1\r\nx\r\nms a 1 k O9\r\nx\r\nms a 1 q\r\nx\r\nms a 1 ME q\r\nx\r\nms a 1 ME k O2\r\nx\r\n',
    expect: 'HD\r\nHD ka O9\r\nNS\r\nNS ka O2\r\n',
  },
  { name: 'ms tells the CAS', send: 'ms a 1 c\r\nx\r\nms a 1 ME c\r\nx\r\n', expect: /^HD c\d+\r\nNS c0\r\n$/ },
  {
    name: 'ms without a length',
    send: 'ms\r\nms a\r\nms a x\r\nms a -1\r\nms a 2147483646\r\nms a S1\r\n',
    expect:
      'ERROR\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'ms with bad flags swallows the value',
    send: 'ms a 2 T\r\nmn\r\nms a 2 !\r\nmn\r\nms a 2 T0 T0\r\nmn\r\nms a 2 MZ\r\nmn\r\nms a 2 M\r\nmn\r\nms a 2 MEE\r\nmn\r\nms a 2 Fx\r\nmn\r\nms a 2 Ma\r\nmn\r\n',
    expect:
      'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid mode for ms M token\r\n',
  },
  {
    name: 'client flags past 32 bits',
    send: 'ms a 1 F4294967295\r\nx\r\nmg a f\r\nms a 1 F4294967297\r\nx\r\nmg a f\r\nms a 1 F-1\r\nx\r\n',
    expect: 'HD\r\nHD f4294967295\r\nHD\r\nHD f1\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'a bad data block',
    send: 'ms a 3\r\nxx\r\nmn\r\nmn\r\nms a 3 q\r\nxxxxx\r\n',
    expect: 'CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\nCLIENT_ERROR bad data chunk\r\nERROR\r\n',
  },
  {
    name: 'modes',
    send: 'ms a 1\r\nx\r\nms a 1 MA\r\ny\r\nms a 1 MP\r\nz\r\nmg a v s\r\nms zz 1 MA\r\nx\r\nms zz 1 MP\r\nx\r\nms zz 1 MR\r\nx\r\nms a 1 ME\r\nx\r\nms a 1 MS\r\nx\r\nms a 1 MR\r\nw\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nHD\r\nVA 3 s3\r\nzxy\r\nNS\r\nNS\r\nNS\r\nNS\r\nHD\r\nHD\r\nVA 1\r\nw\r\n',
  },
  {
    name: 'C compares',
    send: 'ms zz 1 C5\r\nx\r\nms zz 1 C0\r\nx\r\nms a 1\r\nx\r\nms a 1 C0\r\nx\r\nms a 1 C1\r\nx\r\nms a 1 Cx\r\nx\r\nms a 1 MA C0\r\nx\r\nms a 1 MA C1\r\nx\r\nms a 1 MR C0\r\nx\r\nms a 1 ME C1\r\nx\r\nms zz 1 MA C1\r\nx\r\nms zz 1 MR C1\r\nx\r\nms zz 1 ME C1\r\nx\r\n',
    expect:
      'NF\r\nNF\r\nHD\r\nEX\r\nEX\r\nCLIENT_ERROR bad token in command line format\r\nHD\r\nEX\r\nEX\r\nNS\r\nNS\r\nNF\r\nHD\r\n',
  },
  {
    name: 'a stale store',
    send: 'ms a 2 T100\r\nok\r\nms a 2 I C1 T5\r\nst\r\nmg a t v s\r\nmg a v\r\nms a 2 I C1\r\nst\r\nmg a v\r\nms a 2\r\nok\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nVA 2 t100 s2 X W\r\nst\r\nVA 2 Z X\r\nst\r\nHD\r\nVA 2 Z X\r\nst\r\nHD\r\nVA 2\r\nok\r\n',
  },
  {
    name: 'a stale delete',
    send: 'ms a 2\r\nok\r\nmd a I T30\r\nmg a t v k O1\r\nmg a t v\r\nget a\r\nmd a I\r\nmg a t v\r\nmd a\r\nmg a\r\n',
    expect:
      'HD\r\nHD\r\nVA 2 t30 ka O1 X W\r\nok\r\nVA 2 t30 Z X\r\nok\r\nVALUE a 0 2\r\nok\r\nEND\r\nHD\r\nVA 2 t30 X W\r\nok\r\nHD\r\nEN\r\n',
  },
  {
    name: 'vivify',
    send: 'mg viv N30 v t\r\nmg viv N30 v t\r\nmg viv v\r\nget viv\r\nms viv 1 ME\r\nx\r\nma viv\r\nincr viv 1\r\nappend viv 0 0 1\r\nx\r\nmg viv v t\r\n',
    expect:
      'VA 0 t30 W\r\n\r\nVA 0 t30 Z\r\n\r\nVA 0 Z\r\n\r\nVALUE viv 0 0\r\n\r\nEND\r\nNS\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nVA 1 t30\r\nx\r\n',
  },
  {
    name: 'vivify, answered in order',
    send: 'mg viv s N0 k O1 t f h l\r\nmg viv s\r\n',
    expect: 'HD s0 kviv O1 t-1 f0 h0 l0 W\r\nHD s0 Z\r\n',
  },
  {
    name: 'recache',
    send: 'ms r 1 T30\r\nx\r\nmg r R30 t\r\nmg r R31 t\r\nmg r R31 t\r\nmg r v\r\n',
    expect: 'HD\r\nHD t30\r\nHD t30 W\r\nHD t30 Z\r\nVA 1 Z\r\nx\r\n',
  },
  {
    name: 'recache and a new TTL act in their order',
    send: 'ms r 1 T30\r\nx\r\nmg r T100 R30 t\r\nmg r R101 T10 t\r\nmg r R-1 t\r\n',
    expect: 'HD\r\nHD t100\r\nHD t10 W\r\nHD t10 Z\r\n',
  },
  {
    name: 'recache without an expiration',
    send: 'ms r 1\r\nx\r\nmg r R100 t\r\nmg r R0 t\r\n',
    expect: 'HD\r\nHD t-1\r\nHD t-1\r\n',
  },
  {
    name: 'hit before, and without a bump',
    send: 'ms h 1\r\nx\r\nmg h h l t\r\nmg h h l\r\nms h 1\r\nx\r\nmg h u h\r\nmg h h\r\nmg h h\r\n',
    expect: 'HD\r\nHD h0 l0 t-1\r\nHD h1 l0\r\nHD\r\nHD h0\r\nHD h0\r\nHD h1\r\n',
  },
  {
    name: 'md',
    send: 'md a\r\nmd\r\nmd zz q\r\nmd zz k O1\r\nms a 1\r\nx\r\nmd a C1\r\nmd a C0\r\nmd a C1 q\r\nmd a k O1\r\nms a 1\r\nx\r\nmd a q\r\nmg a\r\n',
    expect: 'NF\r\nERROR\r\nNF\r\nNF kzz O1\r\nHD\r\nEX\r\nEX\r\nEX\r\nHD ka O1\r\nHD\r\nEN\r\n',
  },
  {
    name: 'md with bad flags',
    send: 'md a !\r\nmd a q q\r\nmd a b\r\nmd a Tx\r\n',
    expect:
      'CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
  },
  { name: 'flags that mean nothing to md', send: 'ms a 1\r\nx\r\nmd a v s t h l N1 R1 T5\r\n', expect: 'HD\r\nHD\r\n' },
  {
    name: 'ma',
    send: 'ma\r\nma a\r\nma a N0\r\nma a N0 v\r\nma a MD\r\nma a M-\r\nma a M+ v\r\nma a MI v D18446744073709551615\r\nma a D5 v t k O1\r\n',
    expect: 'ERROR\r\nNF\r\nHD\r\nVA 1\r\n1\r\nHD\r\nHD\r\nVA 1\r\n1\r\nVA 1\r\n0\r\nVA 1 t-1 ka O1\r\n5\r\n',
  },
  {
    name: 'ma in modes that there are not',
    send: 'ma a Mi v\r\nma a Mx\r\nma a M\r\nma a D-1\r\nma a D\r\nma a !\r\nma a q q\r\n',
    expect:
      'CLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
  },
  {
    name: 'ma, quiet',
    send: 'ma zz q\r\nma zz k O1\r\nma n N0 q\r\nma n q\r\nma n q v\r\n',
    expect: 'NF\r\nNF kzz O1\r\nHD\r\n',
  },
  {
    name: 'ma creates',
    send: 'ma jj J10 v\r\nma jj N30 J10 v t\r\nma jj N30 J10 v t\r\nma kk N30 J18446744073709551615 v\r\nma kk v\r\n',
    expect: 'NF\r\nVA 2 t30\r\n10\r\nVA 2 t30\r\n11\r\nVA 20\r\n18446744073709551615\r\nVA 1\r\n0\r\n',
  },
  {
    name: 'ma compares',
    send: 'ms a 1\r\n1\r\nma a C1\r\nma a C0\r\nma a C1 q\r\nma a C1 k O1\r\nma zz C1\r\n',
    expect: 'HD\r\nEX\r\nHD\r\nEX\r\nEX ka O1\r\nNF\r\n',
  },
  {
    name: 'ma loses a new TTL with a longer number',
    send: 'ms a 1 T50\r\n9\r\nma a T100 t v\r\nmg a t v\r\nma a T200 t v\r\nmg a t v\r\n',
    expect: 'HD\r\nVA 2 t100\r\n10\r\nVA 2 t50\r\n10\r\nVA 2 t200\r\n11\r\nVA 2 t50\r\n11\r\n',
  },
  {
    name: 'ma on what is no number',
    send: 'ms a 1\r\nx\r\nma a\r\nma a q\r\nma a O1 k\r\n',
    expect:
      'HD\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
  },
  {
    name: 'ma pads a shorter number',
    send: 'ms a 2\r\n10\r\nma a MD v\r\nmg a v\r\n',
    expect: 'HD\r\nVA 1\r\n9\r\nVA 2\r\n9 \r\n',
  },
  {
    name: 'me',
    send: 'me\r\nme zz\r\nme a b\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nEN\r\nCLIENT_ERROR bad command line format\r\n',
  },
  {
    name: 'me tells of an item',
    send: 'ms foo 2 F1 T30\r\nxx\r\nme foo\r\nget foo\r\nme foo\r\n',
    expect:
      /^HD\r\nME foo exp=-30 la=0 cas=\d+ fetch=no cls=1 size=68\r\nVALUE foo 1 2\r\nxx\r\nEND\r\nME foo exp=-30 la=0 cas=\d+ fetch=yes cls=1 size=68\r\n$/,
  },
  {
    name: 'keys in base64',
    send: 'ms Zm9v 2 b\r\nhi\r\nmg Zm9v b v k\r\nmg foo v k\r\nget foo\r\nmg Zm9v b k\r\nms Zm9v 2 b k O1\r\nhi\r\nmd Zm9v b k O1\r\nmg Zm9v b k q\r\nmg Zm9v b k\r\n',
    expect:
      'HD\r\nVA 2 kZm9v b\r\nhi\r\nVA 2 kZm9v b\r\nhi\r\nVALUE foo 0 2\r\nhi\r\nEND\r\nHD kZm9v b\r\nHD kZm9v b O1\r\nHD kZm9v b O1\r\nEN kZm9v b\r\n',
  },
  {
    name: 'keys that are no base64',
    send: 'mg Zm9 b v\r\nmg Zm9!! b v\r\nmg Zg b v\r\nmg Zm9v= b v\r\nms Zm9 2 b\r\nmn\r\nmg ==== b v\r\nmd Zm9 b\r\nma Zm9 b\r\n',
    expect:
      'CLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
  },
  { name: 'base64 with bits to spare', send: 'mg Zh== b k\r\n', expect: 'EN kZg== b\r\n' },
  {
    name: 'a vivified key in base64 comes back raw',
    send: 'mg Zm92 b N30 k v\r\nmg fov k\r\n',
    expect: 'VA 0 kfov W\r\n\r\nHD kfov Z\r\n',
  },
  {
    name: 'a counter or an append forgets base64',
    send: 'ma Zm93 b N30 k v\r\nmg Zm93 b k v\r\nms Zm9v 2 b\r\nhi\r\nms Zm9v 1 b MA k\r\nx\r\nmg Zm9v b v k\r\n',
    expect: 'VA 1 kZm93 b\r\n0\r\nVA 1 kfow\r\n0\r\nHD\r\nHD kZm9v b\r\nVA 3 kfoo\r\nhix\r\n',
  },
  {
    name: 'a raw key asked for in base64',
    send: 'set foo 0 0 1\r\nx\r\nmg Zm9v b k v\r\n',
    expect: 'STORED\r\nVA 1 kfoo\r\nx\r\n',
  },
  {
    name: 'a binary key',
    send: 'ms AAEC/w== 1 b\r\nx\r\nmg AAEC/w== b k v\r\n',
    expect: 'HD\r\nVA 1 kAAEC/w== b\r\nx\r\n',
  },
  {
    name: 'a value past the limit deletes the item in add mode too',
    send: `ms a 1\r\nx\r\nms a ${LARGEST + 1} ME q\r\n${'x'.repeat(LARGEST + 1)}\r\nmg a v\r\n`,
    expect: 'HD\r\nSERVER_ERROR object too large for cache\r\nEN\r\n',
  },
  {
    name: 'expirations',
    send: 'ms a 1 T-1\r\nx\r\nmg a v\r\nms a 1 T4294967296\r\nx\r\nmg a t\r\nms a 1 T2592000\r\nx\r\nmg a t\r\nms a 1 T2592001\r\nx\r\nmg a t\r\n',
    expect: 'HD\r\nEN\r\nHD\r\nHD t-1\r\nHD\r\nHD t2592000\r\nHD\r\nEN\r\n',
  },
  {
    name: 'a TTL that is over',
    send: 'ms a 1\r\nx\r\nmg a T-1 t\r\nmg a\r\n',
    expect: /^HD\r\nHD t42949672\d\d\r\nEN\r\n$/,
  },
  {
    name: 'hints for a proxy',
    send: 'ms a 1 Pfoo Lbar\r\nx\r\nmg a k v Pfoo Lbar\r\nmg a P P\r\n',
    expect: 'HD\r\nVA 1 ka\r\nx\r\nCLIENT_ERROR duplicate flag\r\n',
  },
];

/** Meta flags that came after memcached 1.6.18, by 1.6.45; its own answers to them differ. */
export const newerMetaCases: readonly RawCase[] = [
  {
    name: 'x leaves an empty item',
    send: 'ms a 1 F5\r\nx\r\nmd a x\r\nmg a v f\r\n',
    expect: 'HD\r\nHD\r\nVA 0 f0\r\n\r\n',
  },
  {
    name: 'x with T and F',
    send: 'ms a 1 F5\r\nx\r\nmd a x T30 F9\r\nmg a v f t\r\n',
    expect: 'HD\r\nHD\r\nVA 0 f9 t30\r\n\r\n',
  },
  { name: 'x and I', send: 'ms a 1\r\nx\r\nmd a x I\r\nmg a v\r\n', expect: 'HD\r\nHD\r\nVA 0 X W\r\n\r\n' },
  {
    name: 'E names the CAS',
    send: 'ms a 1 E5 c\r\nx\r\nmg a c\r\nms a 1 C5 E18446744073709551615 c\r\nx\r\nms a 1 Ex\r\nx\r\n',
    expect: 'HD c5\r\nHD c5\r\nHD c18446744073709551615\r\nCLIENT_ERROR bad token in command line format\r\n',
  },
  {
    name: 'E on a vivified item, a counter and a stale one',
    send: 'mg viv N0 E7 c\r\nma n N0 E8 c\r\nma n E9 c\r\nmd n I E11\r\nmg n c\r\n',
    expect: 'HD c7 W\r\nHD c8\r\nHD c9\r\nHD\r\nHD c11 X W\r\n',
  },
  { name: 's tells the stored size', send: 'ms a 1 s\r\nx\r\nms a 2 MA s\r\nyz\r\n', expect: 'HD s1\r\nHD s3\r\n' },
  {
    name: 'N creates in append mode',
    send: 'ms new 1 MA N30\r\nx\r\nms new 1 MA N60\r\ny\r\nms b 1 MP N30\r\nx\r\nmg new v t\r\nmg b v t\r\n',
    expect: 'HD\r\nHD\r\nHD\r\nVA 2 t30\r\nxy\r\nVA 1 t30\r\nx\r\n',
  },
];

/** Text authentication; the users are `user` with `secret` and `bob` with `pa:ss:x`. */
export const textAuthenticationCases: readonly RawCase[] = [
  { name: 'a command before the login', send: 'mn\r\n', expect: 'CLIENT_ERROR unauthenticated\r\n' },
  { name: 'a get before the login', send: 'get a\r\n', expect: 'CLIENT_ERROR unauthenticated\r\n' },
  { name: 'an empty line', send: '\r\n', expect: 'CLIENT_ERROR unauthenticated\r\n' },
  { name: 'the login', send: 'set a 0 0 11\r\nuser secret\r\nversion\r\n', expect: 'STORED\r\nVERSION 1.6.18\r\n' },
  {
    name: 'a wrong password',
    send: 'set a 0 0 10\r\nuser wrong\r\n',
    expect: 'CLIENT_ERROR authentication failure\r\n',
  },
  {
    name: 'a wrong password, then the right one',
    send: 'set a 0 0 10\r\nuser wrong\r\nset a 0 0 11\r\nuser secret\r\nmn\r\n',
    expect: 'STORED\r\nMN\r\n',
  },
  { name: 'an unknown user', send: 'set a 0 0 8\r\nbob blub\r\n', expect: 'CLIENT_ERROR authentication failure\r\n' },
  { name: 'no password', send: 'set a 0 0 4\r\nuser\r\n', expect: 'CLIENT_ERROR bad authentication token format\r\n' },
  {
    name: 'a data block without an end',
    send: 'set a 0 0 11\r\nuser secretxx',
    expect: 'CLIENT_ERROR bad command line termination\r\n',
  },
  {
    name: 'a bad length',
    send: 'set a 0 0 x\r\nset a 0 0\r\nadd a 0 0 11\r\n',
    expect: 'CLIENT_ERROR unauthenticated\r\n',
  },
  { name: 'noreply is not heeded', send: 'set a 0 0 11 noreply\r\nuser secret\r\n', expect: 'STORED\r\n' },
  { name: 'words that mean nothing', send: 'set a b c 11\r\nuser secret\r\n', expect: 'STORED\r\n' },
  { name: 'more words than two', send: 'set a 0 0 15\r\nuser secret xxx\r\n', expect: 'STORED\r\n' },
  { name: 'spaces', send: 'set a 0 0 12\r\nuser  secret\r\n', expect: 'STORED\r\n' },
  { name: 'a password with a colon', send: 'set a 0 0 11\r\nbob pa:ss:x\r\n', expect: 'STORED\r\n' },
  {
    name: 'no second login',
    send: 'set a 0 0 11\r\nuser secret\r\nset a 0 0 10\r\nuser wrong\r\nget a\r\n',
    expect: 'STORED\r\nSTORED\r\nVALUE a 0 10\r\nuser wrong\r\nEND\r\n',
  },
  { name: 'a long line without an end', send: 'x'.repeat(2050), expect: '', closes: true },
  { name: 'credentials that are too long', send: `set a 0 0 40000\r\n${'x'.repeat(20000)}`, expect: '', closes: true },
];

/** The binary protocol. */
export const binaryCases: readonly BinaryCase[] = [
  {
    name: 'no-op and version',
    send: [frame(Opcode.Noop), frame(Opcode.Version)],
    expect: ['0a status=00 opaque=7', '0b status=00 value=1.6.18 opaque=7'],
  },
  {
    name: 'a version with a key',
    send: [frame(Opcode.Version, { key: 'a' })],
    expect: ['0b status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'misses',
    send: [
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.GetK, { key: 'a' }),
      frame(Opcode.GetQ, { key: 'a' }),
      frame(Opcode.GetKQ, { key: 'a' }),
    ],
    expect: ['00 status=01 value=Not found opaque=7', '0c status=01 key=a opaque=7'],
  },
  {
    name: 'hits',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(5), value: 'hello' }),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.GetK, { key: 'a' }),
      frame(Opcode.GetQ, { key: 'a' }),
      frame(Opcode.GetKQ, { key: 'a' }),
      frame(Opcode.Get, { key: 'a', cas: 77n }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '00 status=00 extras=00000005 value=hello opaque=7 cas',
      '0c status=00 extras=00000005 key=a value=hello opaque=7 cas',
      '09 status=00 extras=00000005 value=hello opaque=7 cas',
      '0d status=00 extras=00000005 key=a value=hello opaque=7 cas',
      '00 status=00 extras=00000005 value=hello opaque=7 cas',
    ],
  },
  {
    name: 'a get without a key',
    send: [frame(Opcode.Get, { key: '' })],
    expect: ['00 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a get with extras',
    send: [frame(Opcode.Get, { key: 'a', extras: expirationExtras(0) })],
    expect: ['00 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a get with a value',
    send: [frame(Opcode.Get, { key: 'a', value: 'zz' })],
    expect: ['00 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a quiet set',
    send: [frame(Opcode.SetQ, { key: 'a', extras: storeExtras(), value: 'x' }), frame(Opcode.Get, { key: 'a' })],
    expect: ['00 status=00 extras=00000000 value=x opaque=7 cas'],
  },
  {
    name: 'a set without extras',
    send: [frame(Opcode.Set, { key: 'a', value: 'x' })],
    expect: ['01 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'an empty value',
    send: [frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: '' }), frame(Opcode.Get, { key: 'a' })],
    expect: ['01 status=00 opaque=7 cas', '00 status=00 extras=00000000 opaque=7 cas'],
  },
  {
    name: 'a set without a key',
    send: [frame(Opcode.Set, { key: '', extras: storeExtras(), value: 'x' })],
    expect: ['01 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a set that compares',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x', cas: 1n }),
      frame(Opcode.Set, { key: 'zz', extras: storeExtras(), value: 'x', cas: 1n }),
      frame(Opcode.SetQ, { key: 'a', extras: storeExtras(), value: 'x', cas: 1n }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '01 status=02 value=Data exists for key. opaque=7',
      '01 status=01 value=Not found opaque=7',
      '11 status=02 value=Data exists for key. opaque=7',
    ],
  },
  {
    name: 'add and replace',
    send: [
      frame(Opcode.Add, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Add, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.AddQ, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.AddQ, { key: 'b', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Add, { key: 'zz', extras: storeExtras(), value: 'x', cas: 9n }),
      frame(Opcode.Replace, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Replace, { key: 'nn', extras: storeExtras(), value: 'x' }),
      frame(Opcode.ReplaceQ, { key: 'nn', extras: storeExtras(), value: 'x' }),
      frame(Opcode.ReplaceQ, { key: 'a', extras: storeExtras(), value: 'x' }),
    ],
    expect: [
      '02 status=00 opaque=7 cas',
      '02 status=02 value=Data exists for key. opaque=7',
      '12 status=02 value=Data exists for key. opaque=7',
      '02 status=01 value=Not found opaque=7',
      '03 status=00 opaque=7 cas',
      '03 status=01 value=Not found opaque=7',
      '13 status=01 value=Not found opaque=7',
    ],
  },
  {
    name: 'append and prepend',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Append, { key: 'a', value: 'y' }),
      frame(Opcode.Prepend, { key: 'a', value: 'w' }),
      frame(Opcode.Append, { key: 'nn', value: 'y' }),
      frame(Opcode.AppendQ, { key: 'a', value: 'z' }),
      frame(Opcode.PrependQ, { key: 'nn', value: 'z' }),
      frame(Opcode.Append, { key: 'a', value: 'z', cas: 1n }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '0e status=00 opaque=7 cas',
      '0f status=00 opaque=7 cas',
      '0e status=05 value=Not stored. opaque=7',
      '1a status=05 value=Not stored. opaque=7',
      '0e status=02 value=Data exists for key. opaque=7',
      '00 status=00 extras=00000000 value=wxyz opaque=7 cas',
    ],
  },
  {
    name: 'an append with extras',
    send: [frame(Opcode.Append, { key: 'a', extras: storeExtras(), value: 'x' })],
    expect: ['0e status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'delete',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Delete, { key: 'nn' }),
      frame(Opcode.DeleteQ, { key: 'nn' }),
      frame(Opcode.Delete, { key: 'a', cas: 1n }),
      frame(Opcode.Delete, { key: 'a' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.DeleteQ, { key: 'a' }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '04 status=01 value=Not found opaque=7',
      '14 status=01 value=Not found opaque=7',
      '04 status=02 value=Data exists for key. opaque=7',
      '04 status=00 opaque=7',
      '01 status=00 opaque=7 cas',
      '00 status=01 value=Not found opaque=7',
    ],
  },
  {
    name: 'a delete with a value',
    send: [frame(Opcode.Delete, { key: 'a', value: 'x' })],
    expect: ['04 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'counters',
    send: [
      frame(Opcode.Increment, { key: 'n', extras: counterExtras(1n, 10n, 0xffff_ffff) }),
      frame(Opcode.Increment, { key: 'n', extras: counterExtras(1n, 10n, 0) }),
      frame(Opcode.Increment, { key: 'n', extras: counterExtras(1n, 10n, 0) }),
      frame(Opcode.Decrement, { key: 'n', extras: counterExtras(100n, 10n, 0) }),
      frame(Opcode.IncrementQ, { key: 'n', extras: counterExtras(100n, 10n, 0) }),
      frame(Opcode.DecrementQ, { key: 'zz', extras: counterExtras(1n, 10n, 0xffff_ffff) }),
      frame(Opcode.IncrementQ, { key: 'cc', extras: counterExtras(1n, 10n, 0) }),
      frame(Opcode.Increment, { key: 'cc', extras: counterExtras(0n, 10n, 0), cas: 1n }),
      frame(Opcode.Get, { key: 'n' }),
    ],
    expect: [
      '05 status=01 value=Not found opaque=7',
      '05 status=00 value=0x000000000000000a opaque=7 cas',
      '05 status=00 value=0x000000000000000b opaque=7 cas',
      '06 status=00 value=0x0000000000000000 opaque=7 cas',
      '16 status=01 value=Not found opaque=7',
      '05 status=02 value=Data exists for key. opaque=7',
      '00 status=00 extras=00000000 value=100 opaque=7 cas',
    ],
  },
  {
    name: 'a counter that wraps',
    send: [
      frame(Opcode.Increment, { key: 'n', extras: counterExtras(1n, 18446744073709551615n, 0) }),
      frame(Opcode.Increment, { key: 'n', extras: counterExtras(2n, 10n, 0) }),
      frame(Opcode.Get, { key: 'n' }),
    ],
    expect: [
      '05 status=00 value=0xffffffffffffffff opaque=7 cas',
      '05 status=00 value=0x0000000000000001 opaque=7 cas',
      '00 status=00 extras=00000000 value=1                    opaque=7 cas',
    ],
  },
  {
    name: 'a counter on what is no number',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Increment, { key: 'a', extras: counterExtras(1n, 10n, 0) }),
      frame(Opcode.IncrementQ, { key: 'a', extras: counterExtras(1n, 10n, 0) }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '05 status=06 value=Non-numeric server-side value for incr or decr opaque=7',
      '15 status=06 value=Non-numeric server-side value for incr or decr opaque=7',
    ],
  },
  {
    name: 'a counter without extras',
    send: [frame(Opcode.Increment, { key: 'a' })],
    expect: ['05 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a counter with a value',
    send: [frame(Opcode.Increment, { key: 'n', extras: counterExtras(1n, 10n, 0), value: 'x' })],
    expect: ['05 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'touch and its kin',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Touch, { key: 'a', extras: expirationExtras(100) }),
      frame(Opcode.Touch, { key: 'nn', extras: expirationExtras(100) }),
      frame(Opcode.Gat, { key: 'a', extras: expirationExtras(100) }),
      frame(Opcode.Gat, { key: 'nn', extras: expirationExtras(100) }),
      frame(Opcode.GatQ, { key: 'a', extras: expirationExtras(100) }),
      frame(Opcode.GatQ, { key: 'nn', extras: expirationExtras(100) }),
      frame(Opcode.GatK, { key: 'a', extras: expirationExtras(100) }),
      frame(Opcode.GatK, { key: 'nn', extras: expirationExtras(100) }),
      frame(Opcode.GatKQ, { key: 'a', extras: expirationExtras(100) }),
      frame(Opcode.GatKQ, { key: 'nn', extras: expirationExtras(100) }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '1c status=00 extras=00000000 opaque=7 cas',
      '1c status=01 value=Not found opaque=7',
      '1d status=00 extras=00000000 value=x opaque=7 cas',
      '1d status=01 value=Not found opaque=7',
      '1e status=00 extras=00000000 value=x opaque=7 cas',
      '23 status=00 extras=00000000 key=a value=x opaque=7 cas',
      '23 status=01 key=nn opaque=7',
      '24 status=00 extras=00000000 key=a value=x opaque=7 cas',
    ],
  },
  {
    name: 'a touch that expires at once',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Touch, { key: 'a', extras: expirationExtras(2592001) }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '1c status=00 extras=00000000 opaque=7 cas',
      '00 status=01 value=Not found opaque=7',
    ],
  },
  {
    name: 'a gat without extras',
    send: [frame(Opcode.Gat, { key: 'a' })],
    expect: ['1d status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a touch with a value',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Touch, { key: 'a', extras: expirationExtras(0), value: 'zz' }),
      frame(Opcode.Noop),
    ],
    expect: [],
    closes: true,
  },
  {
    name: 'flush',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Flush),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.FlushQ),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.Flush, { extras: expirationExtras(0) }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '08 status=00 opaque=7',
      '00 status=01 value=Not found opaque=7',
      '01 status=00 opaque=7 cas',
      '00 status=01 value=Not found opaque=7',
      '08 status=00 opaque=7',
    ],
  },
  {
    name: 'a flush with a key',
    send: [frame(Opcode.Flush, { key: 'a' })],
    expect: ['08 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a flush with eight bytes of extras',
    send: [frame(Opcode.Flush, { extras: storeExtras() })],
    expect: ['08 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  { name: 'quit', send: [frame(Opcode.Quit), frame(Opcode.Noop)], expect: ['07 status=00 opaque=7'], closes: true },
  { name: 'a quiet quit', send: [frame(Opcode.QuitQ)], expect: [], closes: true },
  {
    name: 'a quit with a key',
    send: [frame(Opcode.Quit, { key: 'a' })],
    expect: ['07 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  { name: 'an unknown opcode', send: [frame(0x50)], expect: ['50 status=81 value=Unknown command opaque=7'] },
  {
    name: 'an unknown opcode with a body: as many bytes are skipped again',
    send: [frame(0x50, { key: 'a', value: 'zzz' }), Buffer.from('z')],
    expect: ['50 status=81 value=Unknown command opaque=7'],
  },
  {
    name: 'verbosity is unknown',
    send: [frame(0x1b, { extras: expirationExtras(0) }), Buffer.alloc(4)],
    expect: ['1b status=81 value=Unknown command opaque=7'],
  },
  {
    name: 'SASL where there is none',
    send: [
      frame(Opcode.SaslList),
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0a\0b' }),
      frame(Opcode.SaslStep, { key: 'PLAIN', value: '\0a\0b' }),
    ],
    expect: [
      '20 status=81 value=Unknown command opaque=7',
      '21 status=81 value=Unknown command opaque=7',
      '22 status=81 value=Unknown command opaque=7',
    ],
  },
  {
    name: 'a SASL list with a key',
    send: [frame(Opcode.SaslList, { key: 'a' })],
    expect: ['20 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a SASL start without a mechanism',
    send: [frame(Opcode.SaslAuth)],
    expect: ['21 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a key of 250 bytes',
    send: [frame(Opcode.Get, { key: KEY_250 })],
    expect: ['00 status=01 value=Not found opaque=7'],
  },
  {
    name: 'a key of 251 bytes',
    send: [frame(Opcode.Get, { key: KEY_251 })],
    expect: ['00 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a set with a key of 251 bytes',
    send: [frame(Opcode.Set, { key: KEY_251, extras: storeExtras(), value: 'x' })],
    expect: ['01 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'a wrong magic',
    send: [frame(Opcode.Noop), frame(Opcode.Get, { magic: 0x42, key: 'a' })],
    expect: ['0a status=00 opaque=7'],
    closes: true,
  },
  {
    name: 'text on a binary connection',
    send: [frame(Opcode.Noop), Buffer.from('get aaaaaaaaaaaaaaaaaaaaaaaaa\r\n')],
    expect: ['0a status=00 opaque=7'],
    closes: true,
  },
  {
    name: 'a key longer than the body',
    send: [frame(Opcode.Get, { key: 'aaaa', bodyLength: 2 })],
    expect: ['00 status=81 value=Unknown command opaque=7'],
    closes: true,
  },
  {
    name: 'extras and key longer than the body',
    send: [frame(Opcode.Set, { key: 'a', extras: storeExtras(), bodyLength: 4 })],
    expect: ['01 status=81 value=Unknown command opaque=7'],
    closes: true,
  },
  {
    name: 'a body of 4 GB',
    send: [frame(Opcode.Set, { key: 'a', extras: storeExtras(), bodyLength: 0xffff_ffff })],
    expect: ['01 status=03 value=Too large. opaque=7'],
  },
  {
    name: 'a body of 2 GB',
    send: [frame(Opcode.Set, { key: 'a', extras: storeExtras(), bodyLength: 0x8000_000e })],
    expect: ['01 status=03 value=Too large. opaque=7'],
  },
  {
    name: 'an unknown opcode with a body of 4 GB',
    send: [frame(0x50, { bodyLength: 0xffff_ffff })],
    expect: ['50 status=81 value=Unknown command opaque=7'],
  },
  {
    name: 'a value past the limit',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x' }),
      frame(Opcode.Add, { key: 'a', extras: storeExtras(), value: 'x'.repeat(LARGEST + 1) }),
      frame(Opcode.Append, { key: 'a', value: 'x'.repeat(LARGEST + 1) }),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.SetQ, { key: 'a', extras: storeExtras(), value: 'x'.repeat(LARGEST + 1) }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '02 status=03 value=Too large. opaque=7',
      '0e status=03 value=Too large. opaque=7',
      '00 status=00 extras=00000000 value=x opaque=7 cas',
      '11 status=03 value=Too large. opaque=7',
      '00 status=01 value=Not found opaque=7',
    ],
  },
  {
    name: 'a value at the limit',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(), value: 'x'.repeat(LARGEST) }),
      frame(Opcode.Append, { key: 'a', value: 'x' }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '0e status=05 value=Not stored. opaque=7',
      '00 status=00 extras=00000000 value of 1048516 opaque=7 cas',
    ],
  },
  {
    name: 'a vbucket and a data type are ignored',
    send: [frame(Opcode.Get, { key: 'a', vbucket: 5 }), frame(Opcode.Get, { key: 'a', dataType: 1 })],
    expect: ['00 status=01 value=Not found opaque=7', '00 status=01 value=Not found opaque=7'],
  },
  {
    name: 'a key of any bytes',
    send: [
      frame(Opcode.Set, { key: 'a b\r\n\0', extras: storeExtras(), value: 'x' }),
      frame(Opcode.GetK, { key: 'a b\r\n\0' }),
    ],
    expect: ['01 status=00 opaque=7 cas', '0c status=00 extras=00000000 key=a b\r\n\0 value=x opaque=7 cas'],
  },
  {
    name: 'large expirations',
    send: [
      frame(Opcode.Set, { key: 'a', extras: storeExtras(0, 0xffff_ffff), value: 'x' }),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(0, 0x8000_0000), value: 'x' }),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(0, 2_592_001), value: 'x' }),
      frame(Opcode.Get, { key: 'a' }),
      frame(Opcode.Set, { key: 'a', extras: storeExtras(0, 2_592_000), value: 'x' }),
      frame(Opcode.Get, { key: 'a' }),
    ],
    expect: [
      '01 status=00 opaque=7 cas',
      '00 status=00 extras=00000000 value=x opaque=7 cas',
      '01 status=00 opaque=7 cas',
      '00 status=00 extras=00000000 value=x opaque=7 cas',
      '01 status=00 opaque=7 cas',
      '00 status=01 value=Not found opaque=7',
      '01 status=00 opaque=7 cas',
      '00 status=00 extras=00000000 value=x opaque=7 cas',
    ],
  },
  {
    name: 'statistics that there are not',
    send: [
      frame(Opcode.Stat, { key: 'nope' }),
      frame(Opcode.Stat, { key: 'cachedump 1 1' }),
      frame(Opcode.Stat, { key: 'conns' }),
      frame(Opcode.Stat, { key: 'detail' }),
      frame(Opcode.Stat, { key: 'detail foo' }),
    ],
    expect: [
      '10 status=01 value=Not found opaque=7',
      '10 status=01 value=Not found opaque=7',
      '10 status=01 value=Not found opaque=7',
      '10 status=01 value=Not found opaque=7',
      '10 status=01 value=Not found opaque=7',
    ],
  },
  {
    name: 'statistics without an answer',
    send: [
      frame(Opcode.Stat, { key: 'reset' }),
      frame(Opcode.Stat, { key: 'resetting' }),
      frame(Opcode.Stat, { key: 'detail on' }),
      frame(Opcode.Stat, { key: 'detail off' }),
      frame(Opcode.Stat, { key: 'detail dump' }),
      frame(Opcode.Stat, { key: 'sizes' }),
    ],
    expect: [
      '10 status=00 opaque=7',
      '10 status=00 opaque=7',
      '10 status=00 opaque=7',
      '10 status=00 opaque=7',
      '10 status=00 key=detailed value=0x454e440d0a opaque=7',
      '10 status=00 opaque=7',
      '10 status=00 key=sizes_status value=disabled opaque=7',
      '10 status=00 opaque=7',
    ],
  },
  {
    name: 'statistics with extras',
    send: [frame(Opcode.Stat, { extras: expirationExtras(0) })],
    expect: ['10 status=04 value=Invalid arguments opaque=7'],
    closes: true,
  },
  {
    name: 'the opaque comes back',
    send: [frame(Opcode.Noop, { opaque: 0xffff_ffff }), frame(Opcode.Get, { key: 'a', opaque: 0x8000_0001 })],
    expect: ['0a status=00 opaque=4294967295', '00 status=01 value=Not found opaque=2147483649'],
  },
];

/** SASL; the same users. */
export const saslCases: readonly BinaryCase[] = [
  {
    name: 'the mechanisms',
    send: [frame(Opcode.SaslList), frame(Opcode.Version)],
    expect: ['20 status=00 value=PLAIN opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'a get before the login',
    send: [frame(Opcode.Get, { key: 'a' })],
    expect: ['00 status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'a no-op before the login',
    send: [frame(Opcode.Noop)],
    expect: ['0a status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'the login',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'a wrong password',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0wrong' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'a wrong password, then the right one',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0wrong' }),
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
    ],
    expect: ['21 status=20 value=Auth failure. opaque=7', '21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'an unknown user',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0nobody\0x' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'an unknown mechanism',
    send: [frame(Opcode.SaslAuth, { key: 'FOO', value: '\0user\0secret' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'a mechanism in small letters',
    send: [frame(Opcode.SaslAuth, { key: 'plain', value: '\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'credentials in a second step',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN' }), frame(Opcode.SaslStep, { key: 'PLAIN', value: '\0user\0secret' })],
    expect: ['21 status=21 opaque=7', '22 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'a step without a start',
    send: [frame(Opcode.SaslStep, { key: 'PLAIN', value: '\0user\0secret' }), frame(Opcode.Version)],
    expect: ['22 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'credentials without NULs',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'user' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'too many NULs',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret\0x' }), frame(Opcode.Version)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0b status=00 value=1.6.18 opaque=7'],
    fence: false,
  },
  {
    name: 'on behalf of oneself',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'user\0user\0secret' })],
    expect: ['21 status=00 value=Authenticated opaque=7'],
  },
  {
    name: 'on behalf of another',
    send: [frame(Opcode.SaslAuth, { key: 'PLAIN', value: 'other\0user\0secret' }), frame(Opcode.Noop)],
    expect: ['21 status=20 value=Auth failure. opaque=7', '0a status=20 value=Auth failure. opaque=7'],
    closes: true,
  },
  {
    name: 'a second login fails',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.Noop),
    ],
    expect: [
      '21 status=00 value=Authenticated opaque=7',
      '21 status=20 value=Auth failure. opaque=7',
      '0a status=20 value=Auth failure. opaque=7',
    ],
    closes: true,
  },
  {
    name: 'asking for mechanisms logs out',
    send: [
      frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
      frame(Opcode.SaslList),
      frame(Opcode.Noop),
    ],
    expect: [
      '21 status=00 value=Authenticated opaque=7',
      '20 status=00 value=PLAIN opaque=7',
      '0a status=20 value=Auth failure. opaque=7',
    ],
    closes: true,
  },
  {
    name: 'mechanism names of 32 and 33 bytes',
    send: [
      frame(Opcode.SaslAuth, { key: 'x'.repeat(32), value: '\0user\0secret' }),
      frame(Opcode.SaslAuth, { key: 'x'.repeat(33), value: '\0user\0secret' }),
      frame(Opcode.Version),
    ],
    expect: [
      '21 status=20 value=Auth failure. opaque=7',
      '21 status=04 value=Invalid arguments opaque=7',
      '0b status=00 value=1.6.18 opaque=7',
    ],
    fence: false,
  },
  { name: 'text', send: [Buffer.from('get aaaaaaaaaaaaaaaaaaaaaaaaa\r\n')], expect: [], closes: true },
];
