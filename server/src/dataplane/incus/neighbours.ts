import { readFile, writeFile } from 'node:fs/promises';

/**
 * Milliseconds between two requests for the same address, and the number of requests before the host gives up: after
 * three seconds, like the default of three requests, one per second. Multiples of 20 are a whole number of ticks on
 * every kernel; other values would be rounded, and read back differently.
 */
export const NEIGHBOUR_SETTINGS = { retrans_time_ms: 40, mcast_solicit: 75, ucast_solicit: 75 };

/**
 * Lets the host find instances on this bridge soon after they have booted. A connection to an instance that is still
 * booting makes the host ask for its MAC address (ARP, neighbour discovery). Nothing answers yet, and by default the
 * host repeats the request only once a second. The settings belong to the bridge, and affect no other interface.
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
    // The kernel has no IPv6, the bridge is being removed, or this host is a container that cannot change kernel
    // settings: then the bridge keeps the defaults.
    if (!['ENOENT', 'EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)) throw error;
  }
}
