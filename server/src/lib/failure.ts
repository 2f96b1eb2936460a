import { AppError } from './errors.ts';
import type { Log } from './log.ts';

/** Codes of PostgreSQL and Node for an unreachable database: starting, stopping, or no connection. */
const AWAY =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0[123])$/;

/** SQLSTATE class 53: the database is out of disk space, memory or connections. */
const FULL = /^53\w{3}$/;

/** SQLSTATE of a database that takes no writes, and of a disk that fails. */
const READ_ONLY = /^(25006|58030)$/;
/** PostgreSQL reports a read-only file system as a lack of rights. */
const READ_ONLY_DISK = /Read-only file system/;

/** Messages of `pg` about a lost connection, which have no code. */
const LOST = /^(Connection terminated|Client has encountered a connection error)/;

export type Outage = 'away' | 'full' | 'read_only';

/**
 * Whether an error means that the database is unreachable (`away`) or out of disk space, memory or connections
 * (`full`), or that its disk is `read_only` or broken. Null for any other error.
 */
export function databaseOutage(error: unknown): Outage | null {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && FULL.test(code)) return 'full';
  if (typeof code === 'string' && AWAY.test(code)) return 'away';
  if (typeof code === 'string' && READ_ONLY.test(code)) return 'read_only';
  if (typeof code === 'string' && typeof message === 'string' && READ_ONLY_DISK.test(message))
    return 'read_only';
  return typeof message === 'string' && LOST.test(message) ? 'away' : null;
}

/**
 * Logs a failure at the appropriate level (docs/operations.md, "The log"). An unreachable part, which is retried, is a
 * warning. A full database is an error, since only the operator can help. Anything else is a defect of Danube: an error
 * with its stack.
 */
export function logFailure(
  log: Pick<Log, 'warn' | 'error'>,
  error: unknown,
  message: string,
  fields: Record<string, unknown> = {},
): void {
  const outage = outageOf(error);
  if (!outage) log.error({ ...fields, err: error }, message);
  else log[outage === 'away' ? 'warn' : 'error']({ ...fields, reason: reasonOf(error) }, message);
}

/** As `databaseOutage`; also covers the data plane, whose errors say whether a retry can succeed. */
function outageOf(error: unknown): Outage | null {
  const outage = databaseOutage(error);
  if (outage) return outage;
  if (error instanceof AppError && error.status === 503) return outageOf(error.cause) ?? 'away';
  return (error as { retryable?: unknown } | null)?.retryable === true ? 'away' : null;
}

/** An error and its causes in one line. */
function reasonOf(error: unknown): string {
  const said: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    said.push(at.message || String((at as { code?: unknown }).code ?? at.name));
  }
  return said.join(': ');
}
