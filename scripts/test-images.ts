import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { findBuilt, recipeHash } from '../server/src/images/builder.ts';
import { withFileLock } from '../server/src/images/file-lock.ts';
import type { Recipe } from '../server/src/images/recipe.ts';
import { RECIPES } from '../server/src/images/recipes.ts';
import { SERVICE_RECIPE } from '../server/test/contract/test-service.ts';

/**
 * Images built by earlier runs, shared by all checkouts on this machine. A run uses copies in its own folder, so no
 * other run can remove an image it uses. Only root builds images and can write here, because later runs trust them.
 */
const CACHE = path.join(process.env.XDG_CACHE_HOME ?? '/var/cache', 'danube-test', 'images');

/** All images that tests use. */
export const TEST_RECIPES: readonly Recipe[] = [SERVICE_RECIPE, ...RECIPES.values()];

const entryOf = (recipe: Recipe): string => `${recipe.id}-${recipeHash(recipe)}`;

/** The recipe whose image the run with this seed rebuilds. */
export const recipeToRenew = (seed: number): Recipe => TEST_RECIPES[seed % TEST_RECIPES.length]!;

/** Copies the stored images of the present recipes to a run's folder, except that of `except`. */
export async function takeImages(folder: string, except: Recipe | null, cache = CACHE): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withCache(cache, async () => {
    for (const recipe of TEST_RECIPES) {
      if (recipe === except || !(await findBuilt(cache, recipe))) continue;
      await copyEntry(recipe, cache, folder);
      await touch(path.join(cache, entryOf(recipe)));
    }
  });
}

/** Stores the images that a run has built, and forgets those that have not been used for long. */
export async function keepImages(folder: string, cache = CACHE): Promise<void> {
  await withCache(cache, async () => {
    for (const recipe of TEST_RECIPES) {
      const built = await findBuilt(folder, recipe);
      const kept = await findBuilt(cache, recipe);
      if (built && built.builtAt !== kept?.builtAt) await copyEntry(recipe, folder, cache);
      if (built) await touch(path.join(cache, entryOf(recipe)));
    }
    await tidy(cache);
  });
}

const DAY_MS = 24 * 3_600_000;
/** An image that no run has used for so long is of a recipe that has changed. */
const LONGEST_MS = 7 * DAY_MS;
/** Images of all recipes take some 3 GB, and other checkouts on this machine may have other recipes. */
const MOST_BYTES = 20 * 1024 ** 3;

/**
 * Removes what was not used for a week, and of the rest what was not used for longest until the cache is within its bound;
 * but nothing that was used within a day, because a checkout with other recipes may be at work with it.
 */
export async function tidy(cache: string, mostBytes = MOST_BYTES): Promise<void> {
  const remove = (name: string) => rm(path.join(cache, name), { recursive: true });
  const found: { name: string; age: number; bytes: number }[] = [];
  for (const name of await readdir(cache)) {
    // Only who has the lock copies, so this one was interrupted.
    if (name.endsWith(COPY)) await remove(name);
    else if (!name.endsWith(LOCK)) found.push({ name, ...(await describeEntry(path.join(cache, name))) });
  }
  let bytes = found.reduce((sum, entry) => sum + entry.bytes, 0);
  for (const entry of found.toSorted((a, b) => b.age - a.age)) {
    if (entry.age < DAY_MS || (entry.age < LONGEST_MS && bytes <= mostBytes)) break;
    await remove(entry.name);
    bytes -= entry.bytes;
  }
}

/** Milliseconds since its last use, and size. Also of a file, which a build that was told to use this folder has left. */
async function describeEntry(entry: string): Promise<{ age: number; bytes: number }> {
  const isFolder = (await stat(entry)).isDirectory();
  const files = isFolder ? await readdir(entry) : [''];
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(entry, file))).size));
  return {
    age: Date.now() - (await stat(entry)).mtimeMs,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Notes that an image is used now. */
const touch = (entry: string): Promise<void> => utimes(entry, new Date(), new Date());

const LOCK = 'lock';
/** Ends the name of what is being copied. */
const COPY = '.copy';

/** Serialises access to the cache. */
async function withCache(cache: string, work: () => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await withFileLock(path.join(cache, LOCK), work);
}

/** Replaces the image in `to` atomically. */
async function copyEntry(recipe: Recipe, from: string, to: string): Promise<void> {
  const [source, target] = [from, to].map((folder) => path.join(folder, entryOf(recipe))) as [string, string];
  const partial = `${target}${COPY}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  for (const name of await readdir(source)) await copy(path.join(source, name), path.join(partial, name));
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
}

/** Creates hard links where possible, since image files never change. */
async function copy(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    return copyFile(from, to);
  });
}
