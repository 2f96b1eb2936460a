import { LOGIN_KEY } from '../../images/guest-login.ts';
import { NETWORK_FILE_KEY } from '../../images/guest-network.ts';
import type {
  InstanceDetail,
  InstanceReport,
  InstanceSettings,
  InstanceSpec,
  Limits,
  PowerState,
} from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import { boundsConfig } from './bounds.ts';
import {
  creationDevices,
  type Devices,
  isPublished,
  publishDevices,
  rootDiskGb,
  withoutDevices,
} from './devices.ts';
import { networkConfig, networkFile, networkText } from './guest-network.ts';
import { imageAlias } from './names.ts';

/** The parts of Incus' instance object that Danube reads. */
export interface IncusInstance {
  name: string;
  project: string;
  status: string;
  config: Record<string, string>;
  devices: Devices;
  /** In 1970 or earlier for an instance that was never started. */
  last_used_at: string;
}

/** Where and how this install creates instances. */
export interface Placement {
  installId: string;
  pool: string;
  /** Cores of the host: Incus rejects a higher number for an instance. */
  hostVcpu: number;
}

/**
 * The ioctl requests by which root in a guest creates a Btrfs subvolume or snapshot, whose data its disk limit does not
 * cover. From linux/btrfs.h: SNAP_CREATE, SUBVOL_CREATE, SNAP_CREATE_V2, SUBVOL_CREATE_V2.
 */
const SUBVOLUME_REQUESTS = ['0x50009401', '0x5000940e', '0x50009417', '0x50009418'];
/** ENOTTY, as on a file system without subvolumes: systemd and others then create a folder instead. */
const NO_SUCH_REQUEST = 25;

/**
 * Lines of an LXC seccomp policy for all architectures of the kernel. The kernel uses only 32 bits of the request
 * number, so the filter must mask the others.
 */
const deniedCalls = (): string =>
  SUBVOLUME_REQUESTS.map(
    (request) => `ioctl errno ${NO_SUCH_REQUEST} [1,${request},SCMP_CMP_MASKED_EQ,0xffffffff]\n`,
  ).join('');

/** `config` keys in which Danube stores its own data about an instance. */
const KEY = {
  /** Written last: an instance without it is incomplete. */
  generation: 'user.danube.generation',
  image: 'user.danube.image',
  /** Set on a snapshot once it is complete. */
  complete: 'user.danube.complete',
  /** Read by images of managed services, see `images/appliance-recipe.ts`. */
  network: 'user.danube.network',
} as const;

/** The body of `POST /1.0/instances` that creates and starts the instance. */
export function creationBody(spec: InstanceSpec, place: Placement) {
  return {
    name: spec.ref.name,
    type: 'container',
    start: true,
    source: { type: 'image', alias: imageAlias(place.installId, spec.image) },
    profiles: [],
    config: {
      ...settingsConfig(spec, place.hostVcpu),
      // A range of host user ids of its own, so that the kernel's per-user limits affect one customer only.
      'security.idmap.isolated': 'true',
      // Guests do not need the Incus API; cloud-init reads its data from files.
      'security.guestapi': 'false',
      'security.syscalls.deny': deniedCalls(),
      ...guestConfig(spec),
      [KEY.generation]: String(spec.generation),
      [KEY.image]: spec.image,
    },
    devices: creationDevices(spec, place),
  };
}

/**
 * The body of `POST /1.0/instances` that creates a stopped instance with the disk of a snapshot. A daemon killed during
 * this may leave a disk without limit, or a guest without its new network configuration. Therefore the generation is
 * set afterwards, by {@link copied}.
 */
export function copyBody(spec: InstanceSpec, place: Placement, source: IncusInstance, diskGb: number) {
  const { source: _image, ...body } = creationBody(spec, place);
  const root = { ...body.devices.root, size: `${diskGb}GiB` };
  return {
    ...body,
    start: false,
    source: copyOf(source.name),
    config: { ...without(source.config), ...body.config, [KEY.generation]: '' },
    devices: { ...withoutDevices(source.devices), ...body.devices, root },
  };
}

/** The change that gives a copied instance its generation, which marks it as complete. */
export const copied = (spec: InstanceSpec): unknown => ({
  config: { [KEY.generation]: String(spec.generation) },
});

/**
 * The body of `POST /1.0/instances` that copies an instance as a snapshot: without network and user data, and never
 * started.
 */
