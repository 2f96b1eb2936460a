import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on standard output. Secrets must not be passed to log calls; redaction is the second line of defence. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', '*.password', '*.secret', '*.token'],
  });
}
