import { startMemcached } from '../../support/memcached.ts';
import { describeClient } from './suite.ts';

describeClient('memcached, binary protocol', async () => ({
  server: await startMemcached(),
  protocol: 'binary',
  options: { protocol: 'binary' },
}));
