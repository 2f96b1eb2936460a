import { createHash } from 'node:crypto';
import type { PortRange } from '../instances/addresses.ts';
import { run } from '../lib/run.ts';
import { OperatorError } from './operator-error.ts';

interface Range {
  first: number;
  last: number;
}

/** First and last address of an IPv4 CIDR block or address; null for any other text. */
export function parseIpv4Range(cidr: string): Range | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(cidr.trim());
  if (!match) return null;
  const bytes = match.slice(1, 5).map(Number);
  const length = Number(match[5] ?? 32);
  if (length > 32 || bytes.some((byte) => byte > 255)) return null;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - length);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

/** The eight /13 of 10.64.0.0/10: private, and rarely used by home or office networks. */
const IPV4_CANDIDATES = Array.from({ length: 8 }, (_, index) => `10.${64 + index * 8}.0.0/13`);

/**
 * Picks a /13 of 10.64.0.0/10 that overlaps none of the ranges in `used` (CIDR; non-IPv4 entries are skipped). The
 * search starts at a position derived from the install id, so that installs on different hosts rarely choose the same.
 * Throws {@link OperatorError}.
 */
export function chooseIpv4Pool(installId: string, used: readonly string[]): string {
  const taken = used.map(parseIpv4Range).filter((range) => range !== null);
  const start = Number.parseInt(installId, 16) % IPV4_CANDIDATES.length;
  for (let step = 0; step < IPV4_CANDIDATES.length; step += 1) {
    const candidate = IPV4_CANDIDATES[(start + step) % IPV4_CANDIDATES.length] ?? '';
    const range = parseIpv4Range(candidate);
    if (range && !taken.some((other) => overlaps(range, other))) return candidate;
  }
  throw new OperatorError(
    'All of 10.64.0.0/10 overlaps networks that this host already knows.',
    'Set DANUBE_IPV4_POOL to a private range that is free, for example 172.20.0.0/16.',
  );
}

/** A unique local /48 (RFC 4193), whose 40 bits of global id are derived from the install id. */
export function chooseIpv6Pool(installId: string): string {
  const hex = createHash('sha256').update(`danube ipv6 ${installId}`).digest('hex');
  return `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}::/48`.replace(/:0+(?=[0-9a-f])/g, ':');
}

/** Ports for ten installs on one host, below the kernel's range for outgoing connections. */
const PORTS = { first: 20_000, perInstall: 1_000, installs: 10 };

/** The lowest 1,000 ports from 20000 to 29999 that do not overlap `used`. Throws {@link OperatorError}. */
export function choosePublicPorts(used: readonly PortRange[]): PortRange {
  for (let place = 0; place < PORTS.installs; place += 1) {
    const first = PORTS.first + place * PORTS.perInstall;
    const range = { first, last: first + PORTS.perInstall - 1 };
    if (!used.some((other) => overlaps(range, other))) return range;
  }
  throw new OperatorError(
    'Other installs on this host have all of the ports 20000 to 29999.',
    'Set DANUBE_PUBLIC_PORTS to a range that is free, for example 30000-30999.',
  );
}

/** The metric of the routes that make an install's ranges unreachable: of two routes to one range the lower one wins. */
export const UNREACHABLE_METRIC = 4_294_967_294;

/**
 * The host's IPv4 routes and addresses as CIDR, without the default route, and without those that make ranges of installs
 * unreachable: what other installs have is in their notes, and an install that is gone may have left its route.
 */
export async function hostIpv4Ranges(): Promise<string[]> {
  const routes = await run('ip', ['-4', '-json', 'route', 'show', 'table', 'all'], { allow: 'any' });
  const addresses = await run('ip', ['-4', '-json', 'address'], { allow: 'any' });
  const fromRoutes = parseJson<{ dst?: string; metric?: number }[]>(routes.stdout)
    .filter(({ metric }) => metric !== UNREACHABLE_METRIC)
    .map((route) => route.dst ?? '');
  const fromAddresses = parseJson<{ addr_info?: { local?: string; prefixlen?: number }[] }[]>(
    addresses.stdout,
  )
    .flatMap((link) => link.addr_info ?? [])
    .map((info) => `${info.local}/${info.prefixlen}`);
  return [...fromRoutes, ...fromAddresses].filter((range) => range !== 'default' && range !== '0.0.0.0/0');
}

function parseJson<T>(text: string): T {
  return JSON.parse(text.trim() || '[]');
}
