import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../lib/run.ts';

/** One end of a veth pair in the output of `ip -json link`; `link` is the other end, where it is on this host too. */
interface VethEnd {
  ifname: string;
  ifindex: number;
  address: string;
  link?: string;
  master?: string;
}

/** Prefix of instances' MAC addresses: see `hardwareAddress` in `dataplane/incus/devices.ts`. */
const OF_INSTANCE = /^02:d[46]:/;
/** Milliseconds after which a veth pair that Incus created for a starting instance is in use. */
const SETTLE_MS = 1000;

/**
 * Removes veth pairs (virtual network cables of instances) left behind by an Incus that was killed while it started an
 * instance. Both ends of such a pair are on this host and in no bridge, and it will never be used. A pair does not show
 * which install it belongs to, so those of other installs are removed too.
 */
export async function removeDanglingVeths(): Promise<void> {
  const seen = await findDanglingVeths();
  if (seen.length === 0) return;
  await delay(SETTLE_MS);
  const still = new Set((await findDanglingVeths()).map(({ ifindex }) => ifindex));
  for (const { ifname, ifindex } of seen) {
    // Deleting one end deletes the other too.
    if (still.has(ifindex)) await run('ip', ['link', 'delete', ifname], { allow: 'any' });
  }
}

async function findDanglingVeths(): Promise<VethEnd[]> {
  // Without the program `ip` (status 127), no instance was ever started here.
  const { stdout } = await run('ip', ['-json', 'link', 'show', 'type', 'veth'], { allow: [127] });
  const ends = JSON.parse(stdout || '[]') as VethEnd[];
  const byName = new Map(ends.map((end) => [end.ifname, end]));
  return ends.filter((end) => {
    const other = byName.get(end.link ?? '');
    return OF_INSTANCE.test(end.address) && !end.master && other && !other.master;
  });
}
