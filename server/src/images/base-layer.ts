import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DebianMirror } from '../lib/debian-mirror.ts';
import type { Progress } from '../lib/progress.ts';
import { BASE_PROGRESS, buildProgress } from './build-progress.ts';
import { withFileLock } from './file-lock.ts';
import { type Ahead, BUILDER_VERSION, quoted, runMmdebstrap } from './mmdebstrap.ts';
import { zonePackages } from './recipe.ts';

/** What every image has, besides the packages without which Debian does not work. */
const PACKAGES = ['iproute2', 'procps', 'ca-certificates'];

/** Milliseconds after which a base is made anew: each build brings its packages up to date, so an old one saves less. */
const MAX_AGE = 7 * 24 * 3_600_000;

export interface BaseOptions {
  /** The image that is about to be built on it. */
  id: string;
  suite: string;
  /** Folder of finished images. */
  cacheDir: string;
  mirror: DebianMirror;
  progress?: Progress | undefined;
  ahead?: Ahead | undefined;
  /** Called where another process makes it. */
  onWait?: (() => void) | undefined;
}

/**
 * The archive of the system that all images of a suite begin with, which the first of them makes. Installing it takes half
 * of the time of a small image's build. Throws like {@link runMmdebstrap}.
 */
export async function ensureBase(options: BaseOptions): Promise<string> {
  const { suite, cacheDir } = options;
  const file = path.join(cacheDir, `base-${suite}-${hashOf(suite)}.tar.zst`);
  const work = async (): Promise<string> => {
    if (await isFresh(file)) return file;
    await removeOf(suite, cacheDir);
    const partial = path.join(cacheDir, `base-${suite}.partial`);
    const archive = path.join(partial, 'base.tar.zst');
    try {
      await mkdir(partial, { mode: 0o755 });
      await make(options, partial, archive);
      await rename(archive, file);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return file;
  };
  return withFileLock(path.join(cacheDir, `base-${suite}.lock`), work, options.onWait);
}

/** Arguments for mmdebstrap that put a base in place, bring it up to date and add packages. */
export const onBase = (base: string, packages: readonly string[]): string[] => [
  '--variant=custom',
  // The list of archives is that of this build. The mirror may be another one by now.
  `--setup-hook=tar --extract --preserve-permissions --numeric-owner --xattrs --xattrs-include=${quoted('*')} ` +
    `--exclude=./etc/apt/sources.list --file ${quoted(path.resolve(base))} --directory "$1"`,
  apt('dist-upgrade'),
  apt(`install ${packages.map(quoted).join(' ')}`),
];

/** The host's apt, with the packages' own scripts inside, as mmdebstrap itself installs packages. */
const apt = (command: string): string =>
  '--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes -o Dir::Bin::dpkg=env ' +
  '-o DPkg::Options::=--unset=TMPDIR -o DPkg::Options::=dpkg -o DPkg::Chroot-Directory="$1" ' +
  `-o Dpkg::Use-Pty=false ${command}`;

function make({ id, suite, mirror, progress, ahead }: BaseOptions, partial: string, target: string) {
  return runMmdebstrap({
    id,
    suite,
    mirror,
    args: ['--variant=minbase', `--include=${packagesOf(suite).join(',')}`],
    target,
    temporary: partial,
    ahead,
    onLine: progress && buildProgress(id, progress, BASE_PROGRESS),
  });
}

const packagesOf = (suite: string): string[] => [...PACKAGES, ...zonePackages(suite)];

const hashOf = (suite: string): string =>
  createHash('sha256')
    .update(JSON.stringify([BUILDER_VERSION, process.arch, packagesOf(suite)]))
    .digest('hex')
    .slice(0, 16);

async function isFresh(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs < MAX_AGE;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Removes earlier bases of the suite, and what a killed build has left. */
async function removeOf(suite: string, folder: string): Promise<void> {
  const ours = new RegExp(`^base-${suite}(\\.partial$|-[0-9a-f]{16}\\.tar\\.zst$)`);
  for (const name of await readdir(folder)) {
    if (ours.test(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