export const snapshotBody = (name: string, source: IncusInstance): unknown => ({
  name,
  type: 'container',
  source: copyOf(source.name),
  profiles: [],
  config: {
    ...without(source.config),
    'security.idmap.isolated': 'true',
    'boot.autostart': 'false',
  },
  devices: { ...withoutDevices(source.devices), root: source.devices.root },
});

/** The change that marks a snapshot as complete. */
export const KEPT = { config: { [KEY.complete]: 'true' } };

export const isKept = (instance: IncusInstance): boolean => instance.config[KEY.complete] === 'true';

const copyOf = (source: string) => ({ type: 'copy', source, instance_only: true });

/**
 * Settings without those that a copy must not inherit. Settings of Incus and of the image stay, as they belong to the
 * disk.
 */
const without = (config: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.keys(config)
      .filter((key) => !/^(volatile|image)\./.test(key))
      .map((key) => [key, '']),
  );

/** User data and network configuration for the guest, in the form that its image reads. */
const guestConfig = (spec: InstanceSpec): Record<string, string> =>
  spec.userData === null
    ? { [KEY.network]: networkText(spec) }
    : {
        'cloud-init.user-data': spec.userData,
        // For images from elsewhere, and from before there was the file below.
        'cloud-init.network-config': networkConfig(spec),
        [NETWORK_FILE_KEY]: networkFile(spec),
        [LOGIN_KEY]: spec.login ?? '',
      };

export const settingsConfig = (
  { limits, autoStart }: InstanceSettings,
  hostVcpu: number,
): Record<string, string> => {
  const vcpu = Math.min(limits.vcpu, hostVcpu);
  return {
    'limits.cpu': String(vcpu),
    'limits.memory': `${limits.memoryMb}MiB`,
    ...boundsConfig({ vcpu, memoryMb: limits.memoryMb }),
    // An empty value unsets the key: at boot, Incus then starts instances that ran when the host went down.
    'boot.autostart': autoStart ? '' : 'false',
  };
};

const POWER: Readonly<Record<string, PowerState>> = {
  Running: 'running',
  Stopped: 'stopped',
  Frozen: 'frozen',
  // The cluster member that holds the instance is offline.
  Error: 'error',
};

export function toReport(ref: InstanceRef, instance: IncusInstance): InstanceReport {
  return {
    ref,
    power: POWER[instance.status] ?? 'transitional',
    generation: generationOf(instance),
  };
}

export function toDetail(ref: InstanceRef, instance: IncusInstance): InstanceDetail {
  return {
    ...toReport(ref, instance),
    limits: limitsOf(instance),
    image: instance.config[KEY.image] ?? '',
    addresses: addressesOf(instance),
  };
}

export const limitsOf = (instance: IncusInstance): Limits => ({
  vcpu: Number(instance.config['limits.cpu']),
  memoryMb: Number.parseInt(instance.config['limits.memory'] ?? '', 10),
  diskGb: rootDiskGb(instance.devices),
});

export function addressesOf(instance: IncusInstance): InstanceDetail['addresses'] {
  const address = (family: 'ipv4' | 'ipv6'): string | null => {
    const value = instance.devices.eth0?.[`${family}.address`];
    return value === undefined || value === 'none' ? null : value;
  };
  return { ipv4: address('ipv4'), ipv6: address('ipv6') };
}

export const generationOf = (instance: IncusInstance): number => Number(instance.config[KEY.generation] ?? 0);

/** The devices with the disk size and published ports of the settings. Throws `invalid` for a smaller disk. */
export function settledDevices(present: IncusInstance, { limits, publish }: InstanceSettings): Devices {
  const kept = Object.fromEntries(Object.entries(present.devices).filter(([name]) => !isPublished(name)));
  const { ipv4 } = addressesOf(present);
  const published = publishDevices(publish, ipv4);
  const diskGb = rootDiskGb(present.devices);
  if (limits.diskGb < diskGb) {
    throw new DataPlaneError('invalid', 'A disk cannot shrink.', { detail: `${diskGb} → ${limits.diskGb}` });
  }
  return { ...kept, ...published, root: { ...present.devices.root, size: `${limits.diskGb}GiB` } };
}

/** True for an instance whose creation was interrupted: it holds nobody's data. */
export const neverStarted = (instance: IncusInstance): boolean =>
  new Date(instance.last_used_at).getUTCFullYear() <= 1970;
