import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DebianMirror, findMirror, readHostSources } from '../lib/debian-mirror.ts';
import { readOsRelease } from '../lib/os-release.ts';
import { allPids } from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { withHostLock } from './lock.ts';
import { OperatorError } from './operator-error.ts';
import { isSystemd } from './system.ts';

export interface Package {
  name: string;
  /** A file of the package; if it exists, the package is installed. Thousands of times cheaper than asking dpkg. */
  proof: string;
  /** Installed before the others, because something begins with it while those are being installed. */
  first?: true;
  /** Debian 12 has the required version in its backports only. */
  backports?: true;
  /** Shell pattern of services that the package would start. They stay off, because Danube runs its own. */
  services?: string;
  /** Systemd units that the package enables for the next boot. They are disabled, because Danube runs its own. */
  units?: readonly string[];
  /** A file of settings that the package's scripts read, there only while it is being installed. */
  duringInstall?: { file: string; text: string };
}

const has = (pkg: Package): boolean => existsSync(pkg.proof) || existsSync(pkg.proof.replace(/^\/usr/, ''));

/** The missing packages; takes well under a millisecond on a complete host. */
export const missingPackages = (packages: readonly Package[]): string[] =>
  packages.filter((pkg) => !has(pkg)).map((pkg) => pkg.name);

/** An apt source list in one-line format that only Danube uses, so that broken lists of the host do no harm. */
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

/**
 * Installs missing packages from Danube's own source list, one install of the host at a time: the files that keep
 * services from starting are the same for all. `onFirst`: called once those marked as `first` are there. Throws
 * {@link OperatorError}.
 */
export const installPackages = (
  home: string,
  report: (message: string) => void,
  packages: readonly Package[],
  onFirst?: () => void,
): Promise<void> => withHostLock('packages', () => installMissing(home, report, packages, onFirst));

async function installMissing(
  home: string,
  report: (message: string) => void,
  packages: readonly Package[],
  onFirst?: () => void,
): Promise<void> {
  await removeLeftovers([POLICY, ...packages.flatMap(({ duringInstall }) => duringInstall?.file ?? [])]);
  const missing = packages.filter((pkg) => !has(pkg));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  const release = requireRelease(names);
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
    const install = async (some: readonly Package[]): Promise<void> => {
      const wanted = some.map((pkg) =>
        backports && pkg.backports ? `${pkg.name}/${release.codename}-backports` : pkg.name,
      );
      if (wanted.length > 0) await apt('install', '--yes', '--no-install-recommends', ...wanted);
    };
    await withoutServices(packages, () =>
      withFiles(missing, async () => {
        await install(missing.filter(({ first }) => first));
        onFirst?.();
        await install(missing.filter(({ first }) => !first));
      }),
    );
  } catch (error) {
    throw new OperatorError(
      `The Debian packages ${names} could not be installed from ${mirror.main}.`,
      'Check that this host reaches its Debian mirror, or install the packages yourself, then start again.',
      { cause: error },
    );
  }
  await disableUnits(missing.flatMap(({ units = [] }) => units));
}

function aptOptions(folder: string, list: string): string[] {
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    // With another source list, an update would delete the host's own lists and caches.
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

/** Debian's release. Throws {@link OperatorError} where Danube cannot install packages; `names` are the needed ones. */
function requireRelease(names: string): { codename: string; version: number } {
  const { id, name, codename, version } = readOsRelease();
  if (id !== 'debian' || version < 12) {
    throw new OperatorError(
      `This is ${name || 'not Debian'}. Danube can set up Incus on Debian 12 and 13.`,
      `Install ${names} with your distribution's tools, or set INCUS_URL to an Incus elsewhere.`,
    );
  }
  return { codename, version };
}

const POLICY = '/usr/sbin/policy-rc.d';
/** Begins the line that marks a file as ours, and names the process that removes it. */
const MARK = '# Danube: there only while packages are being installed, by process ';
const marked = (text: string): string => `${MARK}${process.pid}\n${text}`;

/** Debian starts the daemons of a package that it installs. This keeps those off that Danube runs itself. */
async function withoutServices<T>(packages: readonly Package[], work: () => Promise<T>): Promise<T> {
  const services = packages.flatMap((pkg) => pkg.services ?? []).join('|');
  const ours = !existsSync(POLICY) || (await readFile(POLICY, 'utf8')).includes(MARK);
  if (services === '' || !ours) return work();
  await writeFile(POLICY, `#!/bin/sh\n${marked(`case "$1" in ${services}) exit 101;; esac\nexit 0\n`)}`);
  await chmod(POLICY, 0o755);
  try {
    return await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}

/** Performs `work` while the files that the packages want during their installation are there. */
async function withFiles<T>(packages: readonly Package[], work: () => Promise<T>): Promise<T> {
  const files = packages.flatMap(({ duringInstall }) => duringInstall ?? []);
  try {
    for (const { file, text } of files) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, marked(text));
    }
    return await work();
  } finally {
    for (const { file } of files) await rm(file, { force: true });
  }
}

/** Removes what a set-up that was killed has left: files with our mark whose process is gone. */
export async function removeLeftovers(files: readonly string[]): Promise<void> {
  for (const file of files.filter((each) => existsSync(each))) {
    const [, owner] = (await readFile(file, 'utf8')).split(MARK);
    if (owner !== undefined && !allPids().includes(Number.parseInt(owner, 10)))
      await rm(file, { force: true });
  }
}

/** Disables systemd units of daemons that Danube runs itself. */
async function disableUnits(units: readonly string[]): Promise<void> {
  if (units.length === 0 || !isSystemd()) return;
  await run('systemctl', ['disable', '--now', ...units], { allow: 'any' });
}
