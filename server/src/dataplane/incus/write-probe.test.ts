import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../../test/harness.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { WriteProbe } from './write-probe.ts';

describe('the probe of a file system', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-write-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('finds nothing where a write works, and leaves nothing', async () => {
    assert.equal(await new WriteProbe(folder).refusal(), null);
    assert.deepEqual(await readdir(folder), []);
  });

  it('says that a folder that is gone takes no writes', async () => {
    assert.equal(await new WriteProbe(path.join(folder, 'none')).refusal(), 'failed');
  });

  it('tells a full file system and one that is read-only', { skip: !isRoot() }, async () => {
    const mount = path.join(folder, 'mount');
    await mkdir(mount);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount]);
    try {
      await assert.rejects(writeFile(path.join(mount, 'ballast'), Buffer.alloc(512 * 1024)), {
        code: 'ENOSPC',
      });
      assert.equal(await new WriteProbe(mount).refusal(), 'full');
      await rm(path.join(mount, 'ballast'));
      assert.equal(await new WriteProbe(mount).refusal(), null);
      await run('mount', ['-o', 'remount,ro', mount]);
      assert.equal(await new WriteProbe(mount).refusal(), 'read_only');
    } finally {
      await run('umount', [mount]);
    }
  });

  it('says that a write that does not end has failed, and notices when it has', {
    skip: !isRoot(),
  }, async () => {
    const [image, mount] = [path.join(folder, 'frozen.img'), path.join(folder, 'frozen')];
    await mkdir(mount);
    await writeFile(image, '');
    await truncate(image, 16 * 1024 ** 2);
    await run('mkfs.ext4', ['-q', image]);
    await run('mount', ['-o', 'loop', image, mount]);
    try {
      const probe = new WriteProbe(mount, 100);
      assert.equal(await probe.refusal(), null);
      await run('fsfreeze', ['--freeze', mount]);
      try {
        await waitFor('the write to be late', async () => (await probe.refusal()) === 'failed');
      } finally {
        await run('fsfreeze', ['--unfreeze', mount]);
      }
      await waitFor('a write to work', async () => (await probe.refusal()) === null);
    } finally {
      await run('umount', [mount]);
    }
  });
});
