/**
 * The images for VPS. Debian is built on the install (`recipes.ts`); the others are downloaded from the public image
 * server of the Linux Containers project.
 */
export interface CatalogImage {
  /** The value of `image` in the API, for example `debian-12`. */
  id: string;
  label: string;
  description: string;
  /** Groups the catalogue: `debian`. `distroName` is its display name. */
  distro: string;
  distroName: string;
  version: string;
  /** Family of the package manager, for tools that choose commands by it. */
  family: 'debian' | 'rhel' | 'alpine';
  defaultUser: 'root';
  source: ImageSource;
}

export type ImageSource =
  | { kind: 'built'; recipe: string }
  /** An alias on the server; its `cloud` variant contains cloud-init. */
  | { kind: 'server'; server: string; alias: string };

/**
 * The server of images that are not built here: https://linuxcontainers.org/incus/docs/main/reference/image_servers/
 */
export const IMAGE_SERVER = 'https://images.linuxcontainers.org';

export const DEFAULT_IMAGE = 'debian-12';

const built = (id: string): ImageSource => ({ kind: 'built', recipe: id });
const served = (alias: string): ImageSource => ({ kind: 'server', server: IMAGE_SERVER, alias });

/** In display order, the default first. */
export const CATALOG: readonly CatalogImage[] = [
  {
    id: 'debian-12',
    label: 'Debian 12',
    description: 'Debian 12 "bookworm", long-term support until June 2028.',
    distro: 'debian',
    distroName: 'Debian',
    version: '12',
    family: 'debian',
    defaultUser: 'root',
    source: built('debian-12'),
  },
  {
    id: 'debian-13',
    label: 'Debian 13',
    description: 'Debian 13 "trixie", long-term support until June 2030.',
    distro: 'debian',
    distroName: 'Debian',
    version: '13',
    family: 'debian',
    defaultUser: 'root',
    source: built('debian-13'),
  },
  {
    id: 'ubuntu-22.04',
    label: 'Ubuntu 22.04 LTS',
    description: 'Ubuntu 22.04 LTS "Jammy Jellyfish", standard support until 2027.',
    distro: 'ubuntu',
    distroName: 'Ubuntu',
    version: '22.04',
    family: 'debian',
    defaultUser: 'root',
    source: served('ubuntu/22.04/cloud'),
  },
  {
    id: 'ubuntu-24.04',
    label: 'Ubuntu 24.04 LTS',
    description: 'Ubuntu 24.04 LTS "Noble Numbat", standard support until 2029.',
    distro: 'ubuntu',
    distroName: 'Ubuntu',
    version: '24.04',
    family: 'debian',
    defaultUser: 'root',
    source: served('ubuntu/24.04/cloud'),
  },
  {
    id: 'almalinux-9',
    label: 'AlmaLinux 9',
    description: 'AlmaLinux 9, compatible with Red Hat Enterprise Linux 9, security support until 2032.',
    distro: 'almalinux',
    distroName: 'AlmaLinux',
    version: '9',
    family: 'rhel',
    defaultUser: 'root',
    source: served('almalinux/9/cloud'),
  },
  {
    id: 'rocky-9',
    label: 'Rocky Linux 9',
    description: 'Rocky Linux 9, compatible with Red Hat Enterprise Linux 9, security support until 2032.',
    distro: 'rocky',
    distroName: 'Rocky Linux',
    version: '9',
    family: 'rhel',
    defaultUser: 'root',
    source: served('rockylinux/9/cloud'),
  },
  {
    id: 'fedora-44',
    label: 'Fedora 44',
    description: 'Fedora Linux 44, supported for about a year from its release.',
    distro: 'fedora',
    distroName: 'Fedora',
    version: '44',
    family: 'rhel',
    defaultUser: 'root',
    source: served('fedora/44/cloud'),
  },
  {
    id: 'alpine-3.24',
    label: 'Alpine 3.24',
    description: 'Alpine Linux 3.24: small, with OpenRC and musl.',
    distro: 'alpine',
    distroName: 'Alpine Linux',
    version: '3.24',
    family: 'alpine',
    defaultUser: 'root',
    source: served('alpine/3.24/cloud'),
  },
];

const byId = new Map(CATALOG.map((image) => [image.id, image]));

/** The entry of that name, or null where the catalogue has none. */
export const findImage = (id: string): CatalogImage | null => byId.get(id) ?? null;
