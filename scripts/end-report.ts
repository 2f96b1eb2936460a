import path from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { type FileTime, fileTime, slowestFiles } from './slowest-files.ts';

/** The result of one run of `run-files.ts`. */
export interface Outcome {
  passed: number;
  skipped: number;
  seconds: number;
  /** Failed tests, as `FILE: NAME`. */
  failed: string[];
}

/**
 * A reporter that lists the slowest files, and sends the result to the parent process. It is one, and not two, because
 * Node warns of a leak where there are three reporters.
 */
export default async function* reportEnd(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const outcome: Outcome = { passed: 0, skipped: 0, seconds: 0, failed: [] };
  const times: FileTime[] = [];
  for await (const event of source) {
    const time = fileTime(event);
    if (time) times.push(time);
    const { type, data } = event;
    if (type === 'test:fail' && isCause(data)) {
      outcome.failed.push(`${path.relative('.', data.file ?? '')}: ${data.name}`);
    }
    // Only the summary of all files together.
    if (type !== 'test:summary' || data.file !== undefined) continue;
    outcome.passed = data.counts.passed;
    outcome.skipped = data.counts.skipped;
    outcome.seconds = data.duration_ms / 1000;
  }
  process.send?.(outcome);
  yield slowestFiles(times);
}

/** Whether the test itself failed, and not only because of tests inside it. */
const isCause = ({ details }: { details: { error: Error } }): boolean =>
  !('failureType' in details.error && details.error.failureType === 'subtestsFailed');

/** The final lines of a run: the result of each group of files, and all failed tests. */
export function endReport(outcomes: ReadonlyMap<string, Outcome>): string[] {
  const lines = [...outcomes].map(([what, { passed, skipped, failed, seconds }]) => {
    const counts = [
      `${passed} passed`,
      failed.length > 0 ? `${failed.length} failed` : '',
      skipped > 0 ? `${skipped} skipped` : '',
    ];
    return `${failed.length > 0 ? '✖' : '✔'} ${what}: ${counts.filter(Boolean).join(', ')} in ${minutes(seconds)}`;
  });
  const failed = [...outcomes.values()].flatMap((outcome) => outcome.failed);
  return [...lines, ...failed.map((test) => `    ✖ ${test}`)];
}

const minutes = (seconds: number): string =>
  seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
