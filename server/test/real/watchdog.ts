import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { InstanceRef } from '../../src/dataplane/contract/refs.ts';
import { projectName } from '../../src/dataplane/incus/names.ts';

/** Seconds after which the guest is ended whatever happens: what is asked of the host meanwhile takes half a minute. */
const SECONDS = 180;
/** The host's load at which it is ended. A guest that does not sleep is counted with all its processes. */
const MOST_LOAD = 2500;

export interface Watchdog {
  /** Ends the guest; resolves to why it ended: `the test has ended`, or that it had to be ended before. */
  end(): Promise<string>;
}

/**
 * Sees to it that a guest which is hostile for a test ends, whatever becomes of the test and of the host. See
 * `watchdog.sh`.
 */
export function startWatchdog(group: string): Watchdog {
  const script = path.join(import.meta.dirname, 'watchdog.sh');
  const args = ['-n', '-20', 'bash', script, group, String(SECONDS), String(MOST_LOAD)];
  const child = spawn('nice', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const reason = text(child.stdout);
  return {
    end: async () => {
      child.stdin.end();
      return (await reason).trim();
    },
  };
}

/** The name of an instance's control group, below the root of each hierarchy. */
export const cgroupOf = ({ installId }: { installId: string }, { teamId, name }: InstanceRef): string =>
  `lxc.payload.${projectName(installId, teamId)}_${name}`;

/** The content of the first of these files that the group has, with cgroups of either version. */
export async function readCgroup(group: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    for (const hierarchy of ['', 'unified', name.split('.')[0]!]) {
      const file = path.join('/sys/fs/cgroup', hierarchy, group, name);
      try {
        return (await readFile(file, 'utf8')).trim();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
  throw new Error(`The group ${group} has none of ${names.join(', ')}.`);
}
