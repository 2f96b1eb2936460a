import { constants } from 'node:fs';
import { type FileHandle, open, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two rounds: what a guest froze meanwhile is thawed by the next. */
const PAUSE = 200;
/** Where a hierarchy that can freeze may be mounted, the file that does it, and what undoes it: cgroup v1, v2, both. */
const HIERARCHIES = [
  { root: '/sys/fs/cgroup/freezer', file: 'freezer.state', thawed: 'THAWED' },
  { root: '/sys/fs/cgroup', file: 'cgroup.freeze', thawed: '0' },
  { root: '/sys/fs/cgroup/unified', file: 'cgroup.freeze', thawed: '0' },
] as const;
/** Bytes of a path from which on a folder is reached by its descriptor: the kernel takes no more than 4096. */
const LONG_PATH = 3_000;

/**
 * Does `work`, which ends a container of the Incus on this host, and thaws all of the container's control groups until
 * it is done. Root in a container can freeze its processes, and what cgroup v1 froze does not die when it is killed.
 */
export async function whileThawing<T>(project: string, name: string, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const thawing = thawUntil(over.signal, `lxc.payload.${project}_${name}`);
  try {
    return await work();
  } finally {
    over.abort();
    await thawing;
  }
}

async function thawUntil(over: AbortSignal, payload: string): Promise<void> {
  while (!over.aborted) {
    for (const { root, file, thawed } of HIERARCHIES) {
      await thaw(Buffer.from(`${root}/${payload}`), file, thawed, over);
    }
    // Rejects when the work is done, and only then.
    await sleep(PAUSE, undefined, { signal: over }).catch(() => undefined);
  }
}

/**
 * Thaws a group and all below it. Their names are the guest's choice: any bytes, and as deep as it likes. One that
 * cannot be thawed, most often because it is gone, keeps no other from it: whether all went well shows in the work
 * itself.
 */
async function thaw(folder: Buffer, file: string, thawed: string, over: AbortSignal): Promise<void> {
  if (over.aborted) return;
  let handle: FileHandle | null = null;
  try {
    let here = folder;
    if (folder.length > LONG_PATH) {
      handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
      here = Buffer.from(`/proc/self/fd/${handle.fd}`);
    }
    await writeFile(join(here, Buffer.from(file)), thawed, { flag: 'r+' }).catch(() => undefined);
    for (const entry of await readdir(here, { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isDirectory()) await thaw(join(here, entry.name), file, thawed, over);
    }
  } catch {
    // Gone, or not to be opened: see above.
  } finally {
    await handle?.close();
  }
}

const join = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, Buffer.from('/'), name]);
