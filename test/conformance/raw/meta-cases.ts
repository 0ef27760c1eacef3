import { KEY_251, LARGEST, type RawCase } from './case.ts';

/** The meta protocol. */
export const metaCases: readonly RawCase[] = [
  // Its own answer looks like a fence's.
  {
    name: 'mn',
    send: 'mn\r\nmn foo\r\nmx\r\n',
    expect: 'MN\r\nMN\r\nERROR\r\n',
    fence: false,
  },
  {
    name: 'mg without a key',
    send: 'mg\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\n',
    upTo: { '1.6.38': 'ERROR\r\n' },
  },
  {
    name: 'a miss',
    send: 'mg a\r\nmg a v\r\nmg a s v t\r\n',
    expect: 'EN\r\nEN\r\nEN\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR bad command line format\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'a miss, quiet and with opaque and key',
    send: 'mg a q\r\nmg a k O1 q\r\nmg a k O1\r\nmg a Oabc k\r\n',
    expect: 'EN ka O1\r\nEN Oabc ka\r\n',
    upTo: { '1.6.9': 'EN\r\nEN\r\n' },
  },
  {
    name: 'a hit without flags',
    send: 'ms a 1\r\nx\r\nmg a\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nVA 1\r\nx\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR bad command line format\r\nEN\r\n' },
  },
  {
    name: 'every flag of a hit',
    send: 'ms a 3 F7 T100\r\nabc\r\nmg a v s f t h l k O5 q u\r\n',
    expect: 'HD\r\nVA 3 s3 f7 t100 h0 l0 ka O5\r\nabc\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\n' },
  },
  {
    name: 'repeated and unknown flags',
    send: 'mg a v v\r\nmg a !\r\nmg a \x80\r\nmg a S1\r\n',
    expect:
      'CLIENT_ERROR duplicate flag\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid flag\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid flag\r\n',
      '1.6.9': 'CLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nEN\r\n',
    },
  },
  {
    name: 'bad tokens',
    send: 'mg a N\r\nmg a Nx\r\nmg a T\r\nmg a Rx\r\nmg a Cx\r\nmg a Fx\r\nmg a Jx\r\nmg a Dx\r\nmg a M\r\n',
    expect:
      'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid numeric initial value\r\nCLIENT_ERROR invalid numeric delta value\r\nEN\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid numeric initial value\r\nCLIENT_ERROR invalid numeric delta value\r\nCLIENT_ERROR incorrect length for M token\r\n',
    },
  },
  {
    name: 'tokens on flags that take none',
    send: 'ms a 1\r\nx\r\nmg a kfoo v\r\nmg a s100 t5\r\n',
    expect: 'HD\r\nVA 1 ka\r\nx\r\nHD s1 t-1\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'flags that mean nothing to mg',
    send: 'mg a C1 F1 D1 J1 MA I\r\n',
    expect: 'EN\r\n',
  },
  {
    name: 'opaques of 31 and 32 bytes',
    send: `mg a O${'x'.repeat(31)}\r\nmg a O${'x'.repeat(32)}\r\nms a 1 O${'x'.repeat(32)}\r\nx\r\nmd a O${'x'.repeat(32)}\r\nma a O${'x'.repeat(32)}\r\n`,
    expect:
      'EN Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\n',
    upTo: {
      '1.6.9':
        'EN\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque token too long\r\n',
    },
  },
  {
    name: 'an opaque that is too long on a hit',
    send: `ms a 1\r\nx\r\nmg a T100 O${'x'.repeat(32)} v\r\nmg a t\r\n`,
    expect: 'HD\r\nCLIENT_ERROR opaque token too long\r\nHD t100\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'an empty opaque',
    send: 'ms a 1 O\r\nx\r\nmg a O v\r\n',
    expect: 'HD O\r\nVA 1 O\r\nx\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\n' },
  },
  {
    name: 'keys of 251 bytes',
    send: `mg ${KEY_251} v\r\nms ${KEY_251} 2\r\nmn\r\nmd ${KEY_251}\r\nma ${KEY_251}\r\nme ${KEY_251}\r\n`,
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    },
  },
  {
    name: '19 and 20 words',
    send: 'mg a v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 S\r\nmg a v s c f t h l k O1 P1 L1 I T1 R1 F1 C1 MA\r\nms a 1 v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MA\r\nx\r\nmd a v s c f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MA\r\nma a v s q f t h l k O1 P1 L1 N1 T1 R1 F1 C1 MI\r\n',
    expect: /^CLIENT_ERROR invalid flag\r\nEN ka O1\r\nHD s1 c\d+ ka O1\r\nEX ka O1\r\nEX ka O1\r\n$/,
    upTo: {
      '1.6.38':
        'CLIENT_ERROR invalid flag\r\nEN ka O1\r\nCLIENT_ERROR options flags too long\r\nERROR\r\nNF ka O1\r\nVA 1 t-1 ka O1\r\n0\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR options flags too long\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    },
  },
  {
    name: 'ms and its answers',
    send: 'ms a 1\r\nx\r\nms a 1 k O9\r\nx\r\nms a 1 q\r\nx\r\nms a 1 ME q\r\nx\r\nms a 1 ME k O2\r\nx\r\n',
    expect: 'HD\r\nHD ka O9\r\nNS\r\nNS ka O2\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'ms tells the CAS',
    send: 'ms a 1 c\r\nx\r\nms a 1 ME c\r\nx\r\n',
    expect: /^HD c\d+\r\nNS c0\r\n$/,
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n' },
  },
  {
    name: 'ms without a length',
    send: 'ms\r\nms a\r\nms a x\r\nms a -1\r\nms a 2147483646\r\nms a Sx\r\n',
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38':
        'ERROR\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n',
      '1.6.9':
        'ERROR\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR bad command line format\r\n',
    },
  },
  {
    name: 'ms with bad flags swallows the value',
    send: 'ms a 2 T\r\nmn\r\nms a 2 !\r\nmn\r\nms a 2 T0 T0\r\nmn\r\nms a 2 MZ\r\nmn\r\nms a 2 M\r\nmn\r\nms a 2 MEE\r\nmn\r\nms a 2 Fx\r\nmn\r\nms a 2 Ma\r\nmn\r\n',
    expect:
      'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR invalid mode for ms M token\r\nHD\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid mode for ms M token\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid mode for ms M token\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nMN\r\n',
    },
  },
  {
    name: 'client flags past 32 bits',
    send: 'ms a 1 F4294967295\r\nx\r\nmg a f\r\nms a 1 F4294967297\r\nx\r\nmg a f\r\nms a 1 F-1\r\nx\r\n',
    expect:
      'HD\r\nHD f4294967295\r\nCLIENT_ERROR bad command line format\r\nHD f4294967295\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38': 'HD\r\nHD f4294967295\r\nHD\r\nHD f1\r\nCLIENT_ERROR bad command line format\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'a bad data block',
    send: 'ms a 3\r\nxx\r\nmn\r\nmn\r\nms a 3 q\r\nxxxxx\r\n',
    expect:
      'CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nMN\r\nCLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38': 'CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\nCLIENT_ERROR bad data chunk\r\nERROR\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nMN\r\nMN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'modes',
    send: 'ms a 1\r\nx\r\nms a 1 MA\r\ny\r\nms a 1 MP\r\nz\r\nmg a v s\r\nms zz 1 MA\r\nx\r\nms zz 1 MP\r\nx\r\nms zz 1 MR\r\nx\r\nms a 1 ME\r\nx\r\nms a 1 MS\r\nx\r\nms a 1 MR\r\nw\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nHD\r\nVA 3 s3\r\nzxy\r\nNS\r\nNS\r\nNS\r\nNS\r\nHD\r\nHD\r\nVA 1\r\nw\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\n',
    },
  },
  {
    name: 'C compares',
    send: 'ms zz 1 C5\r\nx\r\nms zz 1 C0\r\nx\r\nms a 1\r\nx\r\nms a 1 C0\r\nx\r\nms a 1 C1\r\nx\r\nms a 1 Cx\r\nx\r\nms a 1 MA C0\r\nx\r\nms a 1 MA C1\r\nx\r\nms a 1 MR C0\r\nx\r\nms a 1 ME C1\r\nx\r\nms zz 1 MA C1\r\nx\r\nms zz 1 MR C1\r\nx\r\nms zz 1 ME C1\r\nx\r\n',
    expect:
      'NF\r\nNF\r\nHD\r\nEX\r\nEX\r\nCLIENT_ERROR bad token in command line format\r\nHD\r\nEX\r\nEX\r\nNS\r\nNS\r\nNF\r\nHD\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'a stale store',
    send: 'ms a 2 T100\r\nok\r\nms a 2 I C1 T5\r\nst\r\nmg a t v s\r\nmg a v\r\nms a 2 I C1\r\nst\r\nmg a v\r\nms a 2\r\nok\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nVA 2 t100 s2 X W\r\nst\r\nVA 2 Z X\r\nst\r\nHD\r\nVA 2 Z X\r\nst\r\nHD\r\nVA 2\r\nok\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\n',
    },
  },
  {
    name: 'a stale delete',
    send: 'ms a 2\r\nok\r\nmd a I T30\r\nmg a t v k O1\r\nmg a t v\r\nget a\r\nmd a I\r\nmg a t v\r\nmd a\r\nmg a\r\n',
    expect:
      'HD\r\nHD\r\nVA 2 t30 ka O1 X W\r\nok\r\nVA 2 t30 Z X\r\nok\r\nVALUE a 0 2\r\nok\r\nEND\r\nHD\r\nVA 2 t30 X W\r\nok\r\nHD\r\nEN\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nEN\r\nEN\r\nEND\r\nNF \r\nEN\r\nNF \r\nCLIENT_ERROR bad command line format\r\n',
    },
  },
  {
    name: 'vivify',
    send: 'mg viv N30 v t\r\nmg viv N30 v t\r\nmg viv v\r\nget viv\r\nms viv 1 ME\r\nx\r\nma viv\r\nincr viv 1\r\nappend viv 0 0 1\r\nx\r\nmg viv v t\r\n',
    expect:
      'VA 0 t30 W\r\n\r\nVA 0 t30 Z\r\n\r\nVA 0 Z\r\n\r\nVALUE viv 0 0\r\n\r\nEND\r\nNS\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nVA 1 t30\r\nx\r\n',
    upTo: {
      '1.6.9':
        'VA 0 t30 W\r\n\r\nVA 0 t30 Z\r\n\r\nVA 0 Z\r\n\r\nVALUE viv 0 0\r\n\r\nEND\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nVA 1 t30\r\nx\r\n',
    },
  },
  {
    name: 'vivify, answered in order',
    send: 'mg viv s N0 k O1 t f h l\r\nmg viv s\r\n',
    expect: 'HD s0 kviv O1 t-1 f0 h0 l0 W\r\nHD s0 Z\r\n',
    upTo: { '1.6.9': 'OK s0 kviv O1 t-1 f0 h0 l0 W\r\nOK s0 Z\r\n' },
  },
  {
    name: 'recache',
    send: 'ms r 1 T30\r\nx\r\nmg r R30 t\r\nmg r R31 t\r\nmg r R31 t\r\nmg r v\r\n',
    expect: 'HD\r\nHD t30\r\nHD t30 W\r\nHD t30 Z\r\nVA 1 Z\r\nx\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'recache and a new TTL act in their order',
    send: 'ms r 1 T30\r\nx\r\nmg r T100 R30 t\r\nmg r R101 T10 t\r\nmg r R-1 t\r\n',
    expect: 'HD\r\nHD t100\r\nHD t10 W\r\nHD t10 Z\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'recache without an expiration',
    send: 'ms r 1\r\nx\r\nmg r R100 t\r\nmg r R0 t\r\n',
    expect: 'HD\r\nHD t-1\r\nHD t-1\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\n' },
  },
  {
    name: 'hit before, and without a bump',
    send: 'ms h 1\r\nx\r\nmg h h l t\r\nmg h h l\r\nms h 1\r\nx\r\nmg h u h\r\nmg h h\r\nmg h h\r\n',
    expect: 'HD\r\nHD h0 l0 t-1\r\nHD h1 l0\r\nHD\r\nHD h0\r\nHD h0\r\nHD h1\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nEN\r\n',
    },
  },
  {
    name: 'md',
    send: 'md a\r\nmd\r\nmd zz q\r\nmd zz k O1\r\nms a 1\r\nx\r\nmd a C1\r\nmd a C0\r\nmd a C1 q\r\nmd a k O1\r\nms a 1\r\nx\r\nmd a q\r\nmg a\r\n',
    expect:
      'NF\r\nCLIENT_ERROR bad command line format\r\nNF\r\nNF kzz O1\r\nHD\r\nEX\r\nEX\r\nEX\r\nHD ka O1\r\nHD\r\nEN\r\n',
    upTo: {
      '1.6.38': 'NF\r\nERROR\r\nNF\r\nNF kzz O1\r\nHD\r\nEX\r\nEX\r\nEX\r\nHD ka O1\r\nHD\r\nEN\r\n',
      '1.6.9':
        'NF \r\nERROR\r\nNF \r\nNF  kzz O1\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nNF \r\nNF \r\nNF  ka O1\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nCLIENT_ERROR bad command line format\r\n',
    },
  },
  {
    name: 'md with bad flags',
    send: 'md a !\r\nmd a q q\r\nmd a b\r\nmd a Tx\r\n',
    expect:
      'CLIENT_ERROR bad command line format\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR bad token in command line format\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    },
  },
  {
    name: 'flags that mean nothing to md',
    send: 'ms a 1\r\nx\r\nmd a v s t h l N1 R1 T5\r\n',
    expect: 'HD\r\nHD\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\n' },
  },
  {
    name: 'ma',
    send: 'ma\r\nma a\r\nma a N0\r\nma a N0 v\r\nma a MD\r\nma a M-\r\nma a M+ v\r\nma a MI v D18446744073709551615\r\nma a D5 v t k O1\r\n',
    expect:
      'CLIENT_ERROR bad command line format\r\nNF\r\nHD\r\nVA 1\r\n1\r\nHD\r\nHD\r\nVA 1\r\n1\r\nVA 1\r\n0\r\nVA 1 t-1 ka O1\r\n5\r\n',
    upTo: {
      '1.6.38': 'ERROR\r\nNF\r\nHD\r\nVA 1\r\n1\r\nHD\r\nHD\r\nVA 1\r\n1\r\nVA 1\r\n0\r\nVA 1 t-1 ka O1\r\n5\r\n',
      '1.6.9': 'ERROR\r\nNF \r\nOK\r\nVA 1\r\n1\r\nOK\r\nOK\r\nVA 1\r\n1\r\nVA 1\r\n0\r\nVA 1 t-1 ka O1\r\n5\r\n',
    },
  },
  {
    name: 'ma in modes that there are not',
    send: 'ma a Mi v\r\nma a Mx\r\nma a M\r\nma a D-1\r\nma a D\r\nma a !\r\nma a q q\r\n',
    expect:
      'CLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    },
  },
  {
    name: 'ma, quiet',
    send: 'ma zz q\r\nma zz k O1\r\nma n N0 q\r\nma n q\r\nma n q v\r\n',
    expect: 'NF\r\nNF kzz O1\r\n',
    upTo: { '1.6.38': 'NF\r\nNF kzz O1\r\nHD\r\n', '1.6.9': 'NF \r\nNF  kzz O1\r\nOK\r\n' },
  },
  {
    name: 'ma creates',
    send: 'ma jj J10 v\r\nma jj N30 J10 v t\r\nma jj N30 J10 v t\r\nma kk N30 J18446744073709551615 v\r\nma kk v\r\n',
    expect: 'NF\r\nVA 2 t30\r\n10\r\nVA 2 t30\r\n11\r\nVA 20\r\n18446744073709551615\r\nVA 1\r\n0\r\n',
    upTo: { '1.6.9': 'NF \r\nVA 2 t30\r\n10\r\nVA 2 t30\r\n11\r\nVA 20\r\n18446744073709551615\r\nVA 1\r\n0\r\n' },
  },
  {
    name: 'ma compares',
    send: 'ms a 1\r\n1\r\nma a C1\r\nma a C0\r\nma a C1 q\r\nma a C1 k O1\r\nma zz C1\r\n',
    expect: 'HD\r\nEX\r\nHD\r\nEX\r\nEX ka O1\r\nNF\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nNF \r\nNF \r\nNF  ka O1\r\nNF \r\n' },
  },
  {
    name: 'ma loses a new TTL with a longer number',
    send: 'ms a 1 T50\r\n9\r\nma a T100 t v\r\nmg a t v\r\nma a T200 t v\r\nmg a t v\r\n',
    expect: 'HD\r\nVA 2 t100\r\n10\r\nVA 2 t50\r\n10\r\nVA 2 t200\r\n11\r\nVA 2 t50\r\n11\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nEN\r\nNF \r\nEN\r\n' },
  },
  {
    name: 'ma on what is no number',
    send: 'ms a 1\r\nx\r\nma a\r\nma a q\r\nma a O1 k\r\n',
    expect:
      'HD\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nNF \r\nNF  O1 ka\r\n' },
  },
  {
    name: 'ma pads a shorter number',
    send: 'ms a 2\r\n10\r\nma a MD v\r\nmg a v\r\n',
    expect: 'HD\r\nVA 1\r\n9\r\nVA 2\r\n9 \r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nNF \r\nEN\r\n' },
  },
  {
    name: 'me',
    send: 'me\r\nme zz\r\nme a b\r\n',
    expect: 'CLIENT_ERROR bad command line format\r\nEN\r\nEN\r\n',
    upTo: {
      '1.6.38': 'CLIENT_ERROR bad command line format\r\nEN\r\nCLIENT_ERROR bad command line format\r\n',
      '1.6.9': 'EN\r\nEN\r\nEN\r\n',
    },
  },
  {
    name: 'me tells of an item',
    send: 'ms foo 2 F1 T30\r\nxx\r\nme foo\r\nget foo\r\nme foo\r\n',
    expect:
      /^HD\r\nME foo exp=30 la=0 cas=\d+ fetch=no cls=1 size=68\r\nVALUE foo 1 2\r\nxx\r\nEND\r\nME foo exp=30 la=0 cas=\d+ fetch=yes cls=1 size=68\r\n$/,
    upTo: {
      '1.6.18':
        /^HD\r\nME foo exp=-30 la=0 cas=\d+ fetch=no cls=1 size=68\r\nVALUE foo 1 2\r\nxx\r\nEND\r\nME foo exp=-30 la=0 cas=\d+ fetch=yes cls=1 size=68\r\n$/,
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEND\r\nEN\r\n',
    },
  },
  {
    name: 'keys in base64',
    send: 'ms Zm9v 2 b\r\nhi\r\nmg Zm9v b v k\r\nmg foo v k\r\nget foo\r\nmg Zm9v b k\r\nms Zm9v 2 b k O1\r\nhi\r\nmd Zm9v b k O1\r\nmg Zm9v b k q\r\nmg Zm9v b k\r\n',
    expect:
      'HD\r\nVA 2 kZm9v b\r\nhi\r\nVA 2 kZm9v b\r\nhi\r\nVALUE foo 0 2\r\nhi\r\nEND\r\nHD kZm9v b\r\nHD kZm9v b O1\r\nHD kZm9v b O1\r\nEN kZm9v b\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nEN\r\nEND\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\n',
    },
  },
  {
    name: 'keys that are no base64',
    send: 'mg Zm9 b v\r\nmg Zm9!! b v\r\nmg Zg b v\r\nmg Zm9v= b v\r\nms Zm9 2 b\r\nmn\r\nmg ==== b v\r\nmd Zm9 b\r\nma Zm9 b\r\n',
    expect:
      'CLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nMN\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    },
  },
  {
    name: 'base64 with bits to spare',
    send: 'mg Zh== b k\r\n',
    expect: 'EN kZg== b\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\n' },
  },
  {
    name: 'a vivified key in base64 comes back raw',
    send: 'mg Zm92 b N30 k v\r\nmg fov k\r\n',
    expect: 'VA 0 kfov W\r\n\r\nHD kfov Z\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nEN\r\n' },
  },
  {
    name: 'a counter or an append forgets base64',
    send: 'ma Zm93 b N30 k v\r\nmg Zm93 b k v\r\nms Zm9v 2 b\r\nhi\r\nms Zm9v 1 b MA k\r\nx\r\nmg Zm9v b v k\r\n',
    expect: 'VA 1 kZm93 b\r\n0\r\nVA 1 kfow\r\n0\r\nHD\r\nHD kZm9v b\r\nVA 3 kfoo\r\nhix\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\n',
    },
  },
  {
    name: 'a raw key asked for in base64',
    send: 'set foo 0 0 1\r\nx\r\nmg Zm9v b k v\r\n',
    expect: 'STORED\r\nVA 1 kfoo\r\nx\r\n',
    upTo: { '1.6.9': 'STORED\r\nCLIENT_ERROR invalid flag\r\n' },
  },
  {
    name: 'a binary key',
    send: 'ms AAEC/w== 1 b\r\nx\r\nmg AAEC/w== b k v\r\n',
    expect: 'HD\r\nVA 1 kAAEC/w== b\r\nx\r\n',
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\n' },
  },
  {
    name: 'a value past the limit deletes the item in add mode too',
    send: `ms a 1\r\nx\r\nms a ${LARGEST + 1} ME q\r\n${'x'.repeat(LARGEST + 1)}\r\nmg a v\r\n`,
    expect: 'HD\r\nSERVER_ERROR object too large for cache\r\nEN\r\n',
    upTo: { '1.6.9': { expect: '', closes: true } },
  },
  {
    name: 'expirations',
    send: 'ms a 1 T-1\r\nx\r\nmg a v\r\nms a 1 T4294967296\r\nx\r\nmg a t\r\nms a 1 T2592000\r\nx\r\nmg a t\r\nms a 1 T2592001\r\nx\r\nmg a t\r\n',
    expect: 'HD\r\nEN\r\nCLIENT_ERROR bad token in command line format\r\nEN\r\nHD\r\nHD t2592000\r\nHD\r\nEN\r\n',
    upTo: {
      '1.6.38': 'HD\r\nEN\r\nHD\r\nHD t-1\r\nHD\r\nHD t2592000\r\nHD\r\nEN\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\n',
    },
  },
  {
    name: 'a TTL that is over',
    send: 'ms a 1\r\nx\r\nmg a T-1 t\r\nmg a\r\n',
    expect: /^HD\r\nHD t42949672\d\d\r\nEN\r\n$/,
    upTo: { '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR bad command line format\r\n' },
  },
  {
    name: 'a fetch with the CAS of the item brings no value',
    send: 'ms a 2 E7\r\nhi\r\nmg a C7 v c\r\nmg a C8 v c\r\nmg a C7 v s t h q\r\nmg a C7 k\r\nmg zz C7 v\r\nmd a I\r\nmg a v C7\r\n',
    expect: 'HD\r\nHD c7\r\nVA 2 c7\r\nhi\r\nHD s2 t-1 h1\r\nHD ka\r\nEN\r\nHD\r\nVA 2 X W\r\nhi\r\n',
    upTo: {
      '1.6.38':
        'HD\r\nVA 2 c7\r\nhi\r\nVA 2 c7\r\nhi\r\nVA 2 s2 t-1 h1\r\nhi\r\nHD ka\r\nEN\r\nHD\r\nVA 2 X W\r\nhi\r\n',
      '1.6.18': 'CLIENT_ERROR invalid flag\r\nEN\r\nEN\r\nEN ka\r\nEN\r\nNF\r\nEN\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nEN\r\nEN\r\nNF \r\nEN\r\n',
    },
  },
  {
    name: 'a fetch with the CAS of a stale item',
    send: 'ms a 2 E7\r\nhi\r\nmd a I E8\r\nmg a C8 v c\r\nmg a C8 v c\r\n',
    expect: 'HD\r\nHD\r\nHD c8 X W\r\nHD c8 Z X\r\n',
    upTo: {
      '1.6.38': 'HD\r\nHD\r\nVA 2 c8 X W\r\nhi\r\nVA 2 c8 Z X\r\nhi\r\n',
      '1.6.18': 'CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\nEN\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\nEN\r\n',
    },
  },
  {
    name: '20 and 21 words with a length',
    send: 'ms a 1 v s f t h l k O1 P1 L1 N1 T1 R1 F1 MS I b!\r\nx\r\nms a 1 v s f t h l k O1 P1 L1 N1 T1 R1 F1 MS I D1 J1\r\nx\r\nmg a v s f t h l k O1 P1 L1 N1 T1 R1 F1 I D1 J1 M q\r\n',
    expect:
      'CLIENT_ERROR error decoding key\r\nCLIENT_ERROR options flags are too long\r\nCLIENT_ERROR options flags are too long\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR options flags too long\r\nERROR\r\nCLIENT_ERROR options flags too long\r\nERROR\r\nCLIENT_ERROR options flags are too long\r\n',
    },
  },
  {
    name: 'a store that fails keeps its CAS for the next',
    send: 'ms a 1 c E50\r\nxx\r\nset a 0 0 1\r\nx\r\ngets a\r\nms b 1 E60 Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nx\r\nset a 0 0 1\r\nx\r\ngets a\r\n',
    expect:
      'CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nSTORED\r\nVALUE a 0 1 50\r\nx\r\nEND\r\nCLIENT_ERROR opaque token too long\r\nSTORED\r\nVALUE a 0 1 60\r\nx\r\nEND\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad data chunk\r\nERROR\r\nSTORED\r\nVALUE a 0 1 50\r\nx\r\nEND\r\nCLIENT_ERROR opaque token too long\r\nSTORED\r\nVALUE a 0 1 60\r\nx\r\nEND\r\n',
      '1.6.18':
        /^CLIENT_ERROR invalid flag\r\nERROR\r\nSTORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\nCLIENT_ERROR invalid flag\r\nSTORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
      '1.6.9':
        /^CLIENT_ERROR invalid flag\r\nERROR\r\nSTORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nSTORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
    },
  },
  {
    name: 'odd tokens',
    send: 'mg a T-\r\nmg a T+5\r\nmg a N-1 R00000000001\r\nmg a C+1\r\nmg a [\r\nmg a {\r\nmg a 5\r\nms a +1\r\nx\r\nms a 1 F00000000001\r\nx\r\nms a 1 F000000000001\r\nx\r\n',
    expect:
      'EN\r\nCLIENT_ERROR bad token in command line format\r\nHD W\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nHD\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38':
        'CLIENT_ERROR bad token in command line format\r\nEN\r\nHD W\r\nEN\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nHD\r\nHD\r\nHD\r\n',
      '1.6.9':
        'CLIENT_ERROR bad token in command line format\r\nEN\r\nOK W\r\nEN\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'base64 with characters that are none',
    send: 'ms Zm9v 2 b\r\nhi\r\nmg Zm9!v v b\r\nmg Zg==Zg== b k\r\nmg Zg=v b k\r\nmg Z=== b k\r\nmg =Zgv b k\r\n',
    expect: 'HD\r\nVA 2\r\nhi\r\nEN kZg== b\r\nEN kZgA= b\r\nCLIENT_ERROR error decoding key\r\nEN kAZg= b\r\n',
    upTo: {
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\n',
    },
  },
  {
    name: 'me with a key in base64',
    send: 'ms Zm9v 2 b\r\nhi\r\nme Zm9v b\r\nme !\r\nme a !\r\n',
    expect: 'HD\r\nEN\r\nEN\r\nCLIENT_ERROR bad command line format\r\n',
    upTo: {
      '1.6.38': /^HD\r\nME Zm9v exp=-1 la=0 cas=\d+ fetch=no cls=1 size=64\r\nEN\r\nEN\r\n$/,
      '1.6.18': /^HD\r\nME Zm9v exp=-1 la=0 cas=\d+ fetch=no cls=1 size=64\r\nEN\r\nEN\r\n$/,
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\nEN\r\n',
    },
  },
  {
    name: 'hints for a proxy',
    send: 'ms a 1 Pfoo Lbar\r\nx\r\nmg a k v Pfoo Lbar\r\nmg a P P\r\n',
    expect: 'HD\r\nVA 1 ka\r\nx\r\nCLIENT_ERROR duplicate flag\r\n',
    upTo: {
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\n',
    },
  },
  {
    name: 'x leaves an empty item',
    send: 'ms a 1 F5\r\nx\r\nmd a x\r\nmg a v f\r\n',
    expect: 'HD\r\nHD\r\nVA 0 f0\r\n\r\n',
    upTo: {
      '1.6.18': 'HD\r\nCLIENT_ERROR invalid or duplicate flag\r\nVA 1 f5\r\nx\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\n',
    },
  },
  {
    name: 'x with T and F',
    send: 'ms a 1 F5\r\nx\r\nmd a x T30 F9\r\nmg a v f t\r\n',
    expect: 'HD\r\nHD\r\nVA 0 f9 t30\r\n\r\n',
    upTo: {
      '1.6.18': 'HD\r\nCLIENT_ERROR invalid or duplicate flag\r\nVA 1 f5 t-1\r\nx\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\n',
    },
  },
  {
    name: 'x and I',
    send: 'ms a 1\r\nx\r\nmd a x I\r\nmg a v\r\n',
    expect: 'HD\r\nHD\r\nVA 0 X W\r\n\r\n',
    upTo: {
      '1.6.18': 'HD\r\nCLIENT_ERROR invalid or duplicate flag\r\nVA 1\r\nx\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\n',
    },
  },
  {
    name: 'E names the CAS',
    send: 'ms a 1 E5 c\r\nx\r\nmg a c\r\nms a 1 C5 E18446744073709551615 c\r\nx\r\nms a 1 Ex\r\nx\r\n',
    expect: 'HD c5\r\nHD c5\r\nHD c18446744073709551615\r\nCLIENT_ERROR bad token in command line format\r\n',
    upTo: {
      '1.6.18': 'CLIENT_ERROR invalid flag\r\nEN\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'E on a vivified item, a counter and a stale one',
    send: 'mg viv N0 E7 c\r\nma n N0 E8 c\r\nma n E9 c\r\nmd n I E11\r\nmg n c\r\n',
    expect: 'HD c7 W\r\nHD c8\r\nHD c9\r\nHD\r\nHD c11 X W\r\n',
    upTo: {
      '1.6.18':
        'CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nEN\r\n',
    },
  },
  {
    name: 's tells the stored size',
    send: 'ms a 1 s\r\nx\r\nms a 2 MA s\r\nyz\r\n',
    expect: 'HD s1\r\nHD s3\r\n',
    upTo: {
      '1.6.18': 'HD\r\nHD\r\n',
      '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    },
  },
  {
    name: 'N creates in append mode',
    send: 'ms new 1 MA N30\r\nx\r\nms new 1 MA N60\r\ny\r\nms b 1 MP N30\r\nx\r\nmg new v t\r\nmg b v t\r\n',
    expect: 'HD\r\nHD\r\nHD\r\nVA 2 t30\r\nxy\r\nVA 1 t30\r\nx\r\n',
    upTo: {
      '1.6.18': 'NS\r\nNS\r\nNS\r\nEN\r\nEN\r\n',
      '1.6.9':
        'CLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nEN\r\nEN\r\n',
    },
  },
];
