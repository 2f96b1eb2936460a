import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DebianMirror, findMirror, readHostSources } from '../lib/debian-mirror.ts';
import { run } from '../lib/run.ts';
import { OperatorError } from './operator-error.ts';
import { isSystemd } from './system.ts';

export interface Package {
  name: string;
  /** A file that the package brings. Looking at it is thousands of times cheaper than asking dpkg. */
  proof: string;
  /** Not in Debian 12 itself, or too old there: from its backports. */
  backports?: true;
}

/** All that the local Incus needs from Debian. */
export const PACKAGES: readonly Package[] = [
  { name: 'incus-base', proof: '/usr/libexec/incus/incusd', backports: true },
  { name: 'incus-client', proof: '/usr/bin/incus', backports: true },
  { name: 'lxcfs', proof: '/usr/bin/lxcfs' },
  { name: 'btrfs-progs', proof: '/usr/bin/btrfs' },
  { name: 'dnsmasq-base', proof: '/usr/sbin/dnsmasq' },
  { name: 'nftables', proof: '/usr/sbin/nft' },
  { name: 'uidmap', proof: '/usr/bin/newuidmap' },
  { name: 'mmdebstrap', proof: '/usr/bin/mmdebstrap' },
  { name: 'zstd', proof: '/usr/bin/zstd' },
  { name: 'conntrack', proof: '/usr/sbin/conntrack' },
  { name: 'iproute2', proof: '/usr/sbin/ip' },
  { name: 'procps', proof: '/usr/bin/ps' },
];

const has = (pkg: Package): boolean => existsSync(pkg.proof) || existsSync(pkg.proof.replace(/^\/usr/, ''));

/** The packages that are not installed; empty in well under a millisecond on a complete host. */
export const missingPackages = (packages: readonly Package[] = PACKAGES): string[] =>
  packages.filter((pkg) => !has(pkg)).map((pkg) => pkg.name);

/** Our own apt source list (one-line format): a broken foreign list on the host cannot fail set-up. */
export function sourcesList(codename: string, mirror: DebianMirror, backports: boolean): string {
  const line = (uri: string, suite: string): string =>
    `deb [signed-by=${mirror.keyring}] ${uri} ${suite} main`;
  return [
    '# Written by Danube, and used by Danube only. Overwritten at each set-up.',
    line(mirror.main, codename),
    line(mirror.main, `${codename}-updates`),
    line(mirror.security, `${codename}-security`),
    ...(backports ? [line(mirror.main, `${codename}-backports`)] : []),
    '',
  ].join('\n');
}

/** Installs those that are missing, by default of {@link PACKAGES}, from our own source list. Throws {@link OperatorError}. */
export async function installPackages(
  home: string,
  report: (message: string) => void,
  packages: readonly Package[] = PACKAGES,
): Promise<void> {
  const missing = packages.filter((pkg) => !has(pkg));
  if (missing.length === 0) return;
  const release = await readRelease();
  const backports = release.version < 13;
  const folder = path.join(home, 'apt');
  const list = path.join(folder, 'danube.list');
  await mkdir(path.join(folder, 'lists', 'partial'), { recursive: true });
  const mirror = findMirror(await readHostSources(), release.codename);
  await writeFile(list, sourcesList(release.codename, mirror, backports));
  const apt = (...args: string[]): Promise<unknown> =>
    run('apt-get', [...aptOptions(folder, list), ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      onLine: (line) => report(line.slice(0, 90)),
    });
  try {
    await apt('update');
    const wanted = missing.map((pkg) =>
      backports && pkg.backports ? `${pkg.name}/${release.codename}-backports` : pkg.name,
    );
    await withoutServices(() => apt('install', '--yes', '--no-install-recommends', ...wanted));
  } catch (error) {
    throw new OperatorError(
      `The Debian packages ${missing.map((pkg) => pkg.name).join(', ')} could not be installed from ${mirror.main}.`,
      'Check that this host reaches its Debian mirror, or install the packages yourself, then start again.',
      { cause: error },
    );
  }
  if (missing.some((pkg) => pkg.name === 'incus-base')) await disableDistributionIncus();
}

function aptOptions(folder: string, list: string): string[] {
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    // Lists and caches of our own: an update with another source list would throw the host's away.
    'Dir::State::lists': path.join(folder, 'lists'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Acquire::Retries': '3',
    'Acquire::Languages': 'none',
    'DPkg::Lock::Timeout': '300',
    'Dpkg::Options::': '--force-confold',
    'Dpkg::Use-Pty': '0',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

async function readRelease(): Promise<{ codename: string; version: number }> {
  const text = await readFile('/etc/os-release', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  const version = Number(field('VERSION_ID'));
  if (field('ID') !== 'debian' || !(version >= 12)) {
    throw new OperatorError(
      `This is ${field('PRETTY_NAME') || 'not Debian'}. Danube can set up Incus on Debian 12 and 13.`,
      `Install ${missingPackages().join(', ')} with your distribution's tools, or set INCUS_URL to an Incus elsewhere.`,
    );
  }
  return { codename: field('VERSION_CODENAME'), version };
}

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# Danube: keeps new packages from starting daemons while it installs them.';

/** Debian starts a package's daemons on installation. This guard keeps back those that Danube runs itself. */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  const ours = !existsSync(POLICY) || (await readFile(POLICY, 'utf8')).includes(POLICY_MARK);
  if (ours) {
    const held = isSystemd() ? 'incus*' : 'incus*|lxcfs*';
    await writeFile(POLICY, `#!/bin/sh\n${POLICY_MARK}\ncase "$1" in ${held}) exit 101;; esac\nexit 0\n`);
    await chmod(POLICY, 0o755);
  }
  try {
    return await work();
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}

/** The package enables a daemon of its own for the next boot. Danube runs one per install, so that one stays off. */
async function disableDistributionIncus(): Promise<void> {
  if (!isSystemd()) return;
  const units = ['incus.socket', 'incus.service', 'incus-startup.service'];
  await run('systemctl', ['disable', '--now', ...units], { allow: 'any' });
}
