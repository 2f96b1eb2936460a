import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { poolName } from '../dataplane/incus/names.ts';
import { poolMount, readPoolHealth, repairPoolQuota } from '../dataplane/incus/pool-health.ts';
import { identify, isAlive, isRoot, type ProcessIdentity } from '../lib/processes.ts';
import { AclGuard } from './acl-guard.ts';
import { applyHostFirewall, hostFirewallIsUp } from './host-firewall.ts';
import { HOST_INCUS_SOCKET, incusFolder, incusSocket } from './incus-connection.ts';
import {
  ensureIncusd,
  ensurePool,
  findIncusd,
  hostIncusInUse,
  incusLog,
  stopIncusd,
  waitForIncus,
} from './incus-daemon.ts';
import { ensureInstall, type Install } from './install.ts';
import { applyKernelSettings, wrongKernelSettings } from './kernel.ts';
import { ensureLxcfs, lxcfsIsReadOnly, lxcfsWorks } from './lxcfs.ts';
import { installPackages, missingPackages } from './packages.ts';
import { startPostgres, stopPostgres } from './postgres.ts';
import type { Supervisor } from './supervisor.ts';
import { ensureUser, systemUserName } from './system.ts';
import type { Terminal } from './terminal.ts';

export interface SetUpContext {
  config: Config;
  terminal: Terminal;
  supervisor: Supervisor;
  log: (message: string) => void;
  /** Filled as daemons start: what ends those that serve nobody once we are gone. Instances and lxcfs stay. */
  stops: (() => Promise<void>)[];
  /** A daemon of its own even where the host has an Incus in use: for the installs of tests. */
  ownIncus?: boolean;
}

/** What runs on this host after set-up, for the rest of Danube to use. */
export interface Platform {
  install: Install;
  databaseUrl: string;
  /** Socket of the Incus on this host; null with INCUS_URL or another data plane. */
  incusSocket: string | null;
  pool: string;
}

const DAEMON_CHECK_MS = 500;
const FIREWALL_CHECK_MS = 10_000;
const POOL_CHECK_MS = 60_000;

/** Installs and starts what this configuration needs on this host, at the first start and at every later one. */
export async function setUp(context: SetUpContext): Promise<Platform> {
  const { config, terminal } = context;
  if (config.engine === 'incus' && !config.incus && missingPackages().length > 0) {
    await terminal.step('Installing Debian packages', (report) => installPackages(config.home, report));
  }
  const install = await ensureInstall(config, await decideIncus(context));
  // Side by side: both take a moment, and neither needs the other.
  const [postgresUrl, incus] = await Promise.all([
    config.databaseUrl ? null : setUpPostgres(context, install),
    setUpIncus(context, install),
  ]);
  return {
    install,
    databaseUrl: config.databaseUrl ?? postgresUrl ?? '',
    incusSocket: incus,
    pool: config.incus ? config.incus.pool : poolName(install.installId),
  };
}

async function decideIncus({ config, ownIncus }: SetUpContext): Promise<Install['incus']> {
  if (config.engine !== 'incus') return 'none';
  if (config.incus) return 'remote';
  return !ownIncus && (await hostIncusInUse()) ? 'host' : 'own';
}

/** Resolves to the URL of the embedded database. */
async function setUpPostgres(context: SetUpContext, install: Install): Promise<string> {
  const { config, terminal, supervisor, log } = context;
  const folder = path.join(config.home, 'postgres');
  const user = systemUserName(install.installId);
  if (isRoot()) await ensureUser(user);
  let url = '';
  let identity: ProcessIdentity | null = null;
  const ensure = async (): Promise<void> => {
    const server = await startPostgres({ folder, user, log });
    url = server.url;
    identity = identify(server.pid);
  };
  context.stops.push(() => stopPostgres(folder));
  const part = {
    name: 'PostgreSQL',
    ensure,
    isUp: () => identity !== null && isAlive(identity),
    intervalMs: DAEMON_CHECK_MS,
  };
  await terminal.step('Starting PostgreSQL', () => supervisor.add(part));
  return url;
}

