import { main } from '../test/reliability/faults.ts';

await main(process.argv.slice(2));
// Other clients leave sockets at our proxies, which would keep this process.
process.exit();
