import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * What LXC includes in the configuration of every container that Incus starts. Incus looks for it in the folder that
 * INCUS_LXC_TEMPLATE_CONFIG names.
 */
export const defaultsFolder = (home: string): string => path.join(home, 'lxc');

/** A file system that is empty and stays so. */
const EMPTY = 'tmpfs ro,nosuid,nodev,noexec,size=4k,nr_inodes=1,optional 0 0';
/** A file that reads as empty. */
const NOTHING = 'none bind,optional 0 0';

/**
 * Covers files that tell of the host and of the neighbours, and that no program in a container needs: how the host was
 * booted, how busy its processors, memory and disks are, and how full the storage pool is and each disk in it. lxcfs
 * does the same for other files, with the container's own figures. systemd and cloud-init do not read the kernel's
 * command line in a container, but that of its first process.
 *
 * Root in a guest can take these covers away, as it can those of lxcfs. So nothing may depend on them.
 */
const COVERS = `# Written by Danube.
lxc.mount.entry = /dev/null proc/cmdline ${NOTHING}
lxc.mount.entry = /dev/null proc/interrupts ${NOTHING}
lxc.mount.entry = /dev/null proc/partitions ${NOTHING}
lxc.mount.entry = none proc/pressure ${EMPTY}
lxc.mount.entry = none sys/block ${EMPTY}
lxc.mount.entry = none sys/class/block ${EMPTY}
lxc.mount.entry = none sys/fs/btrfs ${EMPTY}
`;

/**
 * Where the memory of the host runs out, the kernel kills processes of guests first: this is added to what they use, in
 * thousandths of the host's memory. Root in a guest can raise it, and not lower it again, since a process of the host has
 * set it. Below the 500 that PostgreSQL in a guest gives its own connections.
 */
export const GUEST_OOM_SCORE = 200;

const ORDER = `# Written by Danube.
lxc.proc.oom_score_adj = ${GUEST_OOM_SCORE}
`;

/** The files that Incus would include otherwise: those of lxcfs. */
const SYSTEM = `# Written by Danube.
lxc.include = /usr/share/lxc/config/common.conf.d/
`;

/** Writes what containers are started with. Containers that run keep what they have until they are restarted. */
export async function ensureContainerDefaults(home: string): Promise<void> {
  const folder = path.join(defaultsFolder(home), 'common.conf.d');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await writeFile(path.join(folder, '10-system.conf'), SYSTEM);
  await writeFile(path.join(folder, '20-covers.conf'), COVERS);
  await writeFile(path.join(folder, '30-order.conf'), ORDER);
}

/** What Incus shows of the host's devices in every container, besides those that keep nothing. */
const SHARED_DEVICES = ['/dev/fuse', '/dev/net/tun'];

/**
 * Lets guests open these devices, as udev does on an ordinary Debian host: for VPNs, and file systems in user space. What
 * they make with them is in namespaces of their own (`test/real/writable-rules.ts`). Without udev, only root of the host
 * could open them.
 */
export async function ensureSharedDevices(): Promise<void> {
  for (const device of SHARED_DEVICES) {
    const found = await stat(device).catch(() => null);
    if (found?.isCharacterDevice() && (found.mode & 0o666) !== 0o666) await chmod(device, 0o666);
  }
}
