import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** With cgroup v2, the kernel adds up what happens in all groups of a container; with v1, each group counts its own. */
const SOURCES = [
  { root: '/sys/fs/cgroup', file: 'memory.events', whole: true },
  { root: '/sys/fs/cgroup/memory', file: 'memory.oom_control', whole: false },
] as const;
/** Groups that are read at most: the guest makes them. */
const MOST_GROUPS = 500;

/**
 * How many processes the kernel has killed for want of memory in a container of the Incus on this host, since it was
 * started; null where the kernel does not say, as where it does not run.
 */
export async function readOomKills(project: string, name: string): Promise<number | null> {
  for (const { root, file, whole } of SOURCES) {
    const found = await countIn(path.join(root, `lxc.payload.${project}_${name}`), file, whole);
    if (found !== null) return found;
  }
  return null;
}

async function countIn(folder: string, file: string, whole: boolean): Promise<number | null> {
  const folders = [folder];
  let sum: number | null = null;
  for (let at = 0; at < folders.length && at < MOST_GROUPS; at += 1) {
    const here = folders[at]!;
    // A group may be removed at any moment, with what it has counted.
    const text = await readFile(path.join(here, file), 'utf8').catch(() => '');
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
    if (count !== undefined) sum = (sum ?? 0) + Number(count);
    if (whole || count === undefined) continue;
    const entries = await readdir(here, { withFileTypes: true }).catch((): Dirent[] => []);
    folders.push(
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(here, entry.name)),
    );
  }
  return sum;
}
