import path from 'node:path';
import type { TestEvent } from 'node:test/reporters';

const SHOWN = 10;

/** A reporter for `node --test` that lists the slowest files, by the run time of their processes. */
export default async function* slowestFiles(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { file: string; seconds: number }[] = [];
  for await (const { type, data } of source) {
    // Each file is reported as a test with the file's name.
    if (type !== 'test:complete' || data.file === undefined || path.resolve(data.name) !== data.file)
      continue;
    files.push({ file: path.relative('.', data.file), seconds: data.details.duration_ms / 1000 });
  }
  if (files.length < 2) return;
  files.sort((a, b) => b.seconds - a.seconds);
  yield '\nThe slowest files:\n';
  for (const { file, seconds } of files.slice(0, SHOWN)) {
    yield `${seconds.toFixed(1).padStart(7)} s  ${file}\n`;
  }
}
