import { isDeepStrictEqual } from 'node:util';
import type { InstanceFirewall } from '../contract/networks.ts';

/** What was in force when a team's connections were last judged. */
export interface Judged {
  /** The process id of Incus. */
  daemon: number;
  /** The rules as text. */
  rules: string;
  firewalls: readonly InstanceFirewall[];
}

/**
 * Whether all connections that `last` allowed are still allowed, and there can be no others. A restart of Incus leaves
 * traffic unfiltered for a moment, and rules that another process has written meanwhile may have allowed more.
 */
export function forbidsNothing(last: Judged, before: string | null, now: Judged): boolean {
  if (last.daemon !== now.daemon) return false;
  if (before === null) return last.rules === now.rules;
  return before === last.rules && (last.rules === now.rules || isGrown(last.firewalls, now.firewalls));
}

/**
 * Whether the second list is the first one with instances added, at addresses for which nothing was allowed. A creation
 * changes no more than that.
 */
function isGrown(before: readonly InstanceFirewall[], now: readonly InstanceFirewall[]): boolean {
  const left = new Map(before.map((firewall) => [firewall.ref.name, firewall]));
  const taken = new Set(before.flatMap(({ addresses }) => [addresses.ipv4, addresses.ipv6]));
  for (const firewall of now) {
    const { ref, addresses, policies } = firewall;
    const old = left.get(ref.name);
    left.delete(ref.name);
    // Firewalls that have not changed are the same objects as before, unless the cache had to forget them.
    if (old === firewall) continue;
    if (old) {
      const same = isDeepStrictEqual([old.addresses, old.policies], [addresses, policies]);
      if (!same) return false;
    } else if ([addresses.ipv4, addresses.ipv6].some((address) => address !== null && taken.has(address))) {
      return false;
    }
  }
  return left.size === 0;
}
