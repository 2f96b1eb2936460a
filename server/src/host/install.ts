import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';
import { poolName } from '../dataplane/incus/names.ts';
import type { AddressPools, PortRange } from '../instances/addresses.ts';
import { installId } from '../lib/install-id.ts';
import { readStateFile, unfinishedFile, writeStateFile } from '../lib/state-file.ts';
import { chooseIpv4Pool, chooseIpv6Pool, choosePublicPorts, hostIpv4Ranges } from './address-pools.ts';
import type { HostComponent } from './component.ts';
import { type InstallNote, leaveNote, otherInstalls } from './host-registry.ts';
import { withHostLock } from './lock.ts';
import { OperatorError } from './operator-error.ts';

/** The decisions of an install's first start, which are kept in `install.json` in the data directory. */
export interface Install {
  installId: string;
  ipv4Pool: string;
  ipv6Pool: string;
  publicPorts: PortRange;
  /** `own`: this install's Incus daemon. `host`: the one that the host already had. `remote`: INCUS_URL. */
  incus: 'own' | 'host' | 'remote' | 'none';
  /** Distinguishes the workflows of this server from those of others on the same database. */
  serverId: string;
  createdAt: string;
}

/** The install's files in the data directory, besides the entries of its components. */
const INSTALL_ENTRIES = [
  'apt',
  'danube.pid',
  'install.json',
  'log',
  'secret.key',
  // Instances and buckets of an install with simulated ones.
  'sim.json',
  'sim.json.objects',
];

/** Everything that Danube creates in its data directory. Anything else there is kept by `destroy`. */
export const ownEntries = (components: readonly HostComponent[]): string[] =>
  [...INSTALL_ENTRIES, ...components.flatMap(({ entries }) => entries ?? [])].flatMap((entry) => [
    entry,
    unfinishedFile(entry),
  ]);

const file = (home: string): string => path.join(home, 'install.json');

/** Reads `install.json`; null before the first start. */
export const readInstall = (home: string): Promise<Install | null> =>
  readStateFile(file(home), (cause) => {
    throw new OperatorError(`${file(home)} is damaged.`, 'Restore it from a backup of the data directory.', {
      cause,
    });
  });

/** Reads `install.json`. Throws {@link OperatorError} before the first start: for commands that need an install. */
export async function requireInstall(home: string): Promise<Install> {
  const install = await readInstall(home);
  if (install) return install;
  throw new OperatorError(
    `There is no Danube in ${home}.`,
    'Run `npm start` once, or set DANUBE_HOME to the right folder.',
  );
}

/**
 * Throws {@link OperatorError} where the settings name another engine than that of the install: all its instances would
 * look lost.
 */
export function refuseOtherEngine({ engine, home }: Config, { incus }: Install): void {
  if (engine === 'sim' && incus !== 'none') {
    throw new OperatorError(
      `The instances of ${home} are real, but DANUBE_ENGINE is sim.`,
      'Leave DANUBE_ENGINE out, or set DANUBE_HOME to another folder for simulated instances.',
    );
  }
  if (engine !== 'sim' && incus === 'none') {
    throw new OperatorError(
      `The instances of ${home} are simulated, but DANUBE_ENGINE is not sim.`,
      'Set DANUBE_ENGINE=sim, or set DANUBE_HOME to another folder for real instances.',
    );
  }
}

/**
 * Reads `install.json`. At the first start it creates the data directory, and decides what never changes for this
 * install.
 */
export async function ensureInstall(config: Config, incus: Install['incus']): Promise<Install> {
  return (await readInstall(config.home)) ?? withHostLock('ranges', () => createInstall(config, incus));
}

async function createInstall(config: Config, incus: Install['incus']): Promise<Install> {
  await mkdir(config.home, { recursive: true });
  // PostgreSQL and Incus run as other users: they may enter this folder, but not list it.
  await chmod(config.home, 0o711);
  const id = installId(config.home);
  const others = await otherInstalls(id);
  const install: Install = {
    installId: id,
    ipv4Pool: config.ipv4Pool ?? (await choosePool(id, others)),
    ipv6Pool: config.ipv6Pool ?? chooseIpv6Pool(id),
    publicPorts: config.publicPorts ?? choosePublicPorts(others.flatMap((note) => note.publicPorts ?? [])),
    incus,
    serverId: randomUUID(),
    createdAt: new Date().toISOString(),
  };
  // The note comes first: without install.json it counts for nothing, and one that is missing would never be left.
  if (incus === 'own' || incus === 'host') {
    const { ipv4Pool, publicPorts } = install;
    await leaveNote({ installId: id, home: config.home, ipv4Pool, publicPorts });
  }
  await writeStateFile(file(config.home), `${JSON.stringify(install, null, 2)}\n`);
  return install;
}

async function choosePool(id: string, others: readonly InstallNote[]): Promise<string> {
  return chooseIpv4Pool(id, [...(await hostIpv4Ranges()), ...others.map((note) => note.ipv4Pool)]);
}

/** The ranges of addresses and ports: those of the settings, else those chosen at the first start. */
export const poolsOf = (config: Config, install: Install): AddressPools => ({
  ipv4: config.ipv4Pool ?? install.ipv4Pool,
  ipv6: config.ipv6Pool ?? install.ipv6Pool,
  ports: config.publicPorts ?? install.publicPorts,
});

/** The storage pool that instances are created in. */
export const poolFor = (config: Config, id: string): string => config.incus?.pool ?? poolName(id);

/** The key that encrypts stored secrets: from the settings, else from a file that the first start creates. */
export async function ensureSecretKey(config: Config): Promise<Buffer> {
  const known = await readSecretKey(config);
  if (known) return known;
  const key = randomBytes(32);
  await writeStateFile(secretKeyFile(config), `${key.toString('base64')}\n`, 0o600);
  return key;
}

/** The same for commands that need an install. Throws {@link OperatorError} where it has no key. */
export async function requireSecretKey(config: Config): Promise<Buffer> {
  const key = await readSecretKey(config);
  if (key) return key;
  throw new OperatorError(
    `${secretKeyFile(config)} is missing.`,
    'Set DANUBE_HOME to the folder of the install, or DANUBE_SECRET_KEY to its key.',
  );
}

const secretKeyFile = ({ home }: Config): string => path.join(home, 'secret.key');

async function readSecretKey(config: Config): Promise<Buffer | null> {
  const name = secretKeyFile(config);
  const text = config.secretKey ?? (existsSync(name) ? await readFile(name, 'utf8') : null);
  if (text === null) return null;
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === 32) return key;
  throw new OperatorError(
    `${config.secretKey ? 'DANUBE_SECRET_KEY' : name} is not 32 bytes in base64.`,
    'Restore the right key: without it the stored secrets cannot be read. ' +
      'Make a new one with `openssl rand -base64 32`.',
  );
}
