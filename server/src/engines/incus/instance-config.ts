import type {
  InstanceDetail,
  InstanceRef,
  InstanceReport,
  InstanceSettings,
  InstanceSpec,
  PowerState,
} from '../engine.ts';
import { creationDevices, type Devices, rootDiskGb } from './devices.ts';
import { networkConfig, networkText } from './guest-network.ts';
import { imageAlias } from './names.ts';

/** The parts of Incus' instance object that Danube reads. */
export interface IncusInstance {
  name: string;
  project: string;
  status: string;
  config: Record<string, string>;
  devices: Devices;
  /** Year 1970 or before for an instance that never ran. */
  last_used_at: string;
}

/** Where and how instances are made on this install. */
export interface Placement {
  installId: string;
  pool: string;
  /** Cores of the host: Incus refuses an instance more than there are. */
  hostVcpu: number;
}

/** Ends a fork bomb long before the host feels it, and no honest server of these sizes. */
const MAX_PROCESSES = 8192;

/**
 * Requests by which root in a guest makes a Btrfs subvolume or snapshot: the limit of the disk does not cover those.
 * From linux/btrfs.h: SNAP_CREATE, SUBVOL_CREATE, SNAP_CREATE_V2, SUBVOL_CREATE_V2.
 */
const SUBVOLUME_REQUESTS = ['0x50009401', '0x5000940e', '0x50009417', '0x50009418'];
/** ENOTTY, as if the file system had no subvolumes: systemd and others make a folder then. */
const NO_SUCH_REQUEST = 25;

/**
 * Lines of an LXC seccomp policy for all architectures that the kernel runs. The kernel reads 32 bits of the request's
 * number: the filter must not look at the others.
 */
const deniedCalls = (): string =>
  SUBVOLUME_REQUESTS.map(
    (request) => `ioctl errno ${NO_SUCH_REQUEST} [1,${request},SCMP_CMP_MASKED_EQ,0xffffffff]\n`,
  ).join('');

/** `config` keys that carry what Danube knows about an instance. */
const KEY = {
  generation: 'user.danube.generation',
  image: 'user.danube.image',
  /** Read by the images of services, see `providers/appliance/recipe.ts`. */
  network: 'user.danube.network',
} as const;

/** The body of `POST /1.0/instances` that creates and starts the instance. */
export function creationBody(spec: InstanceSpec, place: Placement): unknown {
  return {
    name: spec.ref.name,
    type: 'container',
    start: true,
    source: { type: 'image', alias: imageAlias(place.installId, spec.image) },
    profiles: [],
    config: {
      ...settingsConfig(spec, place.hostVcpu),
      'limits.processes': String(MAX_PROCESSES),
      // User ids of its own on the host: a limit that the kernel counts per user hits one customer only.
      'security.idmap.isolated': 'true',
      // Guests have no business with Incus; cloud-init gets its data from files.
      'security.guestapi': 'false',
      'security.syscalls.deny': deniedCalls(),
      ...guestConfig(spec),
      [KEY.generation]: String(spec.generation),
      [KEY.image]: spec.image,
    },
    devices: creationDevices(spec, place),
  };
}

/** What the guest learns of its user and network, in the form that its image reads. */
const guestConfig = (spec: InstanceSpec): Record<string, string> =>
  spec.userData === null
    ? { [KEY.network]: networkText(spec) }
    : { 'cloud-init.user-data': spec.userData, 'cloud-init.network-config': networkConfig(spec) };

export const settingsConfig = (
  { limits, autoStart }: InstanceSettings,
  hostVcpu: number,
): Record<string, string> => ({
  'limits.cpu': String(Math.min(limits.vcpu, hostVcpu)),
  'limits.memory': `${limits.memoryMb}MiB`,
  // Empty is unset: Incus then starts after the host does what ran before it stopped.
  'boot.autostart': autoStart ? '' : 'false',
});

const POWER: Readonly<Record<string, PowerState>> = {
  Running: 'running',
  Stopped: 'stopped',
  // A member of the cluster that holds the instance is away.
  Error: 'error',
};

export function toReport(ref: InstanceRef, instance: IncusInstance): InstanceReport {
  return {
    ref,
    power: POWER[instance.status] ?? 'transitional',
    generation: generationOf(instance),
  };
}

/** `volumeGb`: size of the data volume, for an instance that has one. */
export function toDetail(ref: InstanceRef, instance: IncusInstance, volumeGb: number | null): InstanceDetail {
  return {
    ...toReport(ref, instance),
    limits: {
      vcpu: Number(instance.config['limits.cpu']),
      memoryMb: Number.parseInt(instance.config['limits.memory'] ?? '', 10),
      diskGb: volumeGb ?? rootDiskGb(instance.devices),
    },
    image: instance.config[KEY.image] ?? '',
    addresses: addressesOf(instance),
  };
}

export function addressesOf(instance: IncusInstance): InstanceDetail['addresses'] {
  const address = (family: 'ipv4' | 'ipv6'): string | null => {
    const value = instance.devices.eth0?.[`${family}.address`];
    return value === undefined || value === 'none' ? null : value;
  };
  return { ipv4: address('ipv4'), ipv6: address('ipv6') };
}

export const generationOf = (instance: IncusInstance): number => Number(instance.config[KEY.generation] ?? 0);

/** True for an instance whose creation was cut off: it holds no data of anybody. */
export const neverStarted = (instance: IncusInstance): boolean =>
  new Date(instance.last_used_at).getUTCFullYear() <= 1970;
