import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { findBuilt, recipeHash } from '../server/src/images/builder.ts';
import { withFileLock } from '../server/src/images/file-lock.ts';
import type { Recipe } from '../server/src/images/recipe.ts';
import { RECIPES } from '../server/src/images/recipes.ts';
import { SERVICE_RECIPE } from '../server/test/contract/test-service.ts';

/**
 * Images that earlier runs built, for every checkout on this machine. A run works on copies in its own folder, so no
 * other run takes an image away under it. Only root builds images, and only root may write what later runs trust.
 */
const CACHE = path.join(process.env.XDG_CACHE_HOME ?? '/var/cache', 'danube-test', 'images');

/** All images that tests use. */
export const TEST_RECIPES: readonly Recipe[] = [SERVICE_RECIPE, ...RECIPES.values()];

const entryOf = (recipe: Recipe): string => `${recipe.id}-${recipeHash(recipe)}`;

/** The recipe whose image the run with this seed builds anew. */
export const recipeToRenew = (seed: number): Recipe => TEST_RECIPES[seed % TEST_RECIPES.length]!;

/** Puts the kept images of today's recipes into the folder for a run's images, but for the one of `except`. */
export async function takeImages(folder: string, except: Recipe | null, cache = CACHE): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withCache(cache, async () => {
    for (const recipe of TEST_RECIPES) {
      if (recipe !== except && (await findBuilt(cache, recipe))) await copyEntry(recipe, cache, folder);
    }
  });
}

/** Keeps the images that a run has built, and forgets those that no recipe of today makes. */
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

/** One run at a time. */
async function withCache(cache: string, work: () => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await withFileLock(path.join(cache, LOCK), work);
}

/** Replaces the image in `to` whole or not at all; what a killed copy leaves is nobody's recipe. */
async function copyEntry(recipe: Recipe, from: string, to: string): Promise<void> {
  const [source, target] = [from, to].map((folder) => path.join(folder, entryOf(recipe))) as [string, string];
  const partial = `${target}.copy`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  for (const name of await readdir(source)) await copy(path.join(source, name), path.join(partial, name));
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
}

/** Files of images never change, so another name for one is as good as a copy, where that is possible. */
async function copy(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    return copyFile(from, to);
  });
}
