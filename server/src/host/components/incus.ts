import { existsSync } from 'node:fs';
import type { IncusConnection } from '../../dataplane/incus/client.ts';
import { isSnapshot } from '../../dataplane/incus/names.ts';
import { isAlive, isRoot, type ProcessIdentity } from '../../lib/processes.ts';
import type { Attempt, HostComponent, HostContext } from '../component.ts';
import { poolFor } from '../install.ts';
import { OperatorError } from '../operator-error.ts';
import { aclGuard, closeBeforeIncus } from './acl-guard.ts';
import { INCUS_CHECKS } from './incus-checks.ts';
import {
  HOST_INCUS_SOCKET,
  incusConnection,
  incusFolder,
  incusSocket,
  localIncus,
  usesLocalIncus,
  withIncus,
} from './incus-connection.ts';
import { listIncus, removeFromIncus } from './incus-contents.ts';
import { ensureIncusd, stopIncusd, waitForIncus } from './incus-daemon.ts';
import { findIncusRemains, removeIncusRemains } from './incus-remains.ts';
import { kernelSettings } from './kernel-settings.ts';
import { lxcfs } from './lxcfs.ts';

/** Runs the instances: a daemon of the install's own, or the one that the host already had. */
export const incus: HostComponent = {
  name: 'Incus',
  packages: () => [
    {
      name: 'incus-base',
      proof: '/usr/libexec/incus/incusd',
      backports: true,
      services: 'incus*',
      units: ['incus.socket', 'incus.service', 'incus-startup.service'],
    },
    { name: 'incus-client', proof: '/usr/bin/incus', backports: true },
    { name: 'dnsmasq-base', proof: '/usr/sbin/dnsmasq' },
    { name: 'uidmap', proof: '/usr/bin/newuidmap' },
    { name: 'conntrack', proof: '/usr/sbin/conntrack' },
    { name: 'iproute2', proof: '/usr/sbin/ip' },
    { name: 'procps', proof: '/usr/bin/ps' },
    // Needed to build images, which takes as long as the other packages.
    { name: 'mmdebstrap', proof: '/usr/bin/mmdebstrap', first: true },
    { name: 'zstd', proof: '/usr/bin/zstd', first: true },
  ],
  entries: ['incus', 'images', 'lxc'],
  // Incus restarts instances that were running, so everything that isolates them must be up before.
  after: [kernelSettings, aclGuard, lxcfs],
  appliesTo: usesLocalIncus,
  create({ config: { home }, incus: whose, installId, log }) {
    if (whose === 'host') {
      log('This host has an Incus in use: Danube keeps to projects, networks and a pool of its own in it');
      return null;
    }
    let daemon: ProcessIdentity | null = null;
    return {
      // Does not wait for the daemon to answer; the storage pool does.
      async ensure() {
        daemon = await ensureIncusd(home, () => closeBeforeIncus(installId));
      },
      // The process starts as a shell that raises limits and then execs incusd, with the same process id and start
      // time.
      isUp: () => daemon !== null && isAlive(daemon),
      stop: () => stopIncusd(home),
    };
  },
  checks: INCUS_CHECKS,
  contents,
  remove,
  async remains({ config, installId }) {
    return findIncusRemains(config.home, installId);
  },
};

/** An Incus that others use too, on this host or elsewhere: only this install's objects are removed. */
async function sharedIncus({ config, incus: whose }: HostContext): Promise<IncusConnection | null> {
  if (whose === 'host') return existsSync(HOST_INCUS_SOCKET) ? { socketPath: HOST_INCUS_SOCKET } : null;
  if (whose === 'remote' && !config.incus) {
    throw new OperatorError(
      'The instances of this install are in an Incus on another host.',
      'Set INCUS_URL and its certificates as they were for the server, so that they can be removed.',
    );
  }
  // Regardless of the data plane that the settings name now: this Incus may contain objects of ours.
  return config.incus ? incusConnection({ ...config, engine: 'incus' }, null) : null;
}

/** Whether this install has, or had, an Incus daemon of its own. */
const hasOwnIncus = (home: string): boolean => existsSync(incusFolder(home));

async function contents(context: HostContext): Promise<string[]> {
  const { config, installId } = context;
  const connection = (await sharedIncus(context)) ?? { socketPath: incusSocket(config.home) };
  const pool = poolFor(config, installId);
  const found = await withIncus(connection, (client) => listIncus(client, installId, pool)).catch(() => null);
  if (!found)
    return hasOwnIncus(config.home) ? ['all instances, networks and the storage pool of its Incus'] : [];
  const snapshots = [...found.instances, ...found.volumes].filter(({ name }) => isSnapshot(name)).length;
  const instances = found.instances.filter(({ name }) => !isSnapshot(name)).length;
  return [
    `instances with their disks: ${instances}, snapshots: ${snapshots}, networks: ${found.networks.length}`,
  ];
}

async function remove(context: HostContext, attempt: Attempt): Promise<void> {
  const { home } = context.config;
  const shared = await sharedIncus(context);
  const fromShared = "Removing this install's objects from the shared Incus";
  if (shared && !(await attempt(fromShared, (report) => removeContents(shared, context, report)))) {
    throw new OperatorError(
      'What this install created in the shared Incus could not be removed. Everything else is still here.',
      'Make sure that this Incus answers, then run `danube destroy` again.',
    );
  }
  if (hasOwnIncus(home)) {
    await attempt('Removing instances, networks and images', async (report) => {
      const { socket, log } = localIncus(home, 'own');
      await waitForIncus(socket, await ensureIncusd(home), log);
      await removeContents({ socketPath: socket }, context, report);
    });
    await attempt('Stopping Incus', () => stopIncusd(home));
  }
  if (isRoot())
    await attempt('Removing what is left of it', () => removeIncusRemains(home, context.installId));
}

const removeContents = (
  connection: IncusConnection,
  { config, installId }: HostContext,
  report: (message: string) => void,
): Promise<void> =>
  withIncus(connection, (client) => removeFromIncus(client, installId, poolFor(config, installId), report));
