import { statfs } from 'node:fs/promises';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { run } from '../lib/run.ts';
import { checkMail } from '../mail/check.ts';
import type { Check, HostComponent, HostContext } from './component.ts';
import { usesLocalIncus } from './components/incus-connection.ts';
import { HOST_COMPONENTS, packagesFor } from './components.ts';
import { checkIsolation } from './isolation.ts';
import { isRunning } from './lock.ts';
import { OperatorError } from './operator-error.ts';
import { missingPackages } from './packages.ts';
import { isSystemd } from './system.ts';
import { type Finding, fail, gigabytes, ok, RESTART, type Verdict, warn } from './verdict.ts';

const ISOLATION: Check = {
  name: 'isolation',
  look: async ({ config }) => (usesLocalIncus(config) ? checkIsolation() : null),
};
/** Comes first: without the server, much else does not run either. */
const SERVER: Check = { name: 'server', look: server };
/** Checks that belong to no component. */
const OTHER_CHECKS: readonly Check[] = [
  { name: 'clock', look: clock },
  { name: 'disk space', look: disk },
  { name: 'e-mail', look: mail },
];

/** Runs the checks of all components, and of the rest of the host and the server. */
export async function checkAll(
  context: HostContext,
  components: readonly HostComponent[] = HOST_COMPONENTS,
): Promise<Finding[]> {
  const ofComponents = components.flatMap(({ appliesTo, checks = [] }) =>
    checks.filter(({ elsewhere }) => elsewhere || appliesTo(context.config)),
  );
  const packages: Check = { name: 'packages', look: async ({ config }) => findMissing(config, components) };
  const findings: Finding[] = [];
  for (const { name, look } of [SERVER, packages, ISOLATION, ...ofComponents, ...OTHER_CHECKS]) {
    const verdict = await look(context).catch((error: Error) =>
      fail(error.message, error instanceof OperatorError ? error.remedy : RESTART),
    );
    if (verdict) findings.push({ component: name, ...verdict });
  }
  return findings;
}

function findMissing(config: HostContext['config'], components: readonly HostComponent[]): Verdict | null {
  const needed = packagesFor(config, components);
  if (needed.length === 0) return null;
  const missing = missingPackages(needed);
  return missing.length === 0 ? ok('all installed') : fail(`missing: ${missing.join(', ')}`, RESTART);
}

async function clock({ config }: HostContext): Promise<Verdict> {
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

/** How far the database's clock is ahead of this host's, in seconds, corrected by half the round-trip time. */
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

async function disk({ config }: HostContext): Promise<Verdict> {
  const { bavail, blocks, bsize } = await statfs(config.home);
  const text = `${gigabytes(bavail * bsize)} of ${gigabytes(blocks * bsize)} free at ${config.home}`;
  if (bavail * bsize < 1024 ** 3)
    return fail(text, 'Free space now: with a full disk, instances and the database stop.');
  return bavail * bsize < 5 * 1024 ** 3
    ? warn(text, 'Free space, or move DANUBE_HOME to a larger disk.')
    : ok(text);
}

async function server({ config, installId }: HostContext): Promise<Verdict> {
  // Asked first, because the server of another install may answer at the address.
  if (!(await isRunning(installId))) {
    return warn('does not run', 'Start Danube (`npm start`). What fails below may follow from that.');
  }
  if (config.role === 'worker') return ok('runs as a worker, which serves no requests');
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[config.listen.host] ?? config.listen.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${config.listen.port}/api/v1/health`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) return ok(`answers at ${config.publicUrl}`);
    return fail(`answers ${answer.status} at ${url}`, 'See the other lines, and the log of the server.');
  } catch {
    return warn(
      `runs, but does not answer at ${url}`,
      'Set DANUBE_LISTEN to the address of the running server.',
    );
  }
}

async function mail({ config }: HostContext): Promise<Verdict | null> {
  if (!config.mail) return null;
  const refusal = await checkMail(config.mail);
  return refusal === null
    ? ok('the mail server answers, and lets Danube in')
    : fail(refusal, 'Set SMTP_URL to a mail server that this host may use, see docs/configuration.md.');
}
