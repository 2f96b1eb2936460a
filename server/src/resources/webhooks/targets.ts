import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { invalid } from '../../lib/errors.ts';

/** Which addresses deliveries may go to: `public` ones by https, or `any`, also by http. */
export type TargetPolicy = 'public' | 'any';

/** Ranges that are not of the public internet (IANA's registries of special-purpose addresses, and multicast). */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** Of IPv6, only 2000::/3 is in use; in it, these are not plain public addresses. Teredo and 6to4 hold IPv4 addresses. */
const PUBLIC_V6 = '2000::/3';
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, prefix] = range.split('/') as [string, string];
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** Where clouds serve the metadata of a machine, with its credentials: for no policy. */
const linkLocal = listOf(['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128']);

const isLinkLocal = (address: string): boolean =>
  linkLocal.check(address.replace(/%.*$/, ''), isIPv6(address) ? 'ipv6' : 'ipv4');

const special = listOf([...SPECIAL_V4, ...SPECIAL_V6]);
const publicV6 = listOf([PUBLIC_V6]);

/** Whether an address is on the public internet, and not one of this host: a request from here passes its packet filter. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  // A zone is only for addresses of a link.
  if (address.includes('%')) return false;
  const isSpecial =
    family === 4
      ? special.check(address)
      : special.check(address, 'ipv6') || !publicV6.check(address, 'ipv6');
  return !isSpecial && !addressesOfHost().includes(address);
}

const addressesOfHost = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));

/** A sentence for customers about a target that nothing is sent to. */
export class ForbiddenTarget extends Error {}

/** Throws {@link ForbiddenTarget} where nothing may be sent to an address. */
export function assertAllowed(address: string, policy: TargetPolicy): void {
  if (isPublic(address) || (policy === 'any' && !isLinkLocal(address))) return;
  throw new ForbiddenTarget('The address of the URL is not on the public internet.');
}

/** The host of a URL as an address or a name: without the brackets of IPv6. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * Checks the URL of an endpoint, and returns it as it will be used. Throws `validation_failed` for `field`. A name is resolved
 * when something is sent.
 */
export function parseTarget(text: string, policy: TargetPolicy, field: string): string {
  const refuse = (sentence: string) => invalid({ [field]: [sentence] });
  const schemes = policy === 'any' ? ['https:', 'http:'] : ['https:'];
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !schemes.includes(url.protocol)) {
    throw refuse(`The ${field} must be a URL that begins with ${schemes.join('// or ')}//.`);
  }
  if (url.username || url.password) {
    throw refuse(`The ${field} must not contain a user name or password. Verify signatures instead.`);
  }
  const host = hostOf(url);
  if (policy === 'public' && (isIP(host) ? !isPublic(host) : isLocalName(host))) {
    throw refuse(`The ${field} must lead to an address on the public internet.`);
  }
  if (isIP(host) && isLinkLocal(host)) throw refuse(`The ${field} must not lead to a link-local address.`);
  url.hash = '';
  return url.href;
}

/** Names that are never of the public internet (RFC 6761, RFC 6762), or have no dot. */
const isLocalName = (host: string): boolean =>
  !host.replace(/\.$/, '').includes('.') ||
  /(^|\.)(localhost|local|internal|home\.arpa|invalid)\.?$/.test(host);
