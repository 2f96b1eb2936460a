import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FormData } from 'undici';
import type { InstanceFile } from '../../src/dataplane/contract/compute.ts';
import type { IncusClient } from '../../src/dataplane/incus/client.ts';
import { imageAlias } from '../../src/dataplane/incus/names.ts';
import { applianceRecipe } from '../../src/images/appliance-recipe.ts';
import { buildImage } from '../../src/images/builder.ts';
import { withFileLock } from '../../src/images/file-lock.ts';
import { hostMirror } from '../../src/lib/debian-mirror.ts';
import { run } from '../../src/lib/run.ts';

/** Port of the engine in `test-engine/`. */
export const SERVICE_PORT = 7000;

const provider = {
  id: 'test' as never,
  name: 'Test engine',
  guest: [path.join(import.meta.dirname, 'test-engine')],
};
/** The recipe of a service image with a minimal engine. */
export const SERVICE_RECIPE = applianceRecipe(provider, { version: '1', suite: 'trixie', packages: [] });

/** Name of the image, which is in no catalogue. */
export const SERVICE_IMAGE = SERVICE_RECIPE.id;

/** Builds the image and imports it into Incus, unless that is done. */
export async function importTestService(
  client: IncusClient,
  installId: string,
  cacheDir: string,
): Promise<void> {
  const alias = imageAlias(installId, SERVICE_IMAGE);
  // A lock between processes, because each test file runs in its own.
  await withFileLock(path.join(cacheDir, `${SERVICE_IMAGE}.import.lock`), async () => {
    if (await client.find(`/1.0/images/aliases/${alias}`)) return;
    const built = await buildImage({ recipe: SERVICE_RECIPE, cacheDir, mirror: await hostMirror() });
    const form = new FormData();
    form.set('metadata', await openAsBlob(built.metadataFile), 'metadata.tar');
    form.set('rootfs', await openAsBlob(built.rootfsFile), 'rootfs.tar.zst');
    const { fingerprint } = await client.upload<{ fingerprint: string }>('/1.0/images', {
      body: form,
      headers: {},
    });
    await client.request('POST', '/1.0/images/aliases', { name: alias, target: fingerprint });
  });
}

/** The settings file as Danube writes it, with this first line of configuration. `cut` leaves out its end. */
export async function settingsFile(line: string, options: { cut?: boolean } = {}): Promise<InstanceFile> {
  const folder = await mkdtemp(path.join(tmpdir(), 'danube-settings-'));
  try {
    await writeFile(path.join(folder, 'engine.conf'), `${line}\n`);
    await writeFile(path.join(folder, 'complete'), '');
    const { stdout } = await run('sh', ['-c', 'tar -cf - engine.conf complete | base64 -w0'], {
      cwd: folder,
    });
    const whole = Buffer.from(stdout, 'base64');
    return {
      path: '/var/lib/danube/settings.tar',
      content: options.cut ? whole.subarray(0, 1024) : whole,
      mode: '0600',
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
