import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Config, readConfig } from '../config.ts';
import type { IncusConnection } from '../dataplane/incus/client.ts';
import { isSnapshot } from '../dataplane/incus/names.ts';
import { firewallTable, hostFirewallIsUp, removeHostFirewall } from '../host/host-firewall.ts';
import { otherInstalls, removeNote } from '../host/host-registry.ts';
import {
  HOST_INCUS_SOCKET,
  incusConnection,
  incusFolder,
  incusSocket,
  withIncus,
} from '../host/incus-connection.ts';
import { ensureIncusd, incusLog, stopIncusd, waitForIncus } from '../host/incus-daemon.ts';
import { type Install, OWN_ENTRIES, poolFor, readInstall } from '../host/install.ts';
import { kernelFiles, removeKernelFiles } from '../host/kernel.ts';
import { takeLock } from '../host/lock.ts';
import { removeDropIn, stopOwnLxcfs } from '../host/lxcfs.ts';
import { OperatorError } from '../host/operator-error.ts';
import { stopPostgres } from '../host/postgres.ts';
import {
  findIncusChains,
  findRemains,
  isEmpty,
  type Remains,
  removeRemains,
  settle,
} from '../host/remains.ts';
import { listIncus, removeFromIncus } from '../host/remove-incus.ts';
import { findUser, removeUser, systemUserName } from '../host/system.ts';
import { createTerminal, type Terminal } from '../host/terminal.ts';
import { installId } from '../lib/install-id.ts';
import { isRoot } from '../lib/processes.ts';
import { UsageError } from './failure.ts';
import { removeService, unitFile } from './service.ts';

interface Target {
  home: string;
  id: string;
  /** The pool that instances are made in. */
  pool: string;
  /** Whether this install has, or had, an Incus daemon of its own. */
  ownIncus: boolean;
  /** An Incus that others use too, on this host or elsewhere: only ours goes. */
  sharedIncus: IncusConnection | null;
  externalDatabase: boolean;
}

async function findTarget(config: Config, install: Install | null): Promise<Target> {
  const id = installId(config.home);
  return {
    home: config.home,
    id,
    pool: poolFor(config, id),
    ownIncus: existsSync(incusFolder(config.home)),
    sharedIncus: await sharedIncus(config, install),
    externalDatabase: config.databaseUrl !== null,
  };
}

async function sharedIncus(config: Config, install: Install | null): Promise<IncusConnection | null> {
  if (install?.incus === 'host') {
    return existsSync(HOST_INCUS_SOCKET) ? { socketPath: HOST_INCUS_SOCKET } : null;
  }
  // Whatever data plane the settings name now: this one may hold things of ours.
  return config.incus ? incusConnection({ ...config, engine: 'incus' }, install) : null;
}

/** `danube destroy`: resolves to 0 when nothing is left. */
export async function destroy(options: { yes: boolean }): Promise<number> {
  const config = readConfig(process.env);
  const { home } = config;
  // What is damaged is found by the names that derive from the data directory.
  const install = await readInstall(home).catch(() => null);
  if (install?.incus === 'remote' && !config.incus) {
    throw new OperatorError(
      'The instances of this install are in an Incus elsewhere.',
      'Set INCUS_URL and its certificates as the server had them, so that they can be removed.',
    );
  }
  const target = await findTarget(config, install);
  const plan = await describePlan(target);
  if (plan.length === 0) {
    process.stdout.write(`There is no Danube in ${home}: nothing to remove.\n`);
    return 0;
  }
  if (!isRoot() && (target.ownIncus || install?.incus === 'host')) {
    throw new OperatorError('Removing an install needs root.', 'Use sudo.');
  }
  // Refuses while a server runs: before anybody reads a list and confirms it.
  await (await takeLock(home, target.id)).release();
  process.stdout.write(`This removes for good:\n${plan.map((line) => `  - ${line}`).join('\n')}\n`);
  if (!options.yes) await confirm(target.id);

  await removeService(home);
  const lock = await takeLock(home, target.id);
  const terminal = createTerminal();
  await removeEverything(target, terminal);
  await lock.release();
  return reportRest(target, terminal);
}

async function describePlan(target: Target): Promise<string[]> {
  const { home, id } = target;
  const remains = findRemains(home, id);
  const connection = target.sharedIncus ?? { socketPath: incusSocket(home) };
  const incus = await withIncus(connection, (client) => listIncus(client, id, target.pool)).catch(() => null);
  const plan: string[] = [];
  if (incus) {
    const disks = [...incus.instances, ...incus.volumes];
    const snapshots = disks.filter(({ name }) => isSnapshot(name)).length;
    const instances = incus.instances.filter(({ name }) => !isSnapshot(name)).length;
    plan.push(
      `${instances} instances with their disks, ${snapshots} snapshots, ${incus.networks.length} networks`,
    );
  } else if (target.ownIncus) plan.push('all instances, networks and the storage pool of its Incus');
  plan.push(...describeRemains(remains));
  if (kernelFiles(id).length > 0) plan.push(kernelFiles(id).join(', '));
  if (existsSync(unitFile(home))) plan.push(`the service ${unitFile(home)}`);
  if (findUser(systemUserName(id))) plan.push(`the system user ${systemUserName(id)}`);
  const entries = OWN_ENTRIES.filter((name) => existsSync(path.join(home, name)));
  if (entries.length > 0)
    plan.push(`in ${home}: ${entries.join(', ')} (with the database and the secret key)`);
  if (plan.length > 0 && target.externalDatabase) {
    plan.push('nothing in the database of DATABASE_URL: drop that yourself');
  }
  return plan;
}

