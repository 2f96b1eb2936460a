import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readConfig } from '../config.ts';
import { installId } from '../lib/install-id.ts';
import { firewallTable, hostFirewallIsUp, removeHostFirewall } from '../platform/host-firewall.ts';
import { otherInstalls, removeNote } from '../platform/host-registry.ts';
import {
  ensureIncusd,
  HOST_INCUS_SOCKET,
  incusFolder,
  incusLog,
  incusSocket,
  stopIncusd,
  waitForIncus,
} from '../platform/incus-daemon.ts';
import { type Install, OWN_ENTRIES, readInstall } from '../platform/install.ts';
import { kernelFiles, removeKernelFiles } from '../platform/kernel.ts';
import { takeLock } from '../platform/lock.ts';
import { stopOwnLxcfs } from '../platform/lxcfs.ts';
import { OperatorError } from '../platform/operator-error.ts';
import { stopPostgres } from '../platform/postgres.ts';
import { findRemains, isEmpty, type Remains, removeRemains, settle } from '../platform/remains.ts';
import { listIncus, removeFromIncus } from '../platform/remove-incus.ts';
import { findUser, isRoot, removeUser, systemUserName } from '../platform/system.ts';
import { createTerminal, type Terminal } from '../platform/terminal.ts';
import { UsageError } from './failure.ts';
import { removeService, unitFile } from './service.ts';

interface Target {
  home: string;
  id: string;
  /** Null where `install.json` is gone: the rest is found without it. */
  install: Install | null;
  /** Incus daemons that may hold things of ours, and that run on this host. */
  ownIncus: boolean;
  hostIncus: boolean;
}

/** `danube destroy`: resolves to 0 when nothing is left. */
export async function destroy(options: { yes: boolean }): Promise<number> {
  const config = readConfig(process.env);
  const { home } = config;
  const install = await readInstall(home).catch(() => null);
  const id = installId(home);
  const target: Target = {
    home,
    id,
    install,
    ownIncus: existsSync(incusFolder(home)),
    hostIncus: install?.incus === 'host' && existsSync(HOST_INCUS_SOCKET),
  };
  const plan = await describePlan(target, config.databaseUrl !== null || config.incus !== null);
  if (plan.length === 0) {
    process.stdout.write(`There is no Danube in ${home}: nothing to remove.\n`);
    return 0;
  }
  if (!isRoot() && install?.incus !== 'none')
    throw new OperatorError('Removing an install needs root.', 'Use sudo.');
  process.stdout.write(`This removes for good:\n${plan.map((line) => `  - ${line}`).join('\n')}\n`);
  if (!options.yes) await confirm(id);

  await removeService(home);
  const lock = await takeLock(home, id);
  const terminal = createTerminal();
  await removeEverything(target, terminal);
  await lock.release();
  return reportRest(target, terminal);
}

async function describePlan(target: Target, external: boolean): Promise<string[]> {
  const { home, id } = target;
  const remains = findRemains(home, id);
  const socket = target.hostIncus ? HOST_INCUS_SOCKET : incusSocket(home);
  const incus = await listIncus(socket, id).catch(() => null);
  const plan: string[] = [];
  if (incus) {
    plan.push(
      `${incus.instances.length} instances with their disks and snapshots, ${incus.networks.length} networks`,
    );
  } else if (target.ownIncus) plan.push('all instances, networks and the storage pool of its Incus');
  plan.push(...describeRemains(remains));
  if (kernelFiles(id).length > 0) plan.push(kernelFiles(id).join(', '));
  if (existsSync(unitFile(home))) plan.push(`the service ${unitFile(home)}`);
  if (findUser(systemUserName(id))) plan.push(`the system user ${systemUserName(id)}`);
  const entries = OWN_ENTRIES.filter((name) => existsSync(path.join(home, name)));
  if (entries.length > 0)
    plan.push(`in ${home}: ${entries.join(', ')} (with the database and the secret key)`);
  if (plan.length > 0 && external) {
    plan.push('nothing in DATABASE_URL or INCUS_URL: what is there, you remove yourself');
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
  ): Promise<void> => {
    try {
      await terminal.step(title, work);
    } catch (error) {
      terminal.line(`    ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (target.hostIncus) {
    await attempt("Removing ours from the host's Incus", (report) =>
      removeFromIncus(HOST_INCUS_SOCKET, id, report),
    );
  }
  if (target.ownIncus) {
    await attempt('Removing instances, networks and images', async (report) => {
      const daemon = await ensureIncusd(home);
      await waitForIncus(incusSocket(home), daemon, incusLog(home));
      await removeFromIncus(incusSocket(home), id, report);
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
  attempt: (title: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await attempt('Removing what is left of it', () => removeRemains(home, id));
  // Others on this host may need the one lxcfs there is.
  if ((await otherInstalls(id)).length === 0) await attempt('Stopping lxcfs', () => stopOwnLxcfs(home));
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
