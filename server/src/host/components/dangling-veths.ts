import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../lib/run.ts';
import { parseIpv4Range } from '../address-pools.ts';
import { otherInstalls } from '../host-registry.ts';

/** One end of a veth pair in the output of `ip -json link`; `link` is the other end, where it is on this host too. */
interface VethEnd {
  ifname: string;
  ifindex: number;
  address: string;
  link?: string;
  master?: string;
}

/** Instances' MAC addresses: see `hardwareAddress` in `dataplane/incus/devices.ts`. With 02:d4 the IPv4 address follows. */
const OF_INSTANCE = /^02:d[46]:/;
const WITH_IPV4 = '02:d4:';
/** Milliseconds after which a veth pair that Incus created for a starting instance is in use. */
const SETTLE_MS = 1000;

/**
 * Removes veth pairs (virtual network cables of instances) left behind by an Incus that was killed while it started an
 * instance. Both ends of such a pair are on this host and in no bridge, and it will never be used. A pair whose address
 * may be of another install is left: its Incus may be starting the instance just now.
 */
export async function removeDanglingVeths(installId: string): Promise<void> {
  const foreign = (await otherInstalls(installId)).map(({ ipv4Pool }) => ipv4Pool);
  const find = async () => (await findDanglingVeths()).filter(({ address }) => !mayBeOf(address, foreign));
  const seen = await find();
  if (seen.length === 0) return;
  await delay(SETTLE_MS);
  const still = new Set((await find()).map(({ ifindex }) => ifindex));
  for (const { ifname, ifindex } of seen) {
    // Deleting one end deletes the other too.
    if (still.has(ifindex)) await run('ip', ['link', 'delete', ifname], { allow: 'any' });
  }
}

/** Whether an instance with an address of these ranges may have this MAC address. Without IPv4, it may be of any install. */
function mayBeOf(address: string, ranges: readonly string[]): boolean {
  if (!address.startsWith(WITH_IPV4)) return ranges.length > 0;
  const bytes = address.split(':').slice(2);
  const ipv4 = parseIpv4Range(bytes.map((byte) => Number.parseInt(byte, 16)).join('.'));
  return ranges.some((cidr) => {
    const range = parseIpv4Range(cidr);
    return ipv4 !== null && range !== null && range.first <= ipv4.first && ipv4.first <= range.last;
  });
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
