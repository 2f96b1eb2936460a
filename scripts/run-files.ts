/**
 * Runs test files in the order in which they are given, which `node --test` would sort, each in a process of its own:
 * `run-files.ts AT_ONCE FILE…`. Sends the outcome to the parent process.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import reportEnd from './end-report.ts';

const [atOnce, ...files] = process.argv.slice(2);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
const events = run({
  concurrency: Number(atOnce),
  files,
  signal: interruption.signal,
});
events.on('test:summary', ({ file, success }) => {
  // Only the summary of all files together.
  if (file === undefined && !success) process.exitCode = 1;
});
for (const reporter of [new spec(), reportEnd]) events.compose(reporter).pipe(process.stdout);
