import { main } from '../test/reliability/faults.ts';

await main(process.argv.slice(2));
