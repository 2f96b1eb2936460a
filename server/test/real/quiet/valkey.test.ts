import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findBuilt } from '../../../src/images/builder.ts';
import { RECIPES } from '../../../src/images/recipes.ts';
import { run } from '../../../src/lib/run.ts';
import { valkey } from '../../../src/services/valkey/provider.ts';
import { fromTestRun } from '../../incus.ts';
import { testFamily } from '../redis-family.ts';

/** Not every Debian has a package with Valkey's own client: it runs from the image that Danube built, unpacked. */
testFamily(valkey, async ({ plane, folder, caFile }) => {
  await plane.ensureImage('valkey-8.1');
  const image = await findBuilt(fromTestRun('DANUBE_TEST_IMAGES'), RECIPES.get('valkey-8.1')!);
  assert.ok(image);
  const root = path.join(folder, 'client');
  await mkdir(root);
  await run('tar', ['-C', root, '--zstd', '--exclude=./dev', '-xf', image.rootfsFile], {
    timeoutSeconds: 900,
  });
  // The client finds the authority's certificate at the path that it has outside.
  await mkdir(path.join(root, folder), { recursive: true });
  await copyFile(caFile, path.join(root, caFile));
  return ['chroot', root, 'valkey-cli'];
});
