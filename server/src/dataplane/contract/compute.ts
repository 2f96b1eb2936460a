import type { Addresses, PublishedPort, TenantNetwork } from './networks.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from './refs.ts';

export interface Limits {
  vcpu: number;
  memoryMb: number;
  /** Of the root disk. */
  diskGb: number;
}

/** What can change in an instance's life. */
export interface InstanceSettings {
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
  /** Both null: the instance has no network at all. */
  addresses: Addresses;
  hostname: string;
  /** cloud-init user-data, complete (a MIME archive or `#cloud-config`); null for an image without cloud-init. */
  userData: string | null;
  /** They must be there; they stay when a newer generation replaces the instance, and when it is removed. */
  volumes: readonly VolumeMount[];
  /** Written into the instance as soon as it is there; its start may wait for them. */
  files: readonly InstanceFile[];
  /** Counts reinstalls, from 1. An instance of an older generation is replaced by `ensureInstance`. */
  generation: number;
}

/** A volume, and the folder at which the guest has it. */
export interface VolumeMount {
  ref: VolumeRef;
  path: string;
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
  /** Of the root disk. */
  diskBytes: number | null;
  volumes: readonly { ref: VolumeRef; usedBytes: number | null }[];
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
  addresses: Addresses;
}

/** Instances: made, changed, asked and removed. */
export interface Compute {
  /**
   * Creates and starts the instance where it is missing (or of an older generation). Needs tenant, image and volumes;
   * throws `not_found`, and changes nothing, where a volume is missing. A new generation that is made `from` the
   * snapshot of a server has its root disk in place of the image's, and needs no image: all of it is in the snapshot.
   * Throws `not_found`, and changes nothing, where there is no such snapshot. The disk is as large as `limits` say, and
   * never smaller than what it holds.
   *
   * cloud-init takes a server that comes back under its name for the one it knows, and runs nothing again. Under
   * another name it is a new one: host keys are made anew, and all of `userData` is carried out, customers' commands
   * too; a drill is better given none of theirs.
   */
  ensureInstance(spec: InstanceSpec, from?: SnapshotRef): Promise<void>;
  /** Brings limits, published ports and the start after a reboot in line, live where it can. A disk only grows. */
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
   * Asks the guest's control program, and returns what it prints. Throws `failed` with the program's own complaint
   * where it fails, and `invalid` where the instance does not run.
   */
  control(ref: InstanceRef, verb: ControlVerb): Promise<string>;
  describeUsage(ref: InstanceRef): Promise<Usage | null>;
  /** Stops and deletes the instance with its root disk; volumes and snapshots stay. Nothing to delete is success. */
  removeInstance(ref: InstanceRef): Promise<void>;
  describeInstance(ref: InstanceRef): Promise<InstanceDetail | null>;
  /** Every instance that this install made, of all teams. */
  listInstances(): Promise<InstanceReport[]>;
}
