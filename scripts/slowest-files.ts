import path from 'node:path';
import type { TestEvent } from 'node:test/reporters';

const SHOWN = 10;

/** How long the process of one test file ran. */
export interface FileTime {
  file: string;
  seconds: number;
}

/** The time of the file that the event says has ended; null for other events. */
export function fileTime({ type, data }: TestEvent): FileTime | null {
  // Each file is reported as a test with the file's name.
  if (type !== 'test:complete' || data.file === undefined || path.resolve(data.name) !== data.file)
    return null;
  return { file: path.relative('.', data.file), seconds: data.details.duration_ms / 1000 };
}

/** Lists the slowest of several files. */
export function slowestFiles(files: readonly FileTime[]): string {
  if (files.length < 2) return '';
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
  const lines = slowest.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}\n`);
  return `\nThe slowest files:\n${lines.join('')}`;
}
