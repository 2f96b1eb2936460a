import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mountAt, mountsOf } from '../../lib/mounts.ts';
import { allPids, linkOf } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';

/** Of Incus's own mounts: without it, Incus could not remove disks. */
const OPTIONS = 'loop,user_subvol_rm_allowed';
/** For how long somebody who still has it mounted is waited for, and between two attempts. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

/**
 * Unmounts the file system at `mount` wherever it is mounted, and mounts it again from the file `image`. Btrfs stays
 * read-only after an error for as long as anybody has it mounted, and refuses a remount. Somebody else is whoever was
 * started in a mount namespace of its own while it was mounted here: containers of other installs, image builds, services.
 * Throws where a process still uses it; then it may be mounted nowhere, and the next call goes on from there.
 */
export async function mountAnew(mount: string, image: string): Promise<void> {
  const source = mountAt(mount)?.source;
  const unmountCopies = async () => {
    for (const { namespace, target } of source ? copiesOf(source) : []) {
      // Lazily: what holds it open there has ended, or never ends. A process that is gone has let go of it by itself.
      await run('nsenter', [`--mount=${namespace}`, 'umount', '--lazy', target], { allow: 'any' });
    }
  };
  await unmountCopies();
  if (source) await run('umount', [mount]);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await run('mount', ['-t', 'btrfs', '-o', OPTIONS, image, mount]);
      break;
    } catch (error) {
      // Another namespace was copied from ours meanwhile, or an unmount is still on its way.
      if (Date.now() > deadline) throw error;
      await delay(PAUSE_MS);
      await unmountCopies();
    }
  }
  // As Incus does, so that what is in the pool is not cached twice. Not every file system can.
  const device = mountAt(mount)?.source;
  if (device) await run('losetup', ['--direct-io=on', device], { allow: 'any' });
}

/** Where else the device is mounted, the innermost mounts first: each mount namespace once, but for our own. */
function copiesOf(device: string): { namespace: string; target: string }[] {
  const seen = new Set([linkOf('self', 'ns/mnt')]);
  return allPids().flatMap((pid) => {
    const id = linkOf(pid, 'ns/mnt');
    if (id === null || seen.has(id)) return [];
    seen.add(id);
    const namespace = path.join('/proc', String(pid), 'ns', 'mnt');
    return mountsOf(pid)
      .filter(({ source }) => source === device)
      .map(({ target }) => ({ namespace, target }))
      .reverse();
  });
}