/** Resolves to the socket of the Incus on this host, or null where none is used. */
async function setUpIncus(context: SetUpContext, install: Install): Promise<string | null> {
  const { config, terminal, supervisor } = context;
  if (config.engine !== 'incus' || config.incus) return null;
  const { installId } = install;
  if (wrongKernelSettings().length > 0) {
    await terminal.step('Changing kernel settings', () => applyKernelSettings(installId));
  } else await applyKernelSettings(installId);
  await supervisor.add({
    name: 'Host firewall',
    ensure: () => applyHostFirewall(installId),
    isUp: () => hostFirewallIsUp(installId),
    intervalMs: FIREWALL_CHECK_MS,
  });
  const guard = new AclGuard(installId, context.log);
  context.stops.push(async () => guard.stop());
  // Before Incus: it is there for Incus' start.
  await supervisor.add({
    name: 'Firewall guard',
    ensure: () => guard.start(),
    isUp: () => guard.isUp(),
    intervalMs: DAEMON_CHECK_MS,
  });
  await terminal.step('Starting lxcfs', () =>
    supervisor.add({
      name: 'lxcfs',
      ensure: () => ensureLxcfs(config.home, context.log),
      isUp: () => lxcfsWorks() && lxcfsIsReadOnly(),
      intervalMs: DAEMON_CHECK_MS,
    }),
  );
  return install.incus === 'host' ? setUpHostIncus(context, install) : setUpOwnIncus(context, install);
}

/** The Incus that the host used before us: only our own pool is added to it, and it is never stopped. */
async function setUpHostIncus(context: SetUpContext, install: Install): Promise<string> {
  context.log(
    'This host has an Incus in use: Danube keeps to projects, networks and a pool of its own in it',
  );
  await setUpPool(context, install, { socket: HOST_INCUS_SOCKET, folder: path.dirname(HOST_INCUS_SOCKET) });
  return HOST_INCUS_SOCKET;
}

async function setUpOwnIncus(context: SetUpContext, install: Install): Promise<string> {
  const { home } = context.config;
  let daemon: ProcessIdentity | null = null;
  context.stops.push(() => stopIncusd(home));
  await context.supervisor.add({
    name: 'Incus',
    async ensure() {
      daemon = await ensureIncusd(home);
    },
    // The shell that raises the limits becomes incusd with the same identity; until then it is alive, and that counts.
    isUp: () => daemon !== null && isAlive(daemon),
    intervalMs: DAEMON_CHECK_MS,
  });
  await setUpPool(context, install, { socket: incusSocket(home), folder: incusFolder(home) });
  return incusSocket(home);
}

/** Our pool in the Incus with that socket and state folder: there, and enforcing the sizes of disks. */
async function setUpPool(
  { config, terminal, supervisor }: SetUpContext,
  install: Install,
  { socket, folder }: { socket: string; folder: string },
): Promise<void> {
  const pool = poolName(install.installId);
  const mount = poolMount(folder, pool);
  const part = {
    name: 'Storage pool',
    async ensure() {
      const own = install.incus === 'own';
      const log = own ? incusLog(config.home) : '/var/log/incus/incus.log';
      await waitForIncus(socket, own ? findIncusd(config.home) : null, log);
      await ensurePool(socket, pool, config.home);
      if ((await readPoolHealth(mount)).quotaConsistent === false) await repairPoolQuota(mount);
    },
    async isUp() {
      const health = await readPoolHealth(mount);
      return health.mounted && health.quotaConsistent !== false;
    },
    intervalMs: POOL_CHECK_MS,
  };
  // Later starts serve while Incus still comes up: the API answers, and workflows wait for their turn.
  if (existsSync(path.join(folder, 'disks', `${pool}.img`))) supervisor.addInBackground(part);
  else await terminal.step('Starting Incus and its storage pool', () => supervisor.add(part));
}
