import { readFile, writeFile } from 'node:fs/promises';

/**
 * Milliseconds between two questions for the same address, and how often the host asks before it gives up: after three
 * seconds, as by default, when it asks three times, once a second. A multiple of 20 is a whole number of ticks on every
 * kernel; others would be rounded, and read back as something else.
 */
export const NEIGHBOUR_SETTINGS = { retrans_time_ms: 40, mcast_solicit: 75, ucast_solicit: 75 };

/**
 * Has the host find instances on this bridge soon after they are up. Whoever connects to an instance that still boots makes
 * the host ask for its address (ARP, neighbour discovery). Nobody answers yet, and by default the host asks again only
 * once a second. The settings are the bridge's own: they go with it, and no other interface has them.
 */
export async function askNeighboursOften(bridge: string): Promise<void> {
  for (const family of ['ipv4', 'ipv6']) {
    for (const [name, value] of Object.entries(NEIGHBOUR_SETTINGS)) {
      await setIfOther(`/proc/sys/net/${family}/neigh/${bridge}/${name}`, String(value));
    }
  }
}

async function setIfOther(file: string, value: string): Promise<void> {
  try {
    if ((await readFile(file, 'utf8')).trim() !== value) await writeFile(file, `${value}\n`);
  } catch (error) {
    // The kernel has no IPv6, somebody removes the bridge meanwhile, or this host is a container that may not change its
    // kernel's settings: then the bridge is like any other.
    if (!['ENOENT', 'EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)) throw error;
  }
}
