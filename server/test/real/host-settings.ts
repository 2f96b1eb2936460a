import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The folders in which the kernel's settings can be changed. */
const ROOTS = ['/proc/sys', '/sys'];

/**
 * Settings that change by themselves, or that belong to an instance which another test creates or removes meanwhile.
 */
const RESTLESS = [
  // Depends on the free memory.
  /^\/sys\/devices\/virtual\/bdi\/[^/]+\/m(ax|in)_bytes$/,
  /^\/sys\/fs\/(cgroup|btrfs|fuse)(\/|$)/,
  /^\/sys\/kernel\/(debug|tracing|security|slab)(\/|$)/,
  /^\/sys\/(devices\/virtual|class)\/net(\/|$)/,
  /^\/proc\/sys\/net\/ipv[46]\/(conf|neigh)\/(?!all$|default$|lo$)[^/]+$/,
  /^\/proc\/sys\/kernel\/(random|ns_last_pid|pty\/nr)/,
];

/** Returns the content of all settings that root on this host may change, by path. */
export function readHostSettings(): Map<string, string> {
  const settings = new Map<string, string>();
  const folders = [...ROOTS];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of list(folder)) {
      const place = path.join(folder, entry.name);
      if (RESTLESS.some((pattern) => pattern.test(place))) continue;
      if (entry.isDirectory()) folders.push(place);
      else if (entry.isFile()) {
        const content = readSetting(place);
        if (content !== null) settings.set(place, content);
      }
    }
  }
  return settings;
}

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // A device that went away.
  }
}

function readSetting(place: string): string | null {
  try {
    return (statSync(place).mode & 0o222) === 0 ? null : readFileSync(place, 'latin1');
  } catch {
    return null; // Not readable, as many are by the driver's choice, or gone.
  }
}

/** Returns the paths that are in both and whose content differs. */
export const changedSettings = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...before]
    .filter(([place, content]) => after.has(place) && after.get(place) !== content)
    .map(([place]) => place);
