import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { hostMirror } from '../lib/debian-mirror.ts';
import { buildImage, findBuilt, recipeHash } from './builder.ts';
import { CATALOG } from './catalog.ts';
import { withFileLock } from './file-lock.ts';
import { imageMetadata } from './metadata.ts';
import type { Recipe } from './recipe.ts';
import { RECIPES } from './recipes.ts';

const recipe = RECIPES.get('debian-12')!;
const mirror = {
  main: 'http://127.0.0.1:9/debian',
  security: 'http://127.0.0.1:9/debian-security',
  keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
};

describe('image builder', () => {
  let cacheDir: string;
  beforeEach(() => {
    cacheDir = mkdtempSync(path.join(tmpdir(), 'danube-images-'));
  });
  afterEach(() => rmSync(cacheDir, { recursive: true }));

  it('says why a build failed, and leaves nothing behind', async () => {
    await assert.rejects(buildImage({ recipe, cacheDir, mirror }), (error: unknown) => {
      assert.ok(error instanceof DataPlaneError);
      assert.equal(error.code, 'image_build_failed');
      assert.equal(error.publicMessage, 'The image debian-12 could not be built.');
      assert.match(error.message, /mmdebstrap/);
      return true;
    });
    assert.deepEqual(readdirSync(cacheDir), ['base-bookworm.lock', 'debian-12.lock']);
    assert.equal(await findBuilt(cacheDir, recipe), null);
  });

  const fast = process.env.DANUBE_TEST_FAST ? 'needs the Debian mirror' : false;
  it('rejects packages that the keyring does not verify', { skip: fast }, async () => {
    // Keys that Debian has withdrawn, which sign none of today's archives.
    const keyring = '/usr/share/keyrings/debian-archive-removed-keys.gpg';
    const unvouched = { ...(await hostMirror()), keyring };
    await assert.rejects(buildImage({ recipe, cacheDir, mirror: unvouched }), /is not signed|NO_PUBKEY/);
    assert.deepEqual(readdirSync(cacheDir), ['base-bookworm.lock', 'debian-12.lock']);
  });

  it('uses a cached image of the same recipe only', async () => {
    const folder = path.join(cacheDir, `debian-12-${recipeHash(recipe)}`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'built.json'), '{"builtAt": 5}');
    assert.equal((await buildImage({ recipe, cacheDir, mirror })).builtAt, 5);
    const changed: Recipe = { ...recipe, packages: [...recipe.packages, 'tmux'] };
    assert.equal(await findBuilt(cacheDir, changed), null);
  });
});

describe('file lock', () => {
  it('admits one at a time, and the next one after a failure', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'danube-lock-'));
    const file = path.join(folder, 'lock');
    let inside = 0;
    const work = async () => {
      inside += 1;
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(inside, 1);
      inside -= 1;
      throw new Error('failed inside');
    };
    try {
      const all = [1, 2, 3].map(() => assert.rejects(withFileLock(file, work), /failed inside/));
      await Promise.all(all);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('image metadata', () => {
  it('has a template for each of cloud-init’s files', () => {
    const metadata = parse(imageMetadata(recipe, 'x86_64'));
    assert.equal(metadata.architecture, 'x86_64');
    assert.deepEqual(
      Object.values<{ template: string }>(metadata.templates).map(({ template }) => template),
      recipe.templates.map(({ name }) => name),
    );
  });

  it('has properties in addition to those of every image', () => {
    const { properties } = parse(imageMetadata(recipe, 'x86_64', { 'danube.parameters': 'packed' }));
    assert.equal(properties.release, recipe.suite);
    assert.equal(properties['danube.parameters'], 'packed');
  });

  it('has a recipe for every image that is built', () => {
    for (const { source } of CATALOG) {
      if (source.kind === 'built') assert.ok(RECIPES.has(source.recipe), source.recipe);
    }
  });
});
