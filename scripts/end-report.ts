import path from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** What became of the test files that one `node --test` ran. */
export interface Outcome {
  passed: number;
  skipped: number;
  seconds: number;
  /** Tests that failed, as `FILE: NAME`. */
  failed: string[];
}

/** A reporter for `node --test` that prints nothing: it sends the outcome to the process that started it. */
export default async function* sendOutcome(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const outcome: Outcome = { passed: 0, skipped: 0, seconds: 0, failed: [] };
  for await (const { type, data } of source) {
    if (type === 'test:fail' && isCause(data)) {
      outcome.failed.push(`${path.relative('.', data.file ?? '')}: ${data.name}`);
    }
    // That of all files together.
    if (type !== 'test:summary' || data.file !== undefined) continue;
    outcome.passed = data.counts.passed;
    outcome.skipped = data.counts.skipped;
    outcome.seconds = data.duration_ms / 1000;
  }
  process.send?.(outcome);
  yield '';
}

/** Whether it failed by itself, and not because of tests in it. */
const isCause = ({ details }: { details: { error: Error } }): boolean =>
  !('failureType' in details.error && details.error.failureType === 'subtestsFailed');

/** The lines that a run ends with: for each group of files what became of it, and all that failed. */
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
