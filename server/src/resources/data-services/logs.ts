import type { LogLevel, Provider } from '../../providers/provider.ts';

export interface LogEntry {
  /** ISO 8601 UTC. */
  timestamp: string;
  level: LogLevel;
  message: string;
}

export interface LogQuery {
  /** Not before, not after: Unix milliseconds. */
  since: number | null;
  until: number | null;
  /** Only what came after this position, see {@link LogPage}. */
  cursor: string | null;
  /** This level and more severe ones. */
  level: LogLevel | null;
  limit: number;
}

export interface LogPage {
  /** Oldest first. */
  entries: LogEntry[];
  /** Position after the last entry: a question with it goes on there. Null where there is none yet. */
  cursor: string | null;
  /** True where `limit` left some out. */
  truncated: boolean;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** `svlogd -tt` begins a line with `YYYY-MM-DD_HH:MM:SS.xxxxx` in UTC. */
const LINE = /^(\d{4}-\d\d-\d\d)_(\d\d:\d\d:\d\d\.\d+) (.*)$/;
/** More of one line than this is of no use to a reader. */
const MAX_MESSAGE = 2000;

/**
 * Reads what `control logs` printed. Without `since` or `cursor` it is the newest entries that count, with one of them the
 * first that follow. A line without a time is the rest of the one before it.
 */
export function readLog(text: string, provider: Provider, query: LogQuery): LogPage {
  const entries = parse(text, provider).filter(
    ({ entry, position }) =>
      (query.cursor === null || position > query.cursor) &&
      (query.since === null || Date.parse(entry.timestamp) >= query.since) &&
      (query.until === null || Date.parse(entry.timestamp) <= query.until) &&
      (query.level === null || LEVELS.indexOf(entry.level) >= LEVELS.indexOf(query.level)),
  );
  const forward = query.cursor !== null || query.since !== null;
  const page = forward ? entries.slice(0, query.limit) : entries.slice(-query.limit);
  return {
    entries: page.map(({ entry }) => entry),
    cursor: page.at(-1)?.position ?? query.cursor,
    truncated: page.length < entries.length,
  };
}

interface Positioned {
  entry: LogEntry;
  /** Time and number among those of the same time: sorts as the log does. */
  position: string;
}

function parse(text: string, provider: Provider): Positioned[] {
  const entries: Positioned[] = [];
  let lastTime = '';
  let sameTime = 0;
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (!match) {
      const last = entries.at(-1);
      if (last && line) last.entry.message = `${last.entry.message}\n${line}`.slice(0, MAX_MESSAGE);
      continue;
    }
    const time = `${match[1]}T${match[2]}`;
    sameTime = time === lastTime ? sameTime + 1 : 0;
    lastTime = time;
    const message = match[3]!;
    entries.push({
      entry: {
        timestamp: new Date(`${time}Z`).toISOString(),
        level: provider.logLevel(message),
        message: message.slice(0, MAX_MESSAGE),
      },
      position: `${time}-${String(sameTime).padStart(4, '0')}`,
    });
  }
  return entries;
}
