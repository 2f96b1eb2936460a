import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mountsOf } from '../lib/mounts.ts';
import { run } from '../lib/run.ts';

/** The name of an install's {@link BuildGroup}. */
export const buildGroupName = (installId: string): string => `danube.images.${installId}`;

/**
 * The control group of an install's builds that nobody waits for. Its processes get the processor time that nothing else
 * on the host wants (`cpu.idle`, Linux 5.15). Instances have groups of their own beside it, and a nice value counts only
 * among the processes of one group.
 */
export class BuildGroup {
  readonly #folder: string | null;

  constructor(name: string) {
    const root = cpuRoot();
    this.#folder = root && path.join(root, name);
  }

  /**
   * The command with which a program gets that priority, and has to be run as root. Without control groups, a nice value is
   * all there is, which {@link raise} cannot take back.
   */
  lowered(command: string, args: readonly string[]): [string, string[]] {
    const idleDisk = ['ionice', '--class', 'idle', command, ...args];
    if (!this.#prepare()) return ['nice', ['-n', '19', ...idleDisk]];
    return ['sh', ['-c', 'echo 0 >"$0" && exec "$@"', this.#file('cgroup.procs'), ...idleDisk]];
  }

  /** Gives what runs in the group the priority of everything else, from any process. False: that cannot be done here. */
  async raise(): Promise<boolean> {
    if (this.#folder === null) return false;
    try {
      await writeFile(this.#file('cpu.idle'), '0');
      const pids = (await readFile(this.#file('cgroup.procs'), 'utf8')).split('\n').filter(Boolean);
      // Some may have ended by now, and new ones inherit the class.
      if (pids.length > 0) await run('ionice', ['--class', 'none', '--pid', ...pids], { allow: 'any' });
      return true;
    } catch {
      return false; // There is no group: nothing was started in it.
    }
  }

  /** Removes the group, unless processes stay in it for a second. The next build uses it again then. */
  async remove(): Promise<void> {
    for (let tries = 0; this.#folder !== null && tries < 20; tries += 1) {
      const left = await rmdir(this.#folder).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === 'EBUSY',
      );
      if (!left) return;
      await delay(50);
    }
  }

  #prepare(): boolean {
    if (this.#folder === null) return false;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(this.#file('cpu.idle'), '1');
      return true;
    } catch {
      return false; // Not our host's root, an older kernel, or a version 2 without that controller.
    }
  }

  #file(name: string): string {
    return path.join(this.#folder ?? '', name);
  }
}

/** Where groups of processes share the processors: the hierarchy of that controller, or the only one of version 2. */
function cpuRoot(): string | null {
  const mounts = mountsOf('self');
  const own = mounts.find(
    ({ type, fileSystemOptions }) => type === 'cgroup' && fileSystemOptions.includes('cpu'),
  );
  return (own ?? mounts.find(({ type }) => type === 'cgroup2'))?.target ?? null;
}
