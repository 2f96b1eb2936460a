import type { Progress } from '../lib/progress.ts';

/** Which part of a build's progress one run of mmdebstrap is. */
interface Part {
  /** Percentages at its begin and end. */
  from: number;
  to: number;
  /** Share of the packages that apt plans first; it plans the others later. */
  shareOfFirstPlan: number;
}

/** The system that images of a suite share, which apt installs in two steps. */
export const BASE_PROGRESS: Part = { from: 0, to: 35, shareOfFirstPlan: 2 / 3 };
/** What an image has besides. */
export const IMAGE_PROGRESS: Part = { from: 35, to: 91, shareOfFirstPlan: 1 };

/**
 * Converts what mmdebstrap and apt print to percentages, which never go back: unpacking and setting up packages is most
 * of the work, compressing the image the rest.
 */
export function buildProgress(
  id: string,
  progress: Progress,
  { from, to, shareOfFirstPlan }: Part,
): (line: string) => void {
  const plans: number[] = [];
  let done = 0;
  let shown = from;
  progress(`Building ${id}: fetching package lists`, from);
  return (line) => {
    const planned = /(\d+) newly installed/.exec(line);
    if (planned && Number(planned[1]) > 0) plans.push(Number(planned[1]));
    if (/^I: creating tarball/.test(line)) progress(`Building ${id}: compressing it`, to);
    const step = /^(Unpacking|Setting up) (\S+)/.exec(line);
    if (!step) return;
    done += 1;
    const known = plans.reduce((sum, packages) => sum + packages, 0);
    const expected = 2 * (plans.length > 1 ? known : known / shareOfFirstPlan);
    const share = done / Math.max(expected, done);
    shown = Math.max(shown, Math.min(to, Math.round(from + (to - from) * share)));
    progress(`Building ${id}: ${step[1] === 'Unpacking' ? 'unpacking' : 'setting up'} ${step[2]}`, shown);
  };
}
