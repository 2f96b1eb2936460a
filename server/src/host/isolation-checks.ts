import { describeIsolation, readIsolation, weaknesses } from './isolation.ts';
import { lxcfsIsReadOnly, lxcfsWorks, oldLxcfs } from './lxcfs.ts';
import { fail, ok, RESTART, type Verdict, warn } from './verdict.ts';

/** What keeps instances apart from the host, and what is weaker where some of it is missing. */
export function isolation(): Verdict {
  const present = readIsolation();
  const weak = weaknesses(present);
  const text = [describeIsolation(present), ...weak.map(({ what }) => what)].join('; ');
  if (weak.length === 0) return ok(text);
  const mend = weak.map((weakness) => weakness.mend).join(' ');
  return present.userNamespaces ? warn(text, mend) : fail(text, mend);
}

/** Whether instances see their own memory and processors, and cannot write to those of the host. */
export function lxcfs(): Verdict {
  if (!lxcfsWorks()) {
    return fail(
      'does not answer: instances see the memory and processors of the host',
      `${RESTART} Then reboot the instances that run.`,
    );
  }
  if (!lxcfsIsReadOnly()) return fail('writable: instances can change files of this host', RESTART);
  const { daemons, containers } = oldLxcfs();
  const names = containers.join(', ');
  if (daemons.length > 0) {
    const numbers = daemons.map(({ pid }) => pid).join(', ');
    return fail(
      `an older one (process ${numbers}) still serves instances, which may change files of this host: ${names}`,
      RESTART,
    );
  }
  return containers.length === 0
    ? ok('mounted, answering and read-only')
    : warn(
        `instances that were started with one that is gone see no processors and memory: ${names}`,
        'Reboot them.',
      );
}
