#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describe, Exit, exitCodeOf } from './exit.ts';
import { askedToEndWith } from './interruption.ts';
import { complain, OutputError, watchOutput } from './output.ts';
import { makeProgram } from './program.ts';

watchOutput();
try {
  await makeProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = usageCode(error);
  else if (!(error instanceof OutputError)) process.exitCode = fail(error);
}

/** Commander has said what is wrong, or shown the help that was asked for. */
function usageCode({ exitCode }: CommanderError): number {
  return exitCode === 0 ? Exit.Ok : Exit.Usage;
}

function fail(error: unknown): number {
  complain(describe(error));
  return askedToEndWith() || exitCodeOf(error);
}
