import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** A file of JSON lines that a simulated data plane is rebuilt from. One process may write it at a time. */
export interface Journal<Entry> {
  /** When it returns, the entry is in the page cache, so it survives SIGKILL (but not a crash of the host). */
  append(entry: Entry): void;
  close(): void;
}

/**
 * Replays the file through `apply` and opens it for appending. Drops an incomplete last line: the process was killed
 * before that change took effect.
 */
function openJournal<Entry>(file: string, apply: (entry: Entry) => void): Journal<Entry> {
  const text = readIfThere(file);
  const whole = wholeLines(text);
  replay(whole, apply);
  let fd = openSync(file, 'a', 0o600);
  if (whole.length < text.length) ftruncateSync(fd, Buffer.byteLength(whole));
  return {
    append(entry) {
      writeSync(fd, `${JSON.stringify(entry)}\n`);
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}

/** Replaces the journal by one with only `entries`. If killed meanwhile, the old journal stays. */
function rewriteJournal<Entry>(file: string, entries: Iterable<Entry>): void {
  const lines: string[] = [];
  for (const entry of entries) lines.push(`${JSON.stringify(entry)}\n`);
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Where a simulated world is kept. */
export interface JournalOptions {
  /** File that preserves the world over restarts, even after SIGKILL. Null: memory only. */
  stateFile: string | null;
  /** True for a process beside the server that writes the file: it sees what is kept, and its own changes are lost. */
  readOnly?: boolean;
}

/** Rebuilds a simulated world from its journal, and opens the journal, shortened, for the world's further changes. */
export function restoreJournal<Entry>(
  { stateFile, readOnly = false }: JournalOptions,
  world: { apply(change: Entry): void; changes(): Iterable<Entry> },
): Journal<Entry> | null {
  if (stateFile === null) return null;
  const apply = (change: Entry) => world.apply(change);
  if (readOnly) {
    replay(wholeLines(readIfThere(stateFile)), apply);
    return null;
  }
  openJournal<Entry>(stateFile, apply).close();
  rewriteJournal(stateFile, world.changes());
  return openJournal<Entry>(stateFile, () => {});
}

/** The text without an incomplete last line. */
const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

function replay<Entry>(text: string, apply: (entry: Entry) => void): void {
  for (const line of text.split('\n')) if (line) apply(JSON.parse(line) as Entry);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
