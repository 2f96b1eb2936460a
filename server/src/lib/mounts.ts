import { readFileSync } from 'node:fs';

/** A mount as a process sees it: a line of `/proc/PID/mountinfo`, see proc_pid_mountinfo(5). */
export interface Mount {
  /** `major:minor`: the same for all mounts of one file system. */
  device: string;
  /** Where it is mounted. */
  target: string;
  /** The options of this mount. */
  options: readonly string[];
  type: string;
  /** What is mounted, for example `/dev/loop3`. */
  source: string;
  /** The options of the file system, the same for all of its mounts. */
  fileSystemOptions: readonly string[];
}

export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [mount = '', fileSystem] = line.split(' - ');
    if (fileSystem === undefined) return [];
    const [, , device = '', , target = '', options = ''] = mount.split(' ');
    const [type = '', source = '', fileSystemOptions = ''] = fileSystem.split(' ');
    return [
      {
        device,
        target,
        options: options.split(','),
        type,
        source,
        fileSystemOptions: fileSystemOptions.split(','),
      },
    ];
  });
}

/** The mounts that a process sees; none where it is gone. */
export function mountsOf(pid: number | 'self'): Mount[] {
  try {
    return parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return [];
  }
}

/** What this process sees mounted at a folder. */
export const mountAt = (folder: string): Mount | undefined =>
  mountsOf('self').find(({ target }) => target === folder);
