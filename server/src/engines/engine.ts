/**
 * The only way from Danube to the data plane. `incus/` and `sim/` implement it; both pass `contract.ts`.
 *
 * Every verb is idempotent: calling it twice, or again after the process was killed in the middle of it, leaves
 * the same state as calling it once. A verb that cannot succeed throws {@link EngineError}.
 */

/** Instances of a team find each other under this domain, see {@link internalName}. */
export const INTERNAL_DOMAIN = 'danube.internal';

/** The name of an instance inside its team's network: made from an address, so it is as stable. */
export const internalName = (addresses: InstanceSpec['addresses']): string =>
  `ip-${(addresses.ipv4 ?? addresses.ipv6 ?? '').replaceAll(/[.:]/g, '-')}`;

/** A team's corner of the data plane: one project and one network, which no other team can reach. */
export interface TenantSpec {
  teamId: number;
  network: TenantNetwork;
}

/** Addresses are text; subnets are CIDR, gateways are the address that instances use as router and DNS server. */
export interface TenantNetwork {
  /** For example `10.64.4.0/22` and `10.64.4.1`. */
  ipv4: { subnet: string; gateway: string };
  /** For example `fd12:3456:789a:1::/64` and `fd12:3456:789a:1::1`. */
  ipv6: { subnet: string; gateway: string };
}

/** Names one instance. `name` is `KIND-UUID`, for example `vps-0198…`, and is unique in the install. */
export interface InstanceRef {
  teamId: number;
  name: string;
}

export interface Limits {
  vcpu: number;
  memoryMb: number;
  diskGb: number;
}

/** What can change in an instance's life. */
export interface InstanceSettings {
  limits: Limits;
  /** Start again when the host starts, if it ran when the host stopped. */
  autoStart: boolean;
}

export interface InstanceSpec extends InstanceSettings {
  ref: InstanceRef;
  /** A name of the image catalogue, for example `debian-12`. */
  image: string;
  network: TenantNetwork;
  /** The instance's own addresses, without prefix length; null where its network stack leaves that family out. */
  addresses: { ipv4: string | null; ipv6: string | null };
  hostname: string;
  /** cloud-init user-data, complete (a MIME archive or `#cloud-config`). */
  userData: string;
  /** Counts reinstalls, from 1. An instance of an older generation is replaced by `ensureInstance`. */
  generation: number;
}

export type PowerState = 'running' | 'stopped' | 'transitional' | 'error';

export interface InstanceReport {
  ref: InstanceRef;
  power: PowerState;
  generation: number;
}

export interface InstanceDetail extends InstanceReport {
  limits: Limits;
  image: string;
  addresses: { ipv4: string | null; ipv6: string | null };
}

export interface ImageReport {
  /** Catalogue name, for example `debian-12`. */
  name: string;
  /** `ready`: an instance can start now. `buildable`: made or fetched on first use. `unavailable`: `reason` says why. */
  state: 'ready' | 'buildable' | 'unavailable';
  reason: string | null;
}

export interface EngineReport {
  name: 'incus' | 'sim';
  version: string;
  /** What an instance is on this host. */
  virtualization: 'container' | 'virtual-machine';
  /** Cores and memory of the host: the cap of what an instance can get. */
  host: { vcpu: number; memoryMb: number };
}

/** Told about slow work as it goes: a sentence, and per cent of the whole where known. */
export type Progress = (message: string, percent?: number) => void;

export interface Engine {
  readonly name: 'incus' | 'sim';

  /** What the data plane is. Throws `unreachable` when it does not answer. */
  describe(): Promise<EngineReport>;

  /** Creates the team's project and network where missing. */
  ensureTenant(tenant: TenantSpec): Promise<void>;
  /** Removes the team's project and network; the team must have no instances left. */
  removeTenant(teamId: number): Promise<void>;

  /** Lists the catalogue's images and whether each can be used here. */
  listImages(): Promise<ImageReport[]>;
  /** Makes an image ready: builds or fetches it. Returns at once where it is, unless asked to `rebuild` it. */
  ensureImage(name: string, progress?: Progress, rebuild?: boolean): Promise<void>;

  /** Creates and starts the instance where it is missing (or of an older generation). Needs tenant and image. */
  ensureInstance(spec: InstanceSpec): Promise<void>;
  /** Brings limits and the start after a reboot in line, live where it can. Disks only grow. */
  ensureSettings(ref: InstanceRef, settings: InstanceSettings): Promise<void>;
  ensureRunning(ref: InstanceRef): Promise<void>;
  /** Asks the guest to shut down; after `graceSeconds` it is switched off. */
  ensureStopped(ref: InstanceRef, graceSeconds: number): Promise<void>;
  /** Resolves once the guest's SSH server answers with its banner; throws `timeout` otherwise. */
  waitForSsh(ref: InstanceRef, timeoutSeconds: number): Promise<void>;
  /** Stops and deletes the instance with its disk and snapshots. Nothing to delete is success. */
  removeInstance(ref: InstanceRef): Promise<void>;

  describeInstance(ref: InstanceRef): Promise<InstanceDetail | null>;
  /** Every instance that this install made, of all teams. */
  listInstances(): Promise<InstanceReport[]>;

  close(): Promise<void>;
}

export type EngineErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'not_found'
  | 'image_unavailable'
  | 'image_build_failed'
  | 'no_capacity'
  | 'invalid'
  | 'failed';

/** What every engine throws. `publicMessage` is fit for customers; `message` and `cause` are for the log. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  readonly retryable: boolean;
  readonly publicMessage: string;

  constructor(
    code: EngineErrorCode,
    publicMessage: string,
    options: { retryable?: boolean; detail?: string; cause?: unknown } = {},
  ) {
    super(options.detail ? `${publicMessage} (${options.detail})` : publicMessage, { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.publicMessage = publicMessage;
    this.retryable = options.retryable ?? (code === 'unreachable' || code === 'timeout');
  }
}
