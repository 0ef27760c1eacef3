#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describe, Exit, exitCodeOf } from './exit.ts';
import { complain } from './output.ts';
import { makeProgram } from './program.ts';

/** A reader that has seen enough, as in `memts keys | head`, is no error. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode);
  });
}

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? usageCode(error) : fail(error);
}

/** Commander has said what is wrong, or shown the help that was asked for. */
function usageCode({ exitCode }: CommanderError): number {
  return exitCode === 0 ? Exit.Ok : Exit.Usage;
}

function fail(error: unknown): number {
  complain(describe(error));
  return exitCodeOf(error);
}
