import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../lib/run.ts';

/** What `ip -json link` tells of one end; `link` names the other end where that is on this host too. */
interface VethEnd {
  ifname: string;
  ifindex: number;
  address: string;
  link?: string;
  master?: string;
}

/** How the hardware addresses of instances begin: `hardwareAddress` in `dataplane/incus/devices.ts`. */
const OF_INSTANCE = /^02:d[46]:/;
/** Milliseconds in which a daemon that starts an instance has put one end into the bridge and handed over the other. */
const SETTLE_MS = 1000;

/**
 * Removes the cables (veth pairs) of instances that an Incus left behind which was killed while it started them: both ends
 * lie on this host, plugged in nowhere, and nobody will ever use them again. Those of any install: they bear no name.
 */
export async function removeDanglingVeths(): Promise<void> {
  const seen = await findDanglingVeths();
  if (seen.length === 0) return;
  await delay(SETTLE_MS);
  const still = new Set((await findDanglingVeths()).map(({ ifindex }) => ifindex));
  for (const { ifname, ifindex } of seen) {
    // One end takes the other along.
    if (still.has(ifindex)) await run('ip', ['link', 'delete', ifname], { allow: 'any' });
  }
}

async function findDanglingVeths(): Promise<VethEnd[]> {
  // Where there is no `ip` (127), nothing was ever started.
  const { stdout } = await run('ip', ['-json', 'link', 'show', 'type', 'veth'], { allow: [127] });
  const ends = JSON.parse(stdout || '[]') as VethEnd[];
  const byName = new Map(ends.map((end) => [end.ifname, end]));
  return ends.filter((end) => {
    const other = byName.get(end.link ?? '');
    return OF_INSTANCE.test(end.address) && !end.master && other && !other.master;
  });
}
