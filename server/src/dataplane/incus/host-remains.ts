import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../lib/run.ts';

/** Milliseconds that a DNS server gets to exit. */
const PATIENCE = 3_000;

/**
 * Ends the DNS servers of a bridge, and deletes the bridge. Only for a bridge that Incus does not manage (any more).
 */
export async function removeHostRemains(bridge: string): Promise<void> {
  await stopForgottenDns(bridge);
  // Exit status 1: the interface does not exist.
  await run('ip', ['link', 'delete', 'dev', bridge], { allow: [1] });
}

/** Ends every dnsmasq that serves this bridge. Incus starts a new one when it starts the network. */
export async function stopForgottenDns(bridge: string): Promise<void> {
  const pids = await dnsServersOf(bridge);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const deadline = Date.now() + PATIENCE;
  while ((await dnsServersOf(bridge)).length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Incus creates an empty folder for a disk before the disk itself; if it is killed in between, it cannot delete that
 * folder later. Returns true where `said`, its error message, names such a folder of this volume, and the folder has
 * been removed.
 */
export async function removeEmptyVolume(said: string, volume: string): Promise<boolean> {
  const folder = /Failed deleting subvolume "([^"]+)".*Not a Btrfs subvolume/s.exec(said)?.[1];
  if (!folder || path.basename(folder) !== volume) return false;
  try {
    // Fails unless the folder is empty.
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return false;
  }
  return true;
}

/**
 * Incus 6.0 writes `[none]` where an instance has no IPv6 address when it sets up a network again, which it does after each
 * start of its own, and takes that for an address when it starts the instance. Takes it out of the files of a network, in
 * `folder`; false where there was none.
 */
export async function removeMissingAddresses(folder: string): Promise<boolean> {
  let isChanged = false;
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const text = await readFile(file, 'utf8');
    const mended = text.replaceAll(',[none]', '');
    if (mended === text) continue;
    // In place: dnsmasq reads whatever appears in the folder.
    await writeFile(file, mended);
    isChanged = true;
  }
  return isChanged;
}

async function dnsServersOf(bridge: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const words = (await commandLine(entry)).split('\0');
    const isDns = path.basename(words[0] ?? '') === 'dnsmasq';
    if (isDns && words.includes(`--interface=${bridge}`)) found.push(Number(entry));
  }
  return found;
}

async function commandLine(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}
