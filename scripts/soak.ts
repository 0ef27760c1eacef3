import { main } from '../test/reliability/soak.ts';

await main(process.argv.slice(2));
