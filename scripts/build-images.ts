/**
 * Builds the images that tests use and that are not there yet, in the folder that is named, two at a time: one loads
 * packages while the other one unpacks. `npm test` has it run beside the tests, and behind them.
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
