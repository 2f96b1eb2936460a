import { constants } from 'node:fs';
import { type FileHandle, open, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two rounds. A round thaws what the guest froze since the last one. */
const PAUSE = 200;
/**
 * Possible mount points of a freezer hierarchy, the file that freezes a group, and the value that thaws it: cgroup v1,
 * v2, hybrid.
 */
const HIERARCHIES = [
  { root: '/sys/fs/cgroup/freezer', file: 'freezer.state', thawed: 'THAWED' },
  { root: '/sys/fs/cgroup', file: 'cgroup.freeze', thawed: '0' },
  { root: '/sys/fs/cgroup/unified', file: 'cgroup.freeze', thawed: '0' },
] as const;
/** Paths longer than this many bytes are reached through a descriptor: the kernel's limit is 4096. */
const LONG_PATH = 3_000;

/**
 * Runs `work`, which ends a container of the Incus on this host, and thaws all of the container's control groups until
 * it is done. Root in a container can freeze its processes, and under cgroup v1 a frozen process does not die when
 * killed.
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
    // Only the end of the work can make this reject.
    await sleep(PAUSE, undefined, { signal: over }).catch(() => undefined);
  }
}

/**
 * Thaws a control group and its descendants. The guest chooses their names (any bytes) and depth. A group that cannot
 * be thawed, usually because it is gone, is skipped; a real failure shows in the work itself.
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
    // It is gone, or cannot be opened: see above.
  } finally {
    await handle?.close();
  }
}

const join = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, Buffer.from('/'), name]);
