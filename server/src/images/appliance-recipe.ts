import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { imageOf, type Provider, type ProviderVersion } from '../services/provider.ts';
import { type Recipe, type RecipeFile, zonePackages } from './recipe.ts';

/** Name of the image of the object store. */
export const OBJECT_STORE_IMAGE = 'object-store';

/** Packages of every service image besides the engine. `runit` provides `svlogd`. */
const PACKAGES = ['sysvinit-core', 'iproute2', 'runit', 'procps', 'ca-certificates'];

interface Appliance extends Pick<Recipe, 'id' | 'suite' | 'description' | 'packages' | 'parameters'> {
  /** Absolute paths of the folders with the scripts of the engine. */
  guest: readonly string[];
}

/** The recipe of the image for one version of an engine. See `services/appliance/README.md`. */
export const applianceRecipe = (
  provider: Pick<Provider, 'id' | 'name' | 'guest'>,
  version: ProviderVersion,
): Recipe =>
  appliance({
    id: imageOf(provider, version.version),
    suite: version.suite,
    description: `${provider.name} ${version.version}, built by Danube`,
    packages: version.packages,
    guest: provider.guest,
    parameters: '/usr/lib/danube/engine/list-parameters',
  });

/** The image of the object store of an install, which is an appliance without parameters. */
export const objectStoreRecipe = (): Recipe =>
  appliance({
    id: OBJECT_STORE_IMAGE,
    suite: 'trixie',
    description: 'Ceph RADOS Gateway, built by Danube',
    packages: ['ceph-mon', 'ceph-osd', 'radosgw'],
    guest: [path.join(import.meta.dirname, '../object-store/rgw/guest')],
    parameters: null,
  });

function appliance({ guest, packages, ...image }: Appliance): Recipe {
  const engine = guest.flatMap((folder) => scripts(folder, '/usr/lib/danube/engine'));
  const prepare = '/usr/lib/danube/engine/prepare';
  return {
    ...image,
    packages: [...PACKAGES, ...zonePackages(image.suite), ...packages],
    files: [
      ...scripts(path.join(import.meta.dirname, '../services/appliance/guest'), '/usr/lib/danube').map(
        (file) => (file.path.endsWith('/inittab') ? { ...file, path: '/etc/inittab', mode: '0644' } : file),
      ),
      ...engine,
    ],
    templates: [
      {
        target: '/etc/danube/network',
        name: 'network.tpl',
        content: '{{ config_get("user.danube.network", properties.default) }}\n',
        default: '',
      },
    ],
    commands: [
      'mkdir -p /data /etc/danube /var/lib/danube /var/log/danube && chmod 0700 /var/lib/danube /var/log/danube',
      // Removes packages' init scripts, so that only what inittab names is started.
      'rm -rf /etc/rc?.d /etc/rcS.d /etc/init.d /etc/cron.* /etc/logrotate.d',
      'passwd --lock root',
      // Removes setuid bits: the engine's user must not become another user, and root does not need them.
      'find / -xdev -type f -perm /6000 -exec chmod a-s {} +',
      ...(engine.some((file) => file.path === prepare) ? [prepare] : []),
    ],
  };
}

/** All files of a folder, executable. */
const scripts = (folder: string, target: string): RecipeFile[] =>
  readdirSync(folder)
    .sort()
    .map((name) => ({
      path: `${target}/${name}`,
      content: readFileSync(path.join(folder, name), 'utf8'),
      mode: '0755',
    }));
