import { writeFileSync } from 'node:fs';

/** Added to what a process uses, in thousandths of the host's memory, when the kernel looks for one to kill. */
const SCORE = -900;

/**
 * Has the kernel kill this process, and the daemons that it starts, after nearly all others where the host's memory runs
 * out. Only root of the host may; without, nothing changes. Incus's daemon takes it back for itself, see
 * `components/incus-daemon.ts`, since what it runs in instances inherits it.
 */
export function surviveOutOfMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(SCORE));
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code!)) throw error;
  }
}
