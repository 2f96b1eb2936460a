import { AppError } from './errors.ts';
import type { Log } from './log.ts';

/** PostgreSQL's and Node's codes for a database that is away: it starts, ends, or cannot be reached. */
const AWAY =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0[123])$/;

/** Class 53 is for what the database has none left of: disk, memory, connections. */
const FULL = /^53\w{3}$/;

/** What `pg` says of a connection that is lost, without a code. */
const LOST = /^(Connection terminated|Client has encountered a connection error)/;

/**
 * What ails the database where that is why something failed: it is away for a while, or it has no room. Null where the
 * error tells of something else.
 */
export function databaseOutage(error: unknown): 'away' | 'full' | null {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && FULL.test(code)) return 'full';
  if (typeof code === 'string' && AWAY.test(code)) return 'away';
  return typeof message === 'string' && LOST.test(message) ? 'away' : null;
}

/**
 * Logs a failure at the level that it deserves (docs/operations.md, "The log"). Of a part that is away, which is tried again, a
 * warning; of a database without room an error, since nobody but the operator can make some. What is left is a fault of
 * Danube's own: an error, with the stack.
 */
export function logFailure(
  log: Pick<Log, 'warn' | 'error'>,
  error: unknown,
  message: string,
  fields: Record<string, unknown> = {},
): void {
  if (outageOf(error) === 'full') log.error({ ...fields, reason: reasonOf(error) }, message);
  else if (outageOf(error) === 'away') log.warn({ ...fields, reason: reasonOf(error) }, message);
  else log.error({ ...fields, err: error }, message);
}

/** Also of the data plane's parts: their errors say of themselves that the same may work later. */
function outageOf(error: unknown): 'away' | 'full' | null {
  const outage = databaseOutage(error);
  if (outage) return outage;
  if (error instanceof AppError && error.status === 503) return outageOf(error.cause) ?? 'away';
  return (error as { retryable?: unknown } | null)?.retryable === true ? 'away' : null;
}

/** An error and what caused it, in one line. */
function reasonOf(error: unknown): string {
  const said: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    said.push(at.message || String((at as { code?: unknown }).code ?? at.name));
  }
  return said.join(': ');
}
