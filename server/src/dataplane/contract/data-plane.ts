import type { Policies } from '../../lib/packet-filter/policy.ts';

/**
 * The only way from Danube to the data plane. `incus/` and `sim/` implement it; both pass `contract.ts`.
 *
 * Every verb is idempotent: calling it twice, or again after the process was killed in the middle of it, leaves
 * the same state as calling it once. A verb that cannot succeed throws {@link DataPlaneError}.
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

/** A TCP port of the host that leads to one of an instance. */
export interface PublishedPort {
  /** IPv4 address of the host. */
  address: string;
  port: number;
  /** Port of the instance. */
  targetPort: number;
}

/** What the network lets pass to and from an instance. */
export interface InstanceFirewall {
  ref: InstanceRef;
  addresses: { ipv4: string | null; ipv6: string | null };
  policies: Policies;
}

/**
 * Names a kept state of an instance's disk: its data volume where it has one, else its root disk. It does not depend on
 * the instance that it was taken of, which may change, be replaced, or be deleted. `name` is `snapshot-UUID`.
 */
export interface SnapshotRef {
  teamId: number;
  name: string;
}

export interface SnapshotReport {
  ref: SnapshotRef;
  /** What the kept disk holds. */
  diskBytes: number;
}

/** What can change in an instance's life. */
export interface InstanceSettings {
  /** `diskGb` is the data volume's size where the instance has one, else the root disk's. */
  limits: Limits;
  publish: readonly PublishedPort[];
  /** Start again when the host starts, if it ran when the host stopped. */
  autoStart: boolean;
}

export interface InstanceSpec extends InstanceSettings {
  ref: InstanceRef;
  /** A name that `listImages` knows, for example `debian-12` or `postgresql-17`. */
  image: string;
  network: TenantNetwork;
  /**
   * The instance's own addresses, without prefix length; null where its network stack leaves that family out. Both null:
   * the instance has no network at all.
   */
  addresses: { ipv4: string | null; ipv6: string | null };
  hostname: string;
  /** cloud-init user-data, complete (a MIME archive or `#cloud-config`); null for an image without cloud-init. */
  userData: string | null;
  /** A volume of its own at `/data`, which stays when a newer generation replaces the rest of the instance. */
  dataVolume: boolean;
  /** Written into the instance as soon as it is there; its start may wait for them. */
  files: readonly InstanceFile[];
  /** Counts reinstalls, from 1. An instance of an older generation is replaced by `ensureInstance`. */
  generation: number;
}

/** A file in an instance, owned by root. The folder must exist in the image. */
export interface InstanceFile {
  path: string;
  content: Buffer;
  /** For example `0600`. */
  mode: string;
}

/**
 * What can be asked of an instance whose image carries `/usr/lib/danube/control`, see `services/appliance/README.md`:
 * `reload` and `restart` make new settings take effect, the others answer with text: `verify` checks the engine's data
 * (`EngineVerification` in `services/provider.ts`).
 */
export type ControlVerb = 'reload' | 'restart' | 'metrics' | 'state' | 'logs' | 'verify';

/** What an instance uses now. Null: not known, for example because it is stopped. */
export interface Usage {
  memoryBytes: number | null;
  cpuSeconds: number | null;
  /** Of the disk that `limits.diskGb` sizes. */
  diskBytes: number | null;
}

/** A setting that an engine in an image (PostgreSQL, Redis, …) takes, as the engine itself lists it. */
export interface EngineParameter {
  name: string;
  type: 'boolean' | 'integer' | 'number' | 'string' | 'enum';
  /** The engine's own default, as text. */
  default: string | null;
  min: number | null;
  max: number | null;
  /** What an `enum` takes. */
  values: readonly string[] | null;
  /** Unit of a bare number, for example `8kB` or `ms`. */
  unit: string | null;
  /** True where only a restart of the engine makes a change take effect. */
  static: boolean;
}

/** `frozen`: all its processes are halted until `ensureRunning`; left so by a snapshot that was cut off. */
export type PowerState = 'running' | 'stopped' | 'frozen' | 'transitional' | 'error';

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

export interface DataPlaneReport {
  name: 'incus' | 'sim';
  version: string;
  /** What an instance is on this host. */
  virtualization: 'container' | 'virtual-machine';
  /** Cores and memory of the host: the cap of what an instance can get. */
  host: { vcpu: number; memoryMb: number };
}

/** Told about slow work as it goes: a sentence, and per cent of the whole where known. */
export type Progress = (message: string, percent?: number) => void;

export interface DataPlane {
  readonly name: 'incus' | 'sim';

  /** What the data plane is. Throws `unreachable` when it does not answer. */
  describe(): Promise<DataPlaneReport>;

