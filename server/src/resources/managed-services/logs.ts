import type { LogLevel, Provider } from '../../services/provider.ts';

export interface LogEntry {
  /** ISO 8601 UTC. */
  timestamp: string;
  level: LogLevel;
  message: string;
}

export interface LogQuery {
  /** Not before, and not after: Unix milliseconds. */
  since: number | null;
  until: number | null;
  /** Only entries after this position, see {@link LogPage}. */
  cursor: string | null;
  /** This level and more severe ones. */
  level: LogLevel | null;
  limit: number;
}

export interface LogPage {
  /** Oldest first. */
  entries: LogEntry[];
  /** Position after the last entry, at which a request with it continues. Null where there is none yet. */
  cursor: string | null;
  /** True where `limit` left entries out. */
  truncated: boolean;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Most bytes that `control logs` prints; they may be fewer characters. */
const CUT_AT = 900_000;

/** `svlogd -tt` begins a line with `YYYY-MM-DD_HH:MM:SS.xxxxx` in UTC; a customer may control what follows. */
const LINE =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))_((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{1,9}) (.*)$/s;
/** Most characters of one message. */
const MAX_MESSAGE = 2000;

interface Line {
  /** As in ISO 8601, without the zone: sorts chronologically. */
  time: string;
  /** Time, and a counter among entries of the same time: sorts in log order. */
  position: string;
  message: string;
}

/**
 * Parses the output of `control logs`. Without `since` or `cursor` it returns the newest entries, otherwise the first
 * that follow. A line without a time continues the previous entry. Only returned entries are parsed fully, since the
 * text can be a MiB of anything.
 */
export function readLog(text: string, provider: Provider, query: LogQuery): LogPage {
  const after = query.cursor ?? '';
  const since = query.since === null ? '' : isoTime(query.since);
  const until = query.until === null ? '~' : `${isoTime(query.until)}~`;
  const least = query.level === null ? 0 : LEVELS.indexOf(query.level);
  const lines = parse(text).filter(
    (line) =>
      line.position > after &&
      line.time >= since &&
      line.time <= until &&
      (least === 0 || LEVELS.indexOf(provider.logLevel(line.message)) >= least),
  );
  const forward = query.cursor !== null || query.since !== null;
  const page = forward ? lines.slice(0, query.limit) : lines.slice(-query.limit);
  return {
    entries: page.map(({ time, message }) => ({
      timestamp: `${time.slice(0, 23).padEnd(23, '0')}Z`,
      level: provider.logLevel(message),
      message,
    })),
    cursor: page.at(-1)?.position ?? query.cursor,
    truncated: page.length < lines.length,
  };
}

/** A time in the format of the log. */
const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, -1);

function parse(text: string): Line[] {
  const lines: Line[] = [];
  let lastTime = '';
  let sameTime = 0;
  // Truncated output may begin in the middle of a line, with anything.
  const start = text.length >= CUT_AT ? text.indexOf('\n') + 1 : 0;
  for (const line of text.slice(start).split('\n')) {
    const match = LINE.exec(line);
    const last = lines.at(-1);
    if (!match) {
      if (last && line && last.message.length < MAX_MESSAGE) {
        last.message = `${last.message}\n${line}`.slice(0, MAX_MESSAGE);
      }
      continue;
    }
    const time = `${match[1]}T${match[2]}`;
    sameTime = time === lastTime ? sameTime + 1 : 0;
    lastTime = time;
    const position = `${time}-${String(sameTime).padStart(6, '0')}`;
    lines.push({ time, position, message: match[3]!.slice(0, MAX_MESSAGE) });
  }
  return lines;
}
