import assert from 'node:assert/strict';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readDiskCounts, readPoolHealth, recountDisks } from '../../../src/dataplane/incus/pool-health.ts';
import { keepCounting } from '../../../src/host/components/storage-pool.ts';
import { run } from '../../../src/lib/run.ts';

const SIZE = 8 * 2 ** 20;

describe('what Btrfs counts of disks', () => {
  const prefix = path.join(tmpdir(), 'danube-counts-');
  const folder = mkdtempSync(prefix);
  const mount = path.join(folder, 'pool');
  const btrfs = (...args: string[]) => run('btrfs', args);

  before(async () => {
    await removeRemains();
    await run('truncate', ['--size', '300M', `${folder}/image`]);
    await run('mkfs.btrfs', ['--quiet', `${folder}/image`]);
    await run('mkdir', [mount]);
    await run('mount', ['-o', 'loop', `${folder}/image`, mount]);
    await btrfs('quota', 'enable', mount);
    await btrfs('subvolume', 'create', `${mount}/source`);
    writeFileSync(`${mount}/source/file`, Buffer.alloc(SIZE, 'x'));
    for (let i = 0; i < 2000; i += 1) writeFileSync(`${mount}/source/${i}`, 'small');
    await run('sync', ['--file-system', mount]);
  });
  after(() => unmount(folder));

  async function unmount(left: string): Promise<void> {
    await run('umount', [path.join(left, 'pool')], { allow: 'any' });
    rmSync(left, { recursive: true, force: true });
  }

  /** Removes what earlier runs left if they were killed. */
  async function removeRemains(): Promise<void> {
    for (const name of readdirSync(tmpdir())) {
      const left = path.join(tmpdir(), name);
      if (left.startsWith(prefix) && left !== folder) await unmount(left);
    }
  }

  /** Makes Btrfs lose count at once, as it does now and then by itself: it stops tracking what a deletion frees. */
  async function loseCount(): Promise<void> {
    const uuid = (await run('findmnt', ['--noheadings', '--output', 'UUID', mount])).stdout.trim();
    writeFileSync(`/sys/fs/btrfs/${uuid}/qgroups/drop_subtree_threshold`, '0');
    await btrfs('subvolume', 'snapshot', `${mount}/source`, `${mount}/copy`);
    await btrfs('subvolume', 'delete', '--commit-after', `${mount}/copy`);
    await btrfs('subvolume', 'sync', mount);
    assert.equal((await readPoolHealth(mount)).quotaConsistent, false);
  }

  const held = async (): Promise<number[]> => {
    const counts = await readDiskCounts(mount);
    assert.ok(counts?.isRight);
    return [...counts.held.values()].filter((bytes) => bytes >= SIZE);
  };

  it('is right again after a recount', async () => {
    assert.equal((await held()).length, 1);
    await loseCount();
    assert.equal((await readDiskCounts(mount))?.isRight, false);
    await recountDisks(mount);
    assert.equal((await readPoolHealth(mount)).quotaConsistent, true);
    assert.equal((await held()).length, 1);
  });

  it('is put right by who looks after the pool, and said once', async () => {
    const said: string[] = [];
    const look = keepCounting(mount, (message) => said.push(message));
    await look(await readPoolHealth(mount));
    assert.deepEqual(said, []);
    await loseCount();
    await look(await readPoolHealth(mount));
    await look(await readPoolHealth(mount));
    assert.equal((await held()).length, 1);
    assert.equal(said.length, 1);
  });

  it('lets a full disk be written to again, up to its limit, once it is right', async () => {
    const file = `${mount}/source/full`;
    /** Megabytes that fit in, at most 64. */
    const fill = (): number => {
      const target = openSync(file, 'w');
      let written = 0;
      try {
        for (; written < 64; written += 1) writeSync(target, Buffer.alloc(2 ** 20, written));
        fsyncSync(target);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).errno, -constants.errno.EDQUOT);
      } finally {
        closeSync(target);
      }
      return written;
    };
    await btrfs('qgroup', 'limit', '48M', `${mount}/source`);
    const fits = fill();
    assert.ok(fits < 48, `${fits}`);
    await loseCount();
    // Until the recount Btrfs does not see that there is room again.
    rmSync(file);
    await recountDisks(mount);
    const again = fill();
    assert.ok(Math.abs(again - fits) <= 2, `${again} and ${fits}`);
  });

  it('is told apart from a pool that counts nothing', async () => {
    assert.equal(await readDiskCounts(folder), null);
    assert.ok(readdirSync(mount).includes('source'));
  });
});