  /** Creates the team's project and network where missing. */
  ensureTenant(tenant: TenantSpec): Promise<void>;
  /** Removes the team's project, network and snapshots; the team must have no instances left. */
  removeTenant(teamId: number): Promise<void>;
  /**
   * What the team's network lets pass, all of it: an instance that is not named here gets nothing in and nothing out but
   * DHCP, DNS and neighbour discovery with its gateway. Takes effect at once, as a whole or not at all, and cuts established
   * connections that are forbidden now. Needs the tenant; the instances need not exist. Throws `invalid` for rules that
   * the data plane cannot hold.
   */
  ensureFirewalls(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void>;

  /** Lists all images, of servers and of managed services, and whether each can be used here. */
  listImages(): Promise<ImageReport[]>;
  /** What the engine in a service's image can be set to; null while the image is not built, or has no such engine. */
  imageParameters(name: string): Promise<readonly EngineParameter[] | null>;
  /** Makes an image ready: builds or fetches it. Returns at once where it is, unless asked to `rebuild` it. */
  ensureImage(name: string, progress?: Progress, rebuild?: boolean): Promise<void>;

  /**
   * Creates and starts the instance where it is missing (or of an older generation). Needs tenant and image. A new
   * generation that is made `from` a snapshot has the snapshot's disk in place of the image's, or of the data volume that
   * was there; throws `not_found`, and changes nothing, where there is no such snapshot. A server needs no image then:
   * all of it is in the snapshot. The disk is as large as `limits` say, and never smaller than what it holds.
   *
   * cloud-init takes a server that comes back under its name for the one it knows, and runs nothing again. Under another
   * name it is a new one: host keys are made anew, and all of `userData` is carried out, customers' commands too; a drill
   * is better given none of theirs.
   */
  ensureInstance(spec: InstanceSpec, from?: SnapshotRef): Promise<void>;
  /** Brings limits, published ports and the start after a reboot in line, live where it can. Disks only grow. */
  ensureSettings(ref: InstanceRef, settings: InstanceSettings): Promise<void>;
  /** Replaces files of an instance, running or stopped. */
  ensureFiles(ref: InstanceRef, files: readonly InstanceFile[]): Promise<void>;
  ensureRunning(ref: InstanceRef): Promise<void>;
  /** Asks the guest to shut down; after `graceSeconds` it is switched off. */
  ensureStopped(ref: InstanceRef, graceSeconds: number): Promise<void>;
  /** Resolves once the guest's SSH server answers with its banner; throws `timeout` otherwise. */
  waitForSsh(ref: InstanceRef, timeoutSeconds: number): Promise<void>;
  /** Resolves once the service in the guest has answered an authenticated query; throws `timeout` otherwise. */
  waitForService(ref: InstanceRef, timeoutSeconds: number): Promise<void>;
  /**
   * Asks the guest's control program, and returns what it prints. Throws `failed` with the program's own complaint where
   * it fails, and `invalid` where the instance does not run.
   */
  control(ref: InstanceRef, verb: ControlVerb): Promise<string>;
  describeUsage(ref: InstanceRef): Promise<Usage | null>;
  /** Stops and deletes the instance with its disks; its snapshots stay. Nothing to delete is success. */
  removeInstance(ref: InstanceRef): Promise<void>;

  /**
   * Keeps the disk of an instance, running or stopped, as it is at one moment. A server is frozen meanwhile; the engine of
   * a service is held so that it starts from the copy without losing what it has acknowledged. A snapshot that is there
   * stays as it is.
   */
  ensureSnapshot(ref: InstanceRef, snapshot: SnapshotRef): Promise<void>;
  describeSnapshot(snapshot: SnapshotRef): Promise<SnapshotReport | null>;
  /** Nothing to delete is success. */
  removeSnapshot(snapshot: SnapshotRef): Promise<void>;
  /** Every snapshot that this install made, of all teams. */
  listSnapshots(): Promise<SnapshotRef[]>;

  describeInstance(ref: InstanceRef): Promise<InstanceDetail | null>;
  /** Every instance that this install made, of all teams. */
  listInstances(): Promise<InstanceReport[]>;

  close(): Promise<void>;
}

export type DataPlaneErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'not_found'
  | 'image_unavailable'
  | 'image_build_failed'
  | 'no_capacity'
  | 'invalid'
  | 'failed';

/** What every engine throws. `publicMessage` is fit for customers; `message` and `cause` are for the log. */
export class DataPlaneError extends Error {
  readonly code: DataPlaneErrorCode;
  readonly retryable: boolean;
  readonly publicMessage: string;

  constructor(
    code: DataPlaneErrorCode,
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
