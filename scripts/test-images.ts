import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
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
      if (recipe !== except && (await findBuilt(cache, recipe))) await copyEntry(recipe, cache, folder);
    }
  });
}

/** Stores the images that a run has built, and removes those of outdated recipes. */
export async function keepImages(folder: string, cache = CACHE): Promise<void> {
  await withCache(cache, async () => {
    for (const recipe of TEST_RECIPES) {
      const built = await findBuilt(folder, recipe);
      const kept = await findBuilt(cache, recipe);
      if (built && built.builtAt !== kept?.builtAt) await copyEntry(recipe, folder, cache);
    }
    const wanted = new Set([LOCK, ...TEST_RECIPES.map(entryOf)]);
    for (const name of await readdir(cache)) {
      if (!wanted.has(name)) await rm(path.join(cache, name), { recursive: true });
    }
  });
}

const LOCK = 'lock';

/** Serialises access to the cache. */
async function withCache(cache: string, work: () => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await withFileLock(path.join(cache, LOCK), work);
}

/** Replaces the image in `to` atomically; what an interrupted copy leaves belongs to no recipe, and is removed. */
async function copyEntry(recipe: Recipe, from: string, to: string): Promise<void> {
  const [source, target] = [from, to].map((folder) => path.join(folder, entryOf(recipe))) as [string, string];
  const partial = `${target}.copy`;
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
