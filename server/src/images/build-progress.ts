import type { Progress } from '../lib/progress.ts';

/** Packages that a system begins with are about a third of all: apt plans them first, and the others later. */
const SHARE_OF_FIRST_PLAN = 1 / 3;

/**
 * Converts what mmdebstrap and apt print to percentages, which never go back: unpacking and setting up packages is most
 * of the work, compressing the image the rest.
 */
export function buildProgress(id: string, progress: Progress): (line: string) => void {
  const plans: number[] = [];
  let done = 0;
  let shown = 0;
  progress(`Building ${id}: fetching package lists`, 0);
  return (line) => {
    const planned = /(\d+) newly installed/.exec(line);
    if (planned && Number(planned[1]) > 0) plans.push(Number(planned[1]));
    if (/^I: creating tarball/.test(line)) progress(`Building ${id}: compressing it`, 91);
    const step = /^(Unpacking|Setting up) (\S+)/.exec(line);
    if (!step) return;
    done += 1;
    const known = plans.reduce((sum, packages) => sum + packages, 0);
    const expected = 2 * (plans.length > 1 ? known : known / SHARE_OF_FIRST_PLAN);
    shown = Math.max(shown, Math.min(90, Math.round(5 + (85 * done) / Math.max(expected, done))));
    progress(`Building ${id}: ${step[1] === 'Unpacking' ? 'unpacking' : 'setting up'} ${step[2]}`, shown);
  };
}
