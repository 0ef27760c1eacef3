import { EVERY_BYTE, KEY_250, KEY_251, LARGEST, type RawCase } from './case.ts';

/** The classic text protocol. */
export const classicCases: readonly RawCase[] = [
  {
    name: 'an empty line',
    send: '\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'a bare line feed',
    send: '\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'an unknown command',
    send: 'foo bar\r\n',
    expect: 'ERROR\r\n',
  },
  {
    name: 'a command of one letter',
    send: 'a\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'leading spaces',
    send: ' get a\r\n',
    expect: 'ERROR\r\n',
    upTo: { '1.6.38': 'END\r\n' },
  },
  {
    name: 'a get without a key',
    send: 'get\r\nget \r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\nERROR\r\n' },
  },
  {
    name: 'a line that ends in LF alone',
    send: 'get a\n',
    expect: 'END\r\n',
  },
  {
    name: 'a tab instead of a space',
    send: 'get\ta\r\n',
    expect: 'ERROR\r\n',
  },
  {
    name: 'a command in capitals',
    send: 'GET a\r\n',
    expect: 'ERROR\r\n',
  },
  {
    name: 'a web browser',
    send: 'GET / HTTP/1.1\r\n',
    expect: '',
    closes: true,
  },
  {
    name: 'a line that a NUL cuts short',
    send: 'get a\0b c\r\n',
    expect: 'END\r\n',
  },
  {
    name: 'set and get',
    send: 'set a 5 0 3\r\nxyz\r\nget a\r\nget a b a\r\n',
    expect: 'STORED\r\nVALUE a 5 3\r\nxyz\r\nEND\r\nVALUE a 5 3\r\nxyz\r\nVALUE a 5 3\r\nxyz\r\nEND\r\n',
  },
  {
    name: 'gets of a missing key',
    send: 'gets nothing\r\n',
    expect: 'END\r\n',
  },
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
  {
    name: 'a word that is not noreply',
    send: 'set a 0 0 1 foo\r\nx\r\n',
    expect: 'STORED\r\n',
  },
  {
    name: 'too many words for set',
    send: 'set a 0 0 1 foo bar\r\nx\r\n',
    expect: 'STORED\r\n',
    upTo: { '1.6.38': 'ERROR\r\nERROR\r\n' },
  },
  {
    name: 'too few words for set',
    send: 'set a 0 0\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\nERROR\r\n' },
  },
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
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
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
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  },
  {
    name: 'a bad expiration',
    send: 'set a 1 abc 1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  },
  {
    name: 'a bad length',
    send: 'set a 1 0 abc\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  },
  {
    name: 'a negative length',
    send: 'set a 1 0 -1\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  },
  {
    name: 'a length past 31 bits',
    send: 'set a 0 0 2147483646\r\nx\r\nset a 0 0 2147483648\r\nx\r\n',
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\nCLIENT_ERROR bad command line format\r\nERROR\r\n',
    },
  },
  {
    name: 'a length past 32 bits',
    send: 'set a 0 0 4294967297\r\nx\r\nget a\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n',
    upTo: { '1.6.38': 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n' },
  },
  {
    name: 'a length past 64 bits',
    send: 'set a 0 0 99999999999999999999\r\nx\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nERROR\r\n' },
  },
  {
    name: 'an expiration past 32 bits',
    send: 'set a 0 4294967296 1\r\nx\r\nmg a t\r\n',
    expect: 'STORED\r\nHD t-1\r\n',
    upTo: { '1.6.9': 'STORED\r\nOK t-1\r\n' },
  },
  {
    name: 'an expiration past 31 bits',
    send: 'set a 0 2147483648 1\r\nx\r\nmg a t\r\n',
    expect: 'STORED\r\nEN\r\n',
  },
  {
    name: 'a negative expiration',
    send: 'set a 0 -1 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nEND\r\n',
  },
  {
    name: '30 days',
    send: 'set a 0 2592000 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  },
  {
    name: '30 days and a second',
    send: 'set a 0 2592001 1\r\nx\r\nget a\r\n',
    expect: 'STORED\r\nEND\r\n',
  },
  {
    name: 'a data block that is too long',
    send: 'set a 0 0 3\r\nxyzzy\r\n',
    expect: 'CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad data chunk\r\nERROR\r\n' },
  },
  {
    name: 'a data block that is too short',
    send: 'set a 0 0 4\r\nxy\r\n\r\n',
    expect: 'STORED\r\n',
  },
  {
    name: 'a bad data block with noreply',
    send: 'set a 0 0 3 noreply\r\nxyzzy\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'a data block with line ends',
    send: 'set a 0 0 9\r\n\r\nEND\r\n\r\n\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 9\r\n\r\nEND\r\n\r\n\r\nEND\r\n',
  },
  {
    name: 'an empty data block',
    send: 'set a 0 0 0\r\n\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n',
  },
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
    name: 'a key of 251 bytes in set',
    send: `set ${KEY_251} 0 0 9\r\nversion\r\n\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\nVERSION <version>\r\nERROR\r\n' },
  },
  {
    name: 'a key of 251 bytes in get',
    send: `get ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\n' },
  },
  {
    name: 'a key of 251 bytes behind a hit',
    send: `set a 0 0 1 noreply\r\nx\r\nget a ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\n' },
  },
  {
    name: 'a get with such a key drops the replies that were kept back',
    send: `version\r\nget ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR bad command line format\r\n' },
    ours: 'VERSION <version>\r\nCLIENT_ERROR bad command line format\r\n\r\n',
  },
  {
    name: 'but not those of a get',
    send: `get a\r\nget ${KEY_251}\r\n`,
    expect: 'CLIENT_ERROR bad command line format\r\n\r\n',
    upTo: {
      '1.6.38': 'CLIENT_ERROR bad command line format\r\n',
      '1.6.18': 'END\r\nCLIENT_ERROR bad command line format\r\n',
    },
    ours: 'END\r\nCLIENT_ERROR bad command line format\r\n\r\n',
  },
  {
    name: 'a key of 251 bytes elsewhere',
    send: `gat 0 ${KEY_251}\r\ndelete ${KEY_251}\r\nincr ${KEY_251} 1\r\ntouch ${KEY_251} 1\r\n`,
    expect:
      'CLIENT_ERROR bad command line format\r\n\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    },
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
    upTo: { '1.6.9': 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nOK t100\r\n' },
  },
  {
    name: 'gat without a key',
    send: 'gat\r\ngat 0\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\nEND\r\n' },
  },
  {
    name: 'gat with a bad expiration',
    send: 'gat x a\r\n',
    expect: 'CLIENT_ERROR invalid exptime argument\r\n',
  },
  {
    name: 'gat that expires at once',
    send: 'set a 0 0 1\r\nx\r\ngat -1 a\r\nget a\r\n',
    expect: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\n',
  },
  {
    name: 'gats',
    send: 'set a 0 0 1\r\nx\r\ngats 0 a zz\r\n',
    expect: /^STORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
  },
  {
    name: 'delete',
    send: 'set a 0 0 1\r\nx\r\ndelete a\r\ndelete a\r\n',
    expect: 'STORED\r\nDELETED\r\nNOT_FOUND\r\n',
  },
  {
    name: 'delete without a key',
    send: 'delete\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'delete with a delay',
    send: 'delete a 0\r\ndelete a 1\r\ndelete a 0 noreply\r\ndelete a 1 noreply\r\ndelete a 0 0 noreply\r\ndelete a b\r\n',
    expect: 'NOT_FOUND\r\nNOT_FOUND\r\nNOT_FOUND\r\n',
    upTo: {
      '1.6.38':
        'NOT_FOUND\r\nCLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\nERROR\r\nCLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n',
    },
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
      'STORED\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\n2\r\n3\r\n',
    upTo: {
      '1.6.38':
        'STORED\r\nERROR\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\nCLIENT_ERROR invalid numeric delta argument\r\nERROR\r\n2\r\n',
    },
  },
  {
    name: 'a counter that is not there',
    send: 'incr zz 1\r\ndecr zz 1\r\n',
    expect: 'NOT_FOUND\r\nNOT_FOUND\r\n',
  },
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
      'STORED\r\nTOUCHED\r\nHD t100\r\nNOT_FOUND\r\nCLIENT_ERROR invalid exptime argument\r\nCLIENT_ERROR bad command line format\r\nTOUCHED\r\nTOUCHED\r\n',
    upTo: {
      '1.6.38':
        'STORED\r\nTOUCHED\r\nHD t100\r\nNOT_FOUND\r\nCLIENT_ERROR invalid exptime argument\r\nERROR\r\nTOUCHED\r\nERROR\r\n',
      '1.6.9':
        'STORED\r\nTOUCHED\r\nOK t100\r\nNOT_FOUND\r\nCLIENT_ERROR invalid exptime argument\r\nERROR\r\nTOUCHED\r\nERROR\r\n',
    },
  },
  {
    name: 'flush_all',
    send: 'set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\nset a 0 0 1\r\ny\r\nget a\r\n',
    expect: 'STORED\r\nOK\r\nEND\r\nSTORED\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
  },
  {
    name: 'flush_all in its forms',
    send: 'flush_all 0\r\nflush_all x\r\nflush_all noreply\r\nflush_all 0 noreply\r\nflush_all 0 foo\r\nflush_all -1\r\nflush_all 1 2 3\r\nflush_all x noreply\r\n',
    expect: 'OK\r\nCLIENT_ERROR invalid exptime argument\r\nOK\r\nOK\r\nOK\r\n',
    upTo: { '1.6.38': 'OK\r\nCLIENT_ERROR invalid exptime argument\r\nOK\r\nOK\r\nERROR\r\n' },
  },
  {
    name: 'version',
    send: 'version\r\nversion foo\r\n',
    expect: 'VERSION <version>\r\nVERSION <version>\r\n',
  },
  {
    name: 'verbosity',
    send: 'verbosity\r\nverbosity 0\r\nverbosity x\r\nverbosity 0 noreply\r\nverbosity 0 1\r\nverbosity 0 1 2\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nOK\r\nCLIENT_ERROR bad command line format\r\nOK\r\nOK\r\n',
    upTo: { '1.6.38': 'ERROR\r\nOK\r\nCLIENT_ERROR bad command line format\r\nOK\r\nERROR\r\n' },
  },
  {
    name: 'quit',
    send: 'quit\r\nversion\r\n',
    expect: '',
    closes: true,
  },
  {
    name: 'quit after a version',
    send: 'version\r\nquit\r\n',
    expect: 'VERSION <version>\r\n',
    closes: true,
  },
  {
    name: 'cas',
    send: 'cas a 0 0 1\r\nx\r\ncas a 0 0 1 1\r\nx\r\ncas a 0 0 1 x\r\nx\r\nset a 0 0 1\r\ny\r\ncas a 0 0 1 0\r\nx\r\ncas a 0 0 1 1\r\nx\r\nget a\r\n',
    expect:
      'CLIENT_ERROR bad command line format\r\nNOT_FOUND\r\nCLIENT_ERROR bad command line format\r\nSTORED\r\nEXISTS\r\nEXISTS\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
    upTo: {
      '1.6.38':
        'ERROR\r\nERROR\r\nNOT_FOUND\r\nCLIENT_ERROR bad command line format\r\nERROR\r\nSTORED\r\nEXISTS\r\nEXISTS\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
    },
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
  {
    name: 'the key noreply',
    send: 'set noreply 0 0 1\r\nx\r\nget noreply\r\nincr noreply 1\r\ntouch noreply 0\r\ndelete noreply 0\r\ndelete noreply\r\ndelete a\r\n',
    expect:
      'STORED\r\nVALUE noreply 0 1\r\nx\r\nEND\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nTOUCHED\r\nDELETED\r\nNOT_FOUND\r\n',
    upTo: {
      '1.6.38':
        'STORED\r\nVALUE noreply 0 1\r\nx\r\nEND\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nTOUCHED\r\nDELETED\r\nNOT_FOUND\r\nNOT_FOUND\r\n',
    },
  },
  {
    name: 'noreply behind what is no command',
    send: 'foo noreply\r\nfoo\r\nget\r\nincr noreply\r\n',
    expect: 'ERROR\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\nERROR\r\nERROR\r\nERROR\r\n' },
  },
  {
    name: 'noreply where a number belongs',
    send: 'incr a noreply\r\ntouch a noreply\r\ngat noreply a\r\ncas a 0 0 1 noreply\r\nx\r\nverbosity noreply\r\nget a\r\n',
    expect: 'CLIENT_ERROR invalid exptime argument\r\nEND\r\n',
    upTo: { '1.6.38': 'CLIENT_ERROR invalid exptime argument\r\nERROR\r\nEND\r\n' },
  },
  {
    name: 'words past the 23rd',
    send: `set a 0 0 1${' w'.repeat(18)} noreply\r\nx\r\nset a 0 0 1${' w'.repeat(17)} noreply\r\ny\r\nget a${' a'.repeat(23)}\r\n`,
    expect:
      'STORED\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nVALUE a 0 1\r\ny\r\nEND\r\n',
    upTo: { '1.6.38': 'ERROR\r\nERROR\r\nERROR\r\nERROR\r\nEND\r\n' },
  },
  {
    name: 'odd numbers',
    send: 'set a \t7 +100 1\r\nx\r\nset b 0 -1 1\r\nx\r\nget a b\r\ntouch a +5\r\ntouch a -\r\ntouch a 00000000005\r\ntouch a 000000000005\r\nset n 0 0 1\r\n1\r\nincr n +1\r\nincr n 0000000000000000000001\r\nincr n \t1\r\n',
    expect:
      'STORED\r\nSTORED\r\nVALUE a 7 1\r\nx\r\nEND\r\nCLIENT_ERROR invalid exptime argument\r\nTOUCHED\r\nTOUCHED\r\nCLIENT_ERROR invalid exptime argument\r\nSTORED\r\nCLIENT_ERROR invalid numeric delta argument\r\n2\r\nCLIENT_ERROR invalid numeric delta argument\r\n',
    upTo: {
      '1.6.38':
        'STORED\r\nSTORED\r\nVALUE a 7 1\r\nx\r\nEND\r\nTOUCHED\r\nCLIENT_ERROR invalid exptime argument\r\nTOUCHED\r\nTOUCHED\r\nSTORED\r\n2\r\n3\r\n4\r\n',
    },
  },
  {
    name: 'a value of spaces and signs as a counter',
    send: 'set n 0 0 3\r\n5 -\r\nincr n 1\r\nset n 0 0 22\r\n18446744073709551615 -\r\nincr n 1\r\nset n 0 0 3\r\n+-5\r\nincr n 1\r\n',
    expect: 'STORED\r\n6\r\nSTORED\r\n0\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
    upTo: {
      '1.6.18':
        'STORED\r\n6\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
    },
  },
  {
    name: 'spaces at the ends',
    send: 'get a \r\nset a 0 0 1 \r\nx\r\n flush_all\r\n version\r\ndelete  a\r\n',
    expect: 'END\r\nSTORED\r\nOK\r\nERROR\r\nNOT_FOUND\r\n',
    upTo: { '1.6.38': 'END\r\nSTORED\r\nOK\r\nVERSION <version>\r\nNOT_FOUND\r\n' },
  },
  {
    name: 'a bare line feed behind the shortest commands',
    send: 'mn\nmnx\nmn\r\nmg a\n',
    expect: 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\nEN\r\n',
    fence: false,
    upTo: {
      '1.6.38': 'MN\r\nERROR\r\nMN\r\nEN\r\n',
      '1.6.9': 'MN\r\nERROR\r\nMN\r\nCLIENT_ERROR bad command line format\r\n',
    },
  },
  {
    name: 'abbreviations',
    send: 'stats r\r\nstats resetting\r\nstats detail o\r\nstats detail of\r\nlru_crawler cr foo\r\nlru_crawler t 5\r\nstats cachedump 20 0\r\nstats ca 1\r\n',
    expect: 'RESET\r\nERROR\r\nOK\r\nOK\r\nBADCLASS invalid class id\r\nOK\r\nEND\r\nCLIENT_ERROR bad command line\r\n',
    upTo: {
      '1.6.38':
        'ERROR\r\nERROR\r\nCLIENT_ERROR usage: stats detail on|off|dump\r\nCLIENT_ERROR usage: stats detail on|off|dump\r\nERROR\r\nERROR\r\nEND\r\nERROR\r\n',
    },
  },
  {
    name: 'a long line without an end',
    send: 'x'.repeat(2049),
    expect: '',
    closes: true,
  },
  {
    name: 'a long line with an end',
    send: `${'x'.repeat(2049)}\r\n`,
    expect: 'ERROR\r\n',
  },
  {
    name: 'a long get',
    send: `get ${`${KEY_250} `.repeat(30)}\r\n`,
    expect: 'END\r\n',
  },
  {
    name: 'a gat that is too long',
    send: `gat 0 ${'x'.repeat(3000)}`,
    expect: '',
    closes: true,
  },
  {
    name: 'too many spaces before a long get',
    send: `${' '.repeat(101)}get ${'x '.repeat(2000)}`,
    expect: '',
    closes: true,
  },
  {
    name: 'commands that are switched off',
    send: 'shutdown\r\nbget a\r\n',
    expect: 'SERVER_ERROR: shutdown not enabled\r\nERROR\r\n',
    upTo: { '1.6.38': 'ERROR: shutdown not enabled\r\nEND\r\n' },
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
    expect: 'VERSION <version>\r\nERROR cannot pipeline other commands before metadump\r\n',
  },
  {
    name: 'metadump',
    send: 'set a%b\x80 5 100 1\r\nx\r\nget a%b\x80\r\nmn\r\nlru_crawler metadump all\r\n',
    expect:
      /^STORED\r\nVALUE a%b\x80 5 1\r\nx\r\nEND\r\nMN\r\nOK\r\nkey=a%25b%80 exp=\d+ la=\d+ cas=\d+ fetch=yes cls=1 size=68 flags=5 \nEND\r\n$/,
    fence: false,
    upTo: {
      '1.6.38':
        /^STORED\r\nVALUE a%b\x80 5 1\r\nx\r\nEND\r\nMN\r\nkey=a%25b%80 exp=\d+ la=\d+ cas=\d+ fetch=yes cls=1 size=68 flags=5\nEND\r\n$/,
      '1.6.18':
        /^STORED\r\nVALUE a%b\x80 5 1\r\nx\r\nEND\r\nMN\r\nkey=a%25b%80 exp=\d+ la=\d+ cas=\d+ fetch=yes cls=1 size=68\nEND\r\n$/,
    },
  },
  {
    name: 'metadump of nothing',
    send: 'lru_crawler metadump all\r\n',
    expect: 'OK\r\nEND\r\n',
    fence: false,
    upTo: { '1.6.38': 'END\r\n' },
  },
  {
    name: 'metadump of the hash table',
    send: 'lru_crawler metadump hash\r\n',
    expect: 'OK\r\nEND\r\n',
    fence: false,
    upTo: { '1.6.38': 'END\r\n' },
  },
  {
    name: 'mgdump',
    send: 'lru_crawler mgdump all\r\n',
    expect: 'OK\r\nEN\r\n',
    fence: false,
    upTo: { '1.6.38': 'EN\r\n', '1.6.18': 'ERROR\r\n' },
  },
  {
    name: 'mgdump behind another command',
    send: 'version\r\nlru_crawler mgdump all\r\nlru_crawler mgdump 900\r\nlru_crawler crawl hash\r\n',
    expect:
      'VERSION <version>\r\nERROR cannot pipeline other commands before mgdump\r\nERROR cannot pipeline other commands before mgdump\r\nERROR an unknown error happened\r\n',
    upTo: { '1.6.18': 'VERSION <version>\r\nERROR\r\nERROR\r\nERROR an unknown error happened\r\n' },
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
      /^STAT pid \d+\r\nSTAT uptime \d+\r\nSTAT time \d+\r\nSTAT version <version>\r\n(STAT \w+ \S+\r\n)+STAT cmd_get \d+\r\n(STAT \w+ \S+\r\n)+END\r\n$/,
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
