import { ConfigError } from '../config-error.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { OperatorError } from '../host/operator-error.ts';
import { AppError } from '../lib/errors.ts';

/** An invalid command line; the message says what is wrong with it. */
export class UsageError extends Error {}

/**
 * Reports the failure on standard error and returns the exit status. For an `OperatorError` it prints the sentence and
 * its remedy. Anything unknown is a defect of Danube and is printed with its stack.
 */
export function reportFailure(error: unknown): number {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  return error instanceof UsageError ? 2 : 1;
}

export function describeFailure(error: unknown): string {
  if (error instanceof OperatorError) {
    const cause = error.cause instanceof Error ? `\n  ${error.cause.message}` : '';
    return `danube: ${error.message}\n  ${error.remedy}${cause}`;
  }
  if (error instanceof ConfigError)
    return `danube: ${error.message}\n  See docs/configuration.md for every setting.`;
  if (error instanceof UsageError) return `danube: ${error.message}\n  \`danube help\` lists the commands.`;
  if (error instanceof AppError || error instanceof DataPlaneError) return `danube: ${error.message}`;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') {
    return `danube: ${(error as Error).message}\n  Only root may do that on this install: use sudo.`;
  }
  return `danube: an unexpected error\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
