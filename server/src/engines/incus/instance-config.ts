import { stringify } from 'yaml';
import {
  INTERNAL_DOMAIN,
  type InstanceDetail,
  type InstanceRef,
  type InstanceReport,
  type InstanceSettings,
  type InstanceSpec,
  type PowerState,
} from '../engine.ts';
import { bridgeName, imageAlias } from './names.ts';

/** The parts of Incus' instance object that Danube reads. */
export interface IncusInstance {
  name: string;
  project: string;
  status: string;
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
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
const KEY = { generation: 'user.danube.generation', image: 'user.danube.image' } as const;

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
      'cloud-init.user-data': spec.userData,
      'cloud-init.network-config': networkConfig(spec),
      [KEY.generation]: String(spec.generation),
      [KEY.image]: spec.image,
    },
    devices: {
      root: { type: 'disk', path: '/', pool: place.pool, size: `${spec.limits.diskGb}GiB` },
      eth0: {
        type: 'nic',
        name: 'eth0',
        network: bridgeName(place.installId, spec.ref.teamId),
        hwaddr: hardwareAddress(spec.addresses),
        // `none` with the filter on: nothing of that family leaves the instance.
        'ipv4.address': spec.addresses.ipv4 ?? 'none',
        'ipv6.address': spec.addresses.ipv6 ?? 'none',
        'security.mac_filtering': 'true',
        'security.ipv4_filtering': 'true',
        'security.ipv6_filtering': 'true',
      },
    },
  };
}

/**
 * A MAC address that goes with the IP address: neighbours, the host among them, remember it for seconds to minutes, and
 * would send to the old one after a reinstall. Locally administered; unique on the team's bridge, as the address is.
 */
export function hardwareAddress(addresses: InstanceSpec['addresses']): string {
  const { ipv4, ipv6 } = addresses;
  const tail = ipv4 !== null ? ipv4.split('.').map(Number) : lowestBytes(ipv6 ?? '::');
  const bytes = [0x02, ipv4 !== null ? 0xd4 : 0xd6, ...tail];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The last 32 bits of an IPv6 address. */
function lowestBytes(ipv6: string): number[] {
  const groups = ipv6.replace('::', ':0:0:').split(':').slice(-2);
  return groups.flatMap((group) => {
    const value = Number.parseInt(group || '0', 16);
    return [value >> 8, value & 255];
  });
}

export const settingsConfig = (
  { limits, autoStart }: InstanceSettings,
  hostVcpu: number,
): Record<string, string> => ({
  'limits.cpu': String(Math.min(limits.vcpu, hostVcpu)),
  'limits.memory': `${limits.memoryMb}MiB`,
  // Empty is unset: Incus then starts after the host does what ran before it stopped.
  'boot.autostart': autoStart ? '' : 'false',
});

/** cloud-init network configuration (version 2): fixed addresses, so that no boot waits for a DHCP server. */
export function networkConfig(spec: InstanceSpec): string {
  const families = (['ipv4', 'ipv6'] as const).filter((family) => spec.addresses[family] !== null);
  const prefix = (family: 'ipv4' | 'ipv6') => spec.network[family].subnet.split('/')[1];
  return stringify({
    version: 2,
    ethernets: {
      eth0: {
        dhcp4: false,
        dhcp6: false,
        'accept-ra': false,
        addresses: families.map((family) => `${spec.addresses[family]}/${prefix(family)}`),
        routes: families.map((family) => ({
          to: family === 'ipv4' ? '0.0.0.0/0' : '::/0',
          via: spec.network[family].gateway,
        })),
        nameservers: {
          addresses: families.map((family) => spec.network[family].gateway),
          search: [INTERNAL_DOMAIN],
        },
      },
    },
  });
}

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

export function toDetail(ref: InstanceRef, instance: IncusInstance): InstanceDetail {
  const address = (family: 'ipv4' | 'ipv6'): string | null => {
    const value = instance.devices.eth0?.[`${family}.address`];
    return value === undefined || value === 'none' ? null : value;
  };
  return {
    ...toReport(ref, instance),
    limits: {
      vcpu: Number(instance.config['limits.cpu']),
      memoryMb: Number.parseInt(instance.config['limits.memory'] ?? '', 10),
      diskGb: diskGbOf(instance),
    },
    image: instance.config[KEY.image] ?? '',
    addresses: { ipv4: address('ipv4'), ipv6: address('ipv6') },
  };
}

export const generationOf = (instance: IncusInstance): number => Number(instance.config[KEY.generation] ?? 0);

export const diskGbOf = (instance: IncusInstance): number =>
  Number.parseInt(instance.devices.root?.size ?? '', 10);

/** True for an instance whose creation was cut off: it holds no data of anybody. */
export const neverStarted = (instance: IncusInstance): boolean =>
  new Date(instance.last_used_at).getUTCFullYear() <= 1970;
