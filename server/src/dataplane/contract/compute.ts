import type { Addresses, PublishedPort, TenantNetwork } from './networks.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from './refs.ts';

export interface Limits {
  vcpu: number;
  memoryMb: number;
  /** Size of the root disk. */
  diskGb: number;
}

/** The settings of an instance that can change after its creation. */
export interface InstanceSettings {
  limits: Limits;
  publish: readonly PublishedPort[];
  /** Start it when the host boots, if it was running when the host went down. */
  autoStart: boolean;
}

export interface InstanceSpec extends InstanceSettings {
  ref: InstanceRef;
  /** The name of an image in the catalogue, for example `debian-12` or `postgresql-17`. */
  image: string;
  network: TenantNetwork;
  /** Both null: the instance has no network at all. */
  addresses: Addresses;
  hostname: string;
  /** cloud-init user-data, complete (a MIME archive or `#cloud-config`); null for an image without cloud-init. */
  userData: string | null;
  /** Root's login, set up before cloud-init runs (`images/guest-login.ts`). Images from elsewhere ignore it. */
  login?: string;
  /** The volumes must exist. They survive a reinstall and the removal of the instance. */
  volumes: readonly VolumeMount[];
  /** Written as soon as the instance exists; a guest's start may wait for them. */
  files: readonly InstanceFile[];
  /** Incremented by each reinstall, from 1. `ensureInstance` replaces an instance of an older generation. */
  generation: number;
}

/** A volume, and its mount point in the guest. */
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
 * Verbs of `/usr/lib/danube/control` in the image of a managed service, see `services/appliance/README.md`. `reload`
 * and `restart` apply new settings; the others print text. `examine` prints an `EngineEvidence`. `verify` checks the engine's data and prints an
 * `EngineVerification` (`services/provider.ts`).
 */
export type ControlVerb = 'reload' | 'restart' | 'metrics' | 'state' | 'examine' | 'logs' | 'verify';

/** Present resource usage. Null: unknown, for example because the instance is stopped. */
export interface Usage {
  memoryBytes: number | null;
  cpuSeconds: number | null;
  /** Bytes on the root disk. */
  diskBytes: number | null;
  volumes: readonly { ref: VolumeRef; usedBytes: number | null }[];
  /** Whether its network card is up in the guest, with an address. */
  online: boolean | null;
  /** When it was started, in milliseconds since 1970. */
  startedAt: number | null;
  /** Processes that the kernel killed for lack of memory since the instance started. */
  oomKills: number | null;
}

/** A port on which programs in a server wait for others, on an address that others can reach. */
export interface ListeningPort {
  protocol: 'tcp' | 'udp';
  port: number;
  /** Null: of both families. */
  family: 'ipv4' | 'ipv6' | null;
}

/** What the inside of a server shows. All of it is the customer's word, since root in the guest can change it. */
export interface GuestReport {
  /** Sorted, without duplicates. */
  listening: readonly ListeningPort[];
  /** Ports that the settings of its SSH server name, or 22. */
  sshPorts: readonly number[];
  /** Null where there is no cloud-init, or it has not begun. */
  cloudInit: {
    /** The module that is at work, for example `config-bootcmd`; null once it has finished. */
    running: string | null;
    errors: readonly string[];
    /** The keys of the merged `#cloud-config`, sorted. */
    keys: readonly string[];
  } | null;
}

/** `console`: what was written to the server's console since it started. The others are files of cloud-init. */
export type GuestLog = 'console' | 'cloud-init' | 'cloud-init-output';

/** `frozen`: all processes are paused until `ensureRunning`; an interrupted snapshot leaves an instance so. */
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

/** Verbs that create, change, query and remove instances. */
export interface Compute {
  /**
   * Creates and starts the instance where it is missing or of an older generation. Tenant, image and volumes must
   * exist; throws `not_found`, and changes nothing, where a volume is missing.
   *
   * `from` is for servers: a new generation gets the root disk of that snapshot instead of the image's, and needs no
   * image. Throws `not_found`, and changes nothing, where the snapshot is missing. The disk gets the size in `limits`,
   * or what the snapshot holds if that is more.
   *
   * cloud-init does not run again in a server that is restored under its own name. Under another name it treats the
   * server as a new one: it generates host keys and runs all of `userData`, customers' commands included. A restore
   * drill should therefore pass user data without customers' commands.
   */
  ensureInstance(spec: InstanceSpec, from?: SnapshotRef): Promise<void>;
  /** Applies limits, published ports and the autostart setting, without a restart where possible. Disks only grow. */
  ensureSettings(ref: InstanceRef, settings: InstanceSettings): Promise<void>;
  /**
   * Sees that all instances have the bounds by which none is felt by others, such as the number of processes: also those
   * that an earlier version of Danube created with other ones. Running instances have them at once.
   */
  ensureBounds(): Promise<void>;
  /** Replaces files in an instance, running or stopped. */
  ensureFiles(ref: InstanceRef, files: readonly InstanceFile[]): Promise<void>;
  ensureRunning(ref: InstanceRef): Promise<void>;
  /** Asks the guest to shut down, and powers it off after `graceSeconds`. */
  ensureStopped(ref: InstanceRef, graceSeconds: number): Promise<void>;
  /**
   * Resolves once root can log in over SSH at all addresses of the guest. Throws `timeout` otherwise, and `stopped` well
   * before that where the instance does not run.
   */
  waitForSsh(ref: InstanceRef, timeoutSeconds: number): Promise<void>;
  /** Resolves once the service in the guest answers an authenticated query; throws like `waitForSsh`. */
  waitForService(ref: InstanceRef, timeoutSeconds: number): Promise<void>;
  /**
   * Runs a verb of the guest's control program and returns its output. Throws `failed` with the program's error message
   * when it fails, and `invalid` when the instance is not running.
   */
  control(ref: InstanceRef, verb: ControlVerb): Promise<string>;
  describeUsage(ref: InstanceRef): Promise<Usage | null>;
  /** Looks into a server. Throws `invalid` where it does not run, and `timeout` or `failed` where it gives no answer. */
  describeGuest(ref: InstanceRef): Promise<GuestReport>;
  /**
   * The last 256 KiB of a server's log; null where there is no such log. Throws `invalid` for a file in a server that
   * does not run, and `not_found` where there is no such server.
   */
  readGuestLog(ref: InstanceRef, log: GuestLog): Promise<string | null>;
  /**
   * Stops and deletes the instance with its root disk; volumes and snapshots stay. Succeeds where it does not exist.
   */
  removeInstance(ref: InstanceRef): Promise<void>;
  describeInstance(ref: InstanceRef): Promise<InstanceDetail | null>;
  /** All instances of this install, of every team. */
  listInstances(): Promise<InstanceReport[]>;
}
