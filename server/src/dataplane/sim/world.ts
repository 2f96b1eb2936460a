import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { InstanceFile, InstanceSpec, PowerState } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceFirewall, TenantSpec } from '../contract/networks.ts';
import type { SnapshotRef } from '../contract/refs.ts';
import type { VolumeReport } from '../contract/volumes.ts';

/** A simulated instance. User data and file contents are not stored, because they hold secrets. */
export interface SimInstance extends Omit<InstanceSpec, 'userData' | 'login' | 'network' | 'files'> {
  power: PowerState;
  /** Path to the SHA-256 of the file's content, in hex. */
  files: Readonly<Record<string, string>>;
  /** Stands for the data on the root disk. */
  content: string;
}

/** A simulated volume. */
export interface SimVolume extends VolumeReport {
  content: string;
}

/** A simulated snapshot. */
export interface SimSnapshot {
  ref: SnapshotRef;
  /** True for a copy of a volume, false for one of a root disk. */
  ofVolume: boolean;
  content: string;
  diskBytes: number;
}

/** Digests of files, as {@link SimInstance} stores them. */
export const digests = (files: readonly InstanceFile[]): Record<string, string> =>
  Object.fromEntries(
    files.map(({ path, content }) => [path, createHash('sha256').update(content).digest('hex')]),
  );

/** One change of the world, as stored in the journal. */
export type Change =
  | { op: 'tenant'; tenant: TenantSpec }
  | { op: 'untenant'; teamId: number }
  | { op: 'image'; name: string }
  | { op: 'put'; instance: SimInstance }
  | { op: 'delete'; name: string }
  | ({ op: 'firewalls'; teamId: number } & FirewallChange)
  | { op: 'volume'; volume: SimVolume }
  | { op: 'unvolume'; name: string }
  | { op: 'snapshot'; snapshot: SimSnapshot }
  | { op: 'unsnapshot'; name: string };

/** A change of a team's firewalls. It is applied as a whole, but stored without the unchanged ones. */
export interface FirewallChange {
  put: readonly InstanceFirewall[];
  /** Names of instances. */
  gone: readonly string[];
}

/** The change that leads from the present firewalls to the wanted ones. */
export function difference(
  present: ReadonlyMap<string, InstanceFirewall> | undefined,
  wanted: readonly InstanceFirewall[],
): FirewallChange {
  const names = new Set(wanted.map(({ ref }) => ref.name));
  const isPresent = (one: InstanceFirewall): boolean => {
    const other = present?.get(one.ref.name);
    return one === other || (other !== undefined && JSON.stringify(one) === JSON.stringify(other));
  };
  return {
    put: wanted.filter((one) => !isPresent(one)),
    gone: [...(present?.keys() ?? [])].filter((name) => !names.has(name)),
  };
}

interface Tenant {
  spec: TenantSpec;
  subnets: BlockList;
  instances: number;
}

/**
 * The state of the simulated data plane: tenants, images, instances, volumes and snapshots, with constant-time look-up.
 */
export class World {
  readonly tenants = new Map<number, Tenant>();
  readonly images = new Set<string>();
  readonly instances = new Map<string, SimInstance>();
  /** Address to the name of the instance that uses it. */
  readonly addresses = new Map<string, string>();
  /** By team, then by the name of the instance. */
  readonly firewalls = new Map<number, Map<string, InstanceFirewall>>();
  readonly volumes = new Map<string, SimVolume>();
  /** Names of attached volumes. */
  readonly mounted = new Set<string>();
  readonly snapshots = new Map<string, SimSnapshot>();

  apply(change: Change): void {
    switch (change.op) {
      case 'tenant':
        this.#putTenant(change.tenant);
        break;
      case 'untenant':
        this.tenants.delete(change.teamId);
        this.firewalls.delete(change.teamId);
        for (const kept of [this.snapshots, this.volumes]) {
          for (const { ref } of kept.values()) if (ref.teamId === change.teamId) kept.delete(ref.name);
        }
        break;
      case 'image':
        this.images.add(change.name);
        break;
      case 'put':
        this.#delete(change.instance.ref.name);
        this.#insert(change.instance);
        break;
      case 'delete':
        this.#delete(change.name);
        break;
      case 'firewalls':
        this.#changeFirewalls(change.teamId, change);
        break;
      case 'volume':
        this.volumes.set(change.volume.ref.name, change.volume);
        break;
      case 'unvolume':
        this.volumes.delete(change.name);
        break;
      case 'snapshot':
        this.snapshots.set(change.snapshot.ref.name, change.snapshot);
        break;
      case 'unsnapshot':
        this.snapshots.delete(change.name);
        break;
    }
  }

