import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findBuilt } from '../../../src/images/builder.ts';
import { RECIPES } from '../../../src/images/recipes.ts';
import { run } from '../../../src/lib/run.ts';
import { valkey } from '../../../src/services/valkey/provider.ts';
import { fromTestRun } from '../../incus.ts';
import { testFamily } from '../redis-family.ts';

/**
 * Not every Debian release has a package with Valkey's own client, so it runs from the unpacked image that Danube
 * built.
 */
testFamily(valkey, async ({ plane, folder, caFile }) => {
  await plane.ensureImage('valkey-8.1');
  const image = await findBuilt(fromTestRun('DANUBE_TEST_IMAGES'), RECIPES.get('valkey-8.1')!);
  assert.ok(image);
  const root = path.join(folder, 'client');
  await mkdir(root);
  await run('tar', ['-C', root, '--zstd', '--exclude=./dev', '-xf', image.rootfsFile], {
    timeoutSeconds: 900,
  });
  // The client must find the authority's certificate at the same path as outside.
  await mkdir(path.join(root, folder), { recursive: true });
  await copyFile(caFile, path.join(root, caFile));
  return ['chroot', root, 'valkey-cli'];
});
