/**
 * Builds the missing images for tests in the given folder, two at a time, so that one downloads packages while the
 * other unpacks. `npm test` runs it in parallel with the tests.
 */
import { setPriority } from 'node:os';
import { buildImage, findBuilt } from '../server/src/images/builder.ts';
import { hostMirror } from '../server/src/lib/debian-mirror.ts';
import { TEST_RECIPES } from './test-images.ts';

setPriority(10);
const [cacheDir = ''] = process.argv.slice(2);
const mirror = await hostMirror();
const queue = [...TEST_RECIPES];

async function build(): Promise<void> {
  for (let recipe = queue.shift(); recipe; recipe = queue.shift()) {
    if (await findBuilt(cacheDir, recipe)) continue;
    const began = Date.now();
    await buildImage({ recipe, cacheDir, mirror });
    console.log(`  ✓ Built the image ${recipe.id} (${Math.round((Date.now() - began) / 1000)} s)`);
  }
}

await Promise.all([build(), build()]);
