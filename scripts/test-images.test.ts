import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { recipeHash } from '../server/src/images/builder.ts';
import type { Recipe } from '../server/src/images/recipe.ts';
import { keepImages, recipeToRenew, TEST_RECIPES, takeImages, tidy } from './test-images.ts';

describe('images between runs', () => {
  let folder: string;
  let cache: string;
  const [one, two] = TEST_RECIPES as [Recipe, Recipe];
  const nameOf = (recipe: Recipe): string => `${recipe.id}-${recipeHash(recipe)}`;
  const run = (name: string): string => path.join(folder, name);

  /** As a run leaves it that has built this image. */
  async function build(where: string, recipe: Recipe, builtAt: number): Promise<void> {
    await mkdir(path.join(where, nameOf(recipe)), { recursive: true });
    await writeFile(path.join(where, nameOf(recipe), 'built.json'), JSON.stringify({ builtAt }));
    await writeFile(path.join(where, nameOf(recipe), 'rootfs.tar.zst'), `of ${builtAt}`);
  }
  const content = (where: string, recipe: Recipe) =>
    readFile(path.join(where, nameOf(recipe), 'rootfs.tar.zst'), 'utf8');

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-images-'));
    cache = path.join(folder, 'cache');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('serves a later run with what an earlier one has built, but for the image that is renewed', async () => {
    await build(run('first'), one, 1);
    await build(run('first'), two, 1);
    await keepImages(run('first'), cache);
    await rm(run('first'), { recursive: true });
    await takeImages(run('second'), two, cache);
    assert.deepEqual(await readdir(run('second')), [nameOf(one)]);
    await build(run('second'), two, 2);
    await keepImages(run('second'), cache);
    await takeImages(run('third'), null, cache);
    assert.deepEqual(await readdir(run('third')), [nameOf(one), nameOf(two)].sort());
    assert.deepEqual([await content(run('third'), one), await content(run('third'), two)], ['of 1', 'of 2']);
  });

  it('keeps nothing unfinished', async () => {
    await mkdir(path.join(run('first'), `${one.id}.partial-abc`), { recursive: true });
    await mkdir(path.join(run('first'), nameOf(two)));
    await mkdir(path.join(cache, `${nameOf(one)}.copy`), { recursive: true });
    await keepImages(run('first'), cache);
    await takeImages(run('second'), null, cache);
    assert.deepEqual(await readdir(run('second')), []);
    assert.deepEqual(await readdir(cache), ['lock']);
  });

  it('keeps images of other recipes for a week, and fewer where they take much', async () => {
    const days = { today: 0, yesterday: 1.5, earlier: 3, before: 8 };
    const store = async (): Promise<void> => {
      for (const [name, age] of Object.entries(days)) {
        await mkdir(path.join(cache, name), { recursive: true });
        await writeFile(path.join(cache, name, 'rootfs.tar.zst'), 'x'.repeat(1000));
        const used = new Date(Date.now() - age * 86_400_000);
        await utimes(path.join(cache, name), used, used);
      }
    };
    await store();
    await keepImages(run('none'), cache);
    assert.deepEqual(await readdir(cache), ['earlier', 'lock', 'today', 'yesterday']);
    await tidy(cache, 2500);
    assert.deepEqual(await readdir(cache), ['lock', 'today', 'yesterday']);
    await tidy(cache, 500);
    assert.deepEqual(await readdir(cache), ['lock', 'today']);
  });

  it('knows that an image is in use, whoever built it', async () => {
    await build(cache, one, 1);
    const long = new Date(Date.now() - 30 * 86_400_000);
    await utimes(path.join(cache, nameOf(one)), long, long);
    await takeImages(run('first'), null, cache);
    await tidy(cache, 0);
    assert.ok((await readdir(cache)).includes(nameOf(one)));
  });

  it('leaves what a build in its own folder needs, and forgets the rest of it after a week', async () => {
    await mkdir(cache);
    const files = ['base-bookworm-0123456789abcdef.tar.zst', 'debian-12.lock'];
    for (const name of files) await writeFile(path.join(cache, name), '');
    await tidy(cache);
    assert.deepEqual((await readdir(cache)).sort(), files);
    const long = new Date(Date.now() - 8 * 86_400_000);
    for (const name of files) await utimes(path.join(cache, name), long, long);
    await tidy(cache);
    assert.deepEqual(await readdir(cache), ['debian-12.lock']);
  });

  it('renews every image in turn', () => {
    const renewed = new Set(TEST_RECIPES.map((_, seed) => recipeToRenew(seed)));
    assert.equal(renewed.size, TEST_RECIPES.length);
  });
});
