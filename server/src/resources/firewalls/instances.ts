import type { Instance } from '../../instances/store.ts';

/** Addresses by instance, for rules that name instances. */
export const addressBook = (
  instances: readonly Pick<Instance, 'id' | 'ipv4' | 'ipv6'>[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(instances.map(({ id, ipv4, ipv6 }) => [id, [ipv4, ipv6].filter((address) => address !== null)]));
