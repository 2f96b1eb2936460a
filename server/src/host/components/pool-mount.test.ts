import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../../test/harness.ts';
import { tryToWrite } from '../../dataplane/incus/write-probe.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { mountAnew } from './pool-mount.ts';

const can = isRoot() && existsSync('/usr/bin/btrfs');

/** A Btrfs in a file on a disk that can be filled. */
describe('a Btrfs that has become read-only', { skip: !can }, () => {
  let folder: string;
  let disk: string;
  let mount: string;
  let image: string;
  let elsewhere: ChildProcess | null = null;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-mount-'));
    [disk, mount] = [path.join(folder, 'disk'), path.join(folder, 'pool')];
    image = path.join(disk, 'pool.img');
    await mkdir(disk);
    await mkdir(mount);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', disk]);
    await writeFile(image, '');
    await truncate(image, 2 * 1024 ** 3);
    await run('mkfs.btrfs', ['-q', image]);
    await run('mount', ['-o', 'loop', image, mount]);
  });
  after(async () => {
    elsewhere?.kill('SIGKILL');
    // Lazily: image builds of other tests may have been started meanwhile, and have it mounted, too.
    for (const at of [mount, disk]) await run('umount', ['--lazy', at], { allow: 'any' });
    await rm(folder, { recursive: true });
  });

  it('takes writes again once it was mounted anew, also where others have it mounted', async () => {
    await writeFile(path.join(mount, 'kept'), 'kept');
    await run('sync', ['-f', mount]);
    const fill = (file: string, mb: number) =>
      run('sh', ['-c', 'head -c "$1" /dev/urandom >"$2"; sync -f "$2"', 'fill', `${mb}M`, file], {
        allow: 'any',
      });
    await fill(path.join(disk, 'ballast'), 160);
    let files = 0;
    await waitFor('it to be read-only', async () => {
      files += 1;
      await fill(path.join(mount, `large-${files}`), 100);
      return (await tryToWrite(mount)) === 'read_only';
    });
    elsewhere = spawn('unshare', [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      'echo there; exec sleep 3600',
    ]);
    await once(elsewhere.stdout!, 'data');
    await rm(path.join(disk, 'ballast'));
    // What one would try first.
    const remounted = await run('mount', ['-o', 'remount,rw', mount], { allow: 'any' });
    assert.notEqual(remounted.status, 0);
    assert.equal(await tryToWrite(mount), 'read_only');
    // Others start in mount namespaces of their own all the time, with copies of what is mounted here.
    const others = spawn('sh', ['-c', 'while :; do unshare --mount --propagation private sleep 0.05; done'], {
      detached: true,
    });
    try {
      await mountAnew(mount, image);
    } finally {
      process.kill(-others.pid!, 'SIGKILL');
    }
    assert.equal(await tryToWrite(mount), null);
    assert.equal(await readFile(path.join(mount, 'kept'), 'utf8'), 'kept');
  });
});
