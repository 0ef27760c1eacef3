import type { Command } from 'commander';
import { bytes, integer, seconds, share } from '../parsers.ts';

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('load the servers, and measure rates and latencies')
    .option('-g, --get-ratio <share>', 'the share of gets, 0 to 1; the rest are sets', share, 0.9)
    .option('-s, --size <size>', 'bytes of a value, or 10k, 1m', bytes, 100)
    .option('-k, --keys <number>', 'how many keys', integer(1, 10_000_000), 10_000)
    .option('-c, --concurrency <number>', 'commands under way at a time', integer(1, 100_000), 64)
    .option('-d, --duration <seconds>', 'how long', seconds, 5)
    .option('--connections <number>', 'sockets to each server', integer(1, 1000), 1)
    .addHelpText(
      'after',
      `
Commands under way share the sockets: they are pipelined, and a latency includes the time in that queue.
The keys are the run's own (memts-bench:…); they are stored before and deleted after it.

Examples:
  $ memts bench --get-ratio 0.5 --size 4k --duration 10
  $ memts bench --protocol binary --concurrency 256 --json`,
    )
    .action(async (_: unknown, command: Command) => {
      const { bench } = await import('../actions/bench.ts');
      process.exitCode = await bench(command.optsWithGlobals());
    });
}
