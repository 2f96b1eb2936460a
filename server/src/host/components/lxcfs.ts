import type { HostComponent } from '../component.ts';
import { otherInstalls } from '../host-registry.ts';
import { usesLocalIncus } from '../incus-connection.ts';
import { ensureLxcfs, lxcfsIsReadOnly, lxcfsWorks, oldLxcfs, removeDropIn, stopOwnLxcfs } from '../lxcfs.ts';
import { isSystemd } from '../system.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';

/** Shows each instance its own memory and processors. It is not stopped at Danube's end: instances that run need it. */
export const lxcfs: HostComponent = {
  name: 'lxcfs',
  // Where systemd runs this host, it runs the lxcfs of the package too.
  packages: [{ name: 'lxcfs', proof: '/usr/bin/lxcfs', ...(isSystemd() ? {} : { services: 'lxcfs*' }) }],
  entries: ['lxcfs.json'],
  appliesTo: usesLocalIncus,
  create: ({ config, log }) => ({
    ensure: () => ensureLxcfs(config.home, log),
    isUp: () => lxcfsWorks() && lxcfsIsReadOnly(),
  }),
  checks: [{ name: 'lxcfs', look: async () => check() }],
  async remove({ config, installId }, attempt) {
    // Others on this host may need the one lxcfs there is.
    if ((await otherInstalls(installId)).length > 0) return;
    await attempt('Stopping lxcfs', async () => {
      await stopOwnLxcfs(config.home);
      await removeDropIn();
    });
  },
};

/** Whether instances see their own memory and processors, and cannot write to those of the host. */
function check(): Verdict {
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
