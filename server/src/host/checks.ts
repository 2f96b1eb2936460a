import { existsSync, readFileSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import type { Config } from '../config.ts';
import { bridgePrefix, imageAlias, poolName } from '../dataplane/incus/names.ts';
import { poolMount, readPoolHealth } from '../dataplane/incus/pool-health.ts';
import { openDatabase } from '../db/database.ts';
import { run } from '../lib/run.ts';
import { firewallTable, hostFirewallIsUp } from './host-firewall.ts';
import { incusConnection, incusFolder, withIncus } from './incus-connection.ts';
import { incusLog } from './incus-daemon.ts';
import type { Install } from './install.ts';
import { isolation, lxcfs } from './isolation-checks.ts';
import { readKernelSetting, wrongKernelSettings } from './kernel.ts';
import { missingPackages } from './packages.ts';
import { findPostgres, readPostgresUrl } from './postgres.ts';
import { refuseNewerDatabase } from './preflight.ts';
import { isSystemd } from './system.ts';
import { type Finding, fail, ok, RESTART, type Verdict, warn } from './verdict.ts';

interface Check {
  part: string;
  /** `host`: only where instances run on this host; `incus`: only where they are real. */
  needs?: 'host' | 'incus';
  look(context: CheckContext): Promise<Verdict>;
}

export interface CheckContext {
  config: Config;
  install: Install;
}

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GB`;
/** Asks the Incus of this install, wherever it is; null where that has no such thing. */
async function ask<T>({ config, install }: CheckContext, path: string): Promise<T | null> {
  const connection = await incusConnection(config, install);
  return connection ? withIncus(connection, (incus) => incus.find<T>(path)) : null;
}

const CHECKS: readonly Check[] = [
  { part: 'packages', needs: 'host', look: async () => packages() },
  { part: 'kernel settings', needs: 'host', look: async () => kernel() },
  { part: 'isolation', needs: 'host', look: async () => isolation() },
  { part: 'lxcfs', needs: 'host', look: async () => lxcfs() },
  { part: 'incus', needs: 'incus', look: incus },
  { part: 'storage pool', needs: 'host', look: pool },
  { part: 'team networks', needs: 'host', look: networks },
  { part: 'host firewall', needs: 'host', look: firewall },
  { part: 'default image', needs: 'incus', look: image },
  { part: 'database', look: database },
  { part: 'clock', look: clock },
  { part: 'disk space', look: disk },
  { part: 'server', look: server },
];

/** Looks at every part. A check that cannot even look is a failure of its part. */
export async function checkAll(context: CheckContext): Promise<Finding[]> {
  const { config } = context;
  const local = config.engine === 'incus' && !config.incus;
  const findings: Finding[] = [];
  for (const { part, needs, look } of CHECKS) {
    if ((needs === 'host' && !local) || (needs === 'incus' && config.engine !== 'incus')) continue;
    try {
      findings.push({ part, ...(await look(context)) });
    } catch (error) {
      findings.push({ part, ...fail((error as Error).message, RESTART) });
    }
  }
  return findings;
}

function packages(): Verdict {
  const missing = missingPackages();
  return missing.length === 0 ? ok('all installed') : fail(`missing: ${missing.join(', ')}`, RESTART);
}

function kernel(): Verdict {
  const wrong = wrongKernelSettings();
  if (wrong.length === 0) return ok('as needed');
  const list = wrong.map(
    ({ name, value, why }) =>
      `${name} is ${readKernelSetting(name) ?? 'unknown to this kernel'}, not ${value}: ${why}`,
  );
  const settable = wrong.filter(({ name }) => readKernelSetting(name) !== null);
  return settable.length > 0
    ? fail(list.join('; '), RESTART)
    : warn(
        list.join('; '),
        `Load the kernel module ${[...new Set(wrong.map(({ module }) => module))].join(', ')}.`,
      );
}

async function incus(context: CheckContext): Promise<Verdict> {
  try {
    const info = await ask<{ auth: string; environment: { server_version: string } }>(context, '/1.0');
    if (info?.auth !== 'trusted') {
      return fail(
        'does not trust the certificate of INCUS_CLIENT_CERT',
        'There: incus config trust add-certificate FILE',
      );
    }
    const whose = { own: 'own daemon', host: "the host's own", remote: 'INCUS_URL', none: '' };
    return ok(`version ${info.environment.server_version}, ${whose[context.install.incus]}`);
  } catch (error) {
    if (context.config.incus) {
      return fail(
        `INCUS_URL does not answer (${(error as Error).message})`,
        'Check that server, and the way to it.',
      );
    }
    const log = context.install.incus === 'host' ? 'journalctl -u incus' : incusLog(context.config.home);
    return fail(
      `does not answer (${(error as Error).message})`,
      `${RESTART} If it does not, look into ${log}.`,
    );
  }
}

async function pool({ config, install }: CheckContext): Promise<Verdict> {
  const folder = install.incus === 'host' ? '/var/lib/incus' : incusFolder(config.home);
  const mount = poolMount(folder, poolName(install.installId));
  const health = await readPoolHealth(mount);
  if (!health.mounted) return fail(`not mounted at ${mount}`, RESTART);
  if (health.quotaConsistent === false) {
    return fail(
      'btrfs no longer enforces disk sizes',
      `btrfs quota rescan -w ${mount} (a running Danube does it within a minute)`,
    );
  }
  const text = `${gigabytes(health.freeBytes)} of ${gigabytes(health.totalBytes)} free${health.quotaConsistent ? ', quotas consistent' : ''}`;
  const share = health.freeBytes / health.totalBytes;
  if (share < 0.02)
    return fail(text, 'Delete snapshots or instances, or grow the pool: see docs/operations.md.');
  return share < 0.15 ? warn(text, 'Grow the pool soon: see docs/operations.md.') : ok(text);
}

async function networks(context: CheckContext): Promise<Verdict> {
  const prefix = bridgePrefix(context.install.installId);
  const all = (await ask<{ name: string; managed: boolean }[]>(context, '/1.0/networks?recursion=1')) ?? [];
  const ours = all.filter(({ name, managed }) => managed && name.startsWith(prefix)).map(({ name }) => name);
  const down = ours.filter((name) => !interfaceIsUp(name));
  if (down.length > 0) return fail(`down: ${down.join(', ')}`, 'Restart Danube: Incus brings them up.');
  const forward = await run('nft', ['list', 'chain', 'ip', 'filter', 'FORWARD'], { allow: 'any' });
  if (forward.stdout.includes('policy drop')) {
    const rule = `iptables -I FORWARD -i '${prefix}+' -j ACCEPT; iptables -I FORWARD -o '${prefix}+' -j ACCEPT`;
    return warn(`${ours.length} up, but another program (Docker?) drops what this host forwards`, rule);
  }
  return ok(ours.length === 0 ? 'none yet' : `${ours.length} up`);
}

/** Bit 0 of an interface's flags is IFF_UP (netdevice(7)). */
function interfaceIsUp(name: string): boolean {
  const file = `/sys/class/net/${name}/flags`;
  return existsSync(file) && (Number(readFileSync(file, 'utf8')) & 1) === 1;
}

async function firewall({ install }: CheckContext): Promise<Verdict> {
  return (await hostFirewallIsUp(install.installId))
    ? ok(`table inet ${firewallTable(install.installId)} is in place`)
    : fail('missing: instances reach services of this host, and other teams', RESTART);
}

async function image(context: CheckContext): Promise<Verdict> {
  const alias = imageAlias(context.install.installId, 'debian-12');
  if (await ask(context, `/1.0/images/aliases/${alias}`)) return ok('debian-12 is built');
  const build = 'npm run danube -- image build debian-12 (or wait: the next create does it)';
  return warn('debian-12 is not built yet', build);
}

async function database({ config }: CheckContext): Promise<Verdict> {
  const folder = path.join(config.home, 'postgres');
  if (!config.databaseUrl && !findPostgres(folder)) {
    return fail(
      'the embedded PostgreSQL does not run',
      `${RESTART} If it does not, look into ${folder}/postgres.log.`,
    );
  }
  const url = config.databaseUrl ?? (await readPostgresUrl(folder));
  if (!url) return fail('it was never set up', RESTART);
  await refuseNewerDatabase(url);
  const { db, close } = openDatabase(url, { max: 1 });
  try {
    const { rows } = await sql<{
      version: string;
    }>`select current_setting('server_version') as version`.execute(db);
    const applied = await sql<{ count: number }>`select count(*)::int as count from kysely_migration`.execute(
      db,
    );
    const known = (await readdir(path.join(import.meta.dirname, '..', 'db', 'migrations'))).length;
    const pending = known - (applied.rows[0]?.count ?? 0);
    const text = `PostgreSQL ${rows[0]?.version}, ${config.databaseUrl ? 'DATABASE_URL' : 'embedded'}`;
    return pending > 0
      ? warn(`${text}, ${pending} migrations to apply`, 'Restart Danube: it applies them.')
      : ok(`${text}, schema up to date`);
  } finally {
    await close();
  }
}

async function clock({ config }: CheckContext): Promise<Verdict> {
  const skew = config.databaseUrl ? await databaseSkewSeconds(config.databaseUrl) : 0;
  if (Math.abs(skew) > 2) {
    return fail(
      `the database's clock is ${skew.toFixed(1)} s off this host's`,
      'Have both hosts synchronise their clocks (NTP).',
    );
  }
  if (!isSystemd())
    return ok('agrees with the database; whether it is synchronised cannot be told without systemd');
  const shown = await run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], { allow: 'any' });
  return shown.status === 0 && shown.stdout.trim() === 'no'
    ? warn('not synchronised with a time server', 'Install one: apt-get install systemd-timesyncd')
    : ok('synchronised');
}

/** How far the database's clock is ahead of ours, in seconds; half of the round trip is taken out. */
async function databaseSkewSeconds(url: string): Promise<number> {
  const { db, close } = openDatabase(url, { max: 1 });
  try {
    await sql`select 1`.execute(db);
    const before = Date.now();
    const { rows } = await sql<{
      now: number;
    }>`select extract(epoch from clock_timestamp())::float8 as now`.execute(db);
    return (rows[0]?.now ?? 0) - (before + Date.now()) / 2000;
  } finally {
    await close();
  }
}

async function disk({ config }: CheckContext): Promise<Verdict> {
  const { bavail, blocks, bsize } = await statfs(config.home);
  const text = `${gigabytes(bavail * bsize)} of ${gigabytes(blocks * bsize)} free at ${config.home}`;
  if (bavail * bsize < 1024 ** 3)
    return fail(text, 'Free space now: with a full disk, instances and the database stop.');
  return bavail * bsize < 5 * 1024 ** 3
    ? warn(text, 'Free space, or move DANUBE_HOME to a larger disk.')
    : ok(text);
}

async function server({ config }: CheckContext): Promise<Verdict> {
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[config.listen.host] ?? config.listen.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${config.listen.port}/api/v1/health`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) return ok(`answers at ${config.publicUrl}`);
    return fail(`answers ${answer.status} at ${url}`, 'See the other lines, and the log of the server.');
  } catch {
    return warn(
      `does not answer at ${url}`,
      'Start Danube (`npm start`), or set DANUBE_LISTEN as the server has it.',
    );
  }
}
