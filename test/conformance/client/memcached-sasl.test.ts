import { startMemcached } from '../../support/memcached.ts';
import { describeClient } from './suite.ts';

const USER = { username: 'alice', password: 'p:a@ss' };

describeClient('memcached with SASL, binary protocol', async () => ({
  server: await startMemcached({ sasl: [USER] }),
  protocol: 'binary',
  options: { protocol: 'binary', ...USER },
}));
