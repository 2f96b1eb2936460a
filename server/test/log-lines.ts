import { pino } from 'pino';
import type { Log } from '../src/lib/log.ts';

/** A log of all levels, and the lines written to it so far, each a JSON object as text. */
export function collectLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  return { log, lines };
}