  /** The shortest list of changes from an empty world to the present state. */
  *changes(): Generator<Change> {
    for (const tenant of this.tenants.values()) yield { op: 'tenant', tenant: tenant.spec };
    for (const name of this.images) yield { op: 'image', name };
    for (const volume of this.volumes.values()) yield { op: 'volume', volume };
    for (const instance of this.instances.values()) yield { op: 'put', instance };
    for (const [teamId, firewalls] of this.firewalls) {
      yield { op: 'firewalls', teamId, put: [...firewalls.values()], gone: [] };
    }
    for (const snapshot of this.snapshots.values()) yield { op: 'snapshot', snapshot };
  }

  /** Throws what a real data plane would: missing tenant or volume, foreign or used address, ports without IPv4. */
  checkPlacement(spec: InstanceSpec): void {
    const tenant = this.tenants.get(spec.ref.teamId);
    if (!tenant) throw new DataPlaneError('not_found', `Team ${spec.ref.teamId} has no network.`);
    for (const { ref } of spec.volumes) {
      if (this.volumes.has(ref.name)) continue;
      throw new DataPlaneError('not_found', 'The volume does not exist.', { detail: ref.name });
    }
    checkPublish(spec, spec.addresses);
    for (const address of [spec.addresses.ipv4, spec.addresses.ipv6]) {
      if (address === null) continue;
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (!tenant.subnets.check(address, family)) {
        throw new DataPlaneError('invalid', `${address} is not in the team's network.`);
      }
      const owner = this.addresses.get(address);
      if (owner !== undefined && owner !== spec.ref.name) {
        throw new DataPlaneError('invalid', `${address} is in use by another instance.`, { detail: owner });
      }
    }
  }

  #putTenant(spec: TenantSpec): void {
    const subnets = new BlockList();
    for (const subnet of [spec.network.ipv4.subnet, spec.network.ipv6.subnet]) {
      const [base = '', prefix = ''] = subnet.split('/');
      subnets.addSubnet(base, Number(prefix), isIP(base) === 6 ? 'ipv6' : 'ipv4');
    }
    const instances = this.tenants.get(spec.teamId)?.instances ?? 0;
    this.tenants.set(spec.teamId, { spec, subnets, instances });
  }

  #changeFirewalls(teamId: number, { put, gone }: FirewallChange): void {
    const firewalls = this.firewalls.get(teamId) ?? new Map<string, InstanceFirewall>();
    this.firewalls.set(teamId, firewalls);
    for (const firewall of put) firewalls.set(firewall.ref.name, firewall);
    for (const name of gone) firewalls.delete(name);
  }

  #insert(instance: SimInstance): void {
    this.instances.set(instance.ref.name, instance);
    for (const { ref } of instance.volumes) this.mounted.add(ref.name);
    for (const address of [instance.addresses.ipv4, instance.addresses.ipv6]) {
      if (address !== null) this.addresses.set(address, instance.ref.name);
    }
    const tenant = this.tenants.get(instance.ref.teamId);
    if (tenant) tenant.instances += 1;
  }

  #delete(name: string): void {
    const instance = this.instances.get(name);
    if (!instance) return;
    this.instances.delete(name);
    for (const { ref } of instance.volumes) this.mounted.delete(ref.name);
    for (const address of [instance.addresses.ipv4, instance.addresses.ipv6]) {
      if (address !== null && this.addresses.get(address) === name) this.addresses.delete(address);
    }
    const tenant = this.tenants.get(instance.ref.teamId);
    if (tenant) tenant.instances -= 1;
  }
}

/** Throws for published ports without an IPv4 address to forward them to. */
export function checkPublish(
  { publish }: Pick<InstanceSpec, 'publish'>,
  { ipv4 }: InstanceSpec['addresses'],
): void {
  if (publish.length > 0 && ipv4 === null) {
    throw new DataPlaneError('invalid', 'Without an IPv4 address, ports cannot be published.');
  }
}