/** Mounts and the like by name; processes and their groups are too many and too alike to read. */
const describeRemains = (remains: Remains): string[] => {
  const count = (list: unknown[], what: string, names = true): string[] =>
    list.length === 0 ? [] : [`${list.length} ${what}${names ? `: ${list.join(', ')}` : ''}`];
  return [
    ...count(remains.processes, 'processes', false),
    ...count(remains.cgroups, 'control groups', false),
    ...count(remains.mounts, 'mounts'),
    ...count(remains.loopDevices, 'loop devices'),
    ...count(remains.bridges, 'bridges'),
  ];
};

async function confirm(id: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError('Nobody is here to ask. Use --yes to destroy without asking.');
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Type the install id (${id}) to go on: `);
    if (answer.trim() !== id) throw new UsageError('That is not the install id. Nothing was removed.');
  } finally {
    ask.close();
  }
}

/** Each step stands for itself: one that fails is told, and the rest is removed all the same. */
async function removeEverything(target: Target, terminal: Terminal): Promise<void> {
  const { home, id } = target;
  const attempt = async (
    title: string,
    work: (report: (message: string) => void) => Promise<void>,
  ): Promise<boolean> => {
    try {
      await terminal.step(title, work);
      return true;
    } catch (error) {
      terminal.line(`    ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  };
  const fromIncus = (connection: IncusConnection, report: (message: string) => void): Promise<void> =>
    withIncus(connection, (incus) => removeFromIncus(incus, id, target.pool, report));
  const shared = target.sharedIncus;
  if (
    shared &&
    !(await attempt('Removing ours from the shared Incus', (report) => fromIncus(shared, report)))
  ) {
    throw new OperatorError(
      'What this install made in the Incus that it shares with others could not be removed. The rest is still here.',
      'See that this Incus answers, then run `danube destroy` again.',
    );
  }
  if (target.ownIncus) {
    await attempt('Removing instances, networks and images', async (report) => {
      const daemon = await ensureIncusd(home);
      await waitForIncus(incusSocket(home), daemon, incusLog(home));
      await fromIncus({ socketPath: incusSocket(home) }, report);
    });
    await attempt('Stopping Incus', () => stopIncusd(home));
  }
  await attempt('Stopping PostgreSQL', () => stopPostgres(path.join(home, 'postgres')));
  if (isRoot()) await removeFromHost(target, attempt);
  await attempt('Deleting files', async () => {
    for (const name of OWN_ENTRIES) await rm(path.join(home, name), { recursive: true, force: true });
    if (existsSync(home) && readdirSync(home).length === 0) await rmdir(home);
  });
}

async function removeFromHost(
  { home, id }: Target,
  attempt: (title: string, work: () => Promise<void>) => Promise<boolean>,
): Promise<void> {
  await attempt('Removing what is left of it', () => removeRemains(home, id));
  // Others on this host may need the one lxcfs there is.
  if ((await otherInstalls(id)).length === 0) {
    await attempt('Stopping lxcfs', async () => {
      await stopOwnLxcfs(home);
      await removeDropIn();
    });
  }
  if (await hostFirewallIsUp(id)) await attempt('Removing the firewall table', () => removeHostFirewall(id));
  await attempt('Removing host settings', async () => {
    await removeKernelFiles(id);
    await removeUser(systemUserName(id));
    await removeNote(id);
  });
}

async function reportRest({ home, id }: Target, terminal: Terminal): Promise<number> {
  const remains = await settle(home, id);
  const rest = describeRemains(remains);
  if (isRoot() && (await hostFirewallIsUp(id))) rest.push(`the nftables table ${firewallTable(id)}`);
  const chains = isRoot() ? await findIncusChains(id) : [];
  if (chains.length > 0) rest.push(`chains of nftables: ${chains.map(({ name }) => name).join(', ')}`);
  if (findUser(systemUserName(id))) rest.push(`the system user ${systemUserName(id)}`);
  const kept = existsSync(home) ? readdirSync(home) : [];
  const own = kept.filter((name) => OWN_ENTRIES.includes(name));
  if (own.length > 0) rest.push(`in ${home}: ${own.join(', ')}`);
  if (rest.length > 0 || !isEmpty(remains)) {
    throw new OperatorError(
      `Not everything could be removed:\n  - ${rest.join('\n  - ')}`,
      'Run `danube destroy` again.',
    );
  }
  if (kept.length > own.length)
    terminal.line(`  ${home} stays, with what Danube did not put there: ${kept.join(', ')}`);
  terminal.line('  Nothing is left of this install. Debian packages stay installed.');
  return 0;
}
