import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { imageOf, type Provider, type ProviderVersion } from '../services/provider.ts';
import { type Recipe, type RecipeFile, zonePackages } from './recipe.ts';

/** Packages of every service image besides the engine. `runit` provides `svlogd`. */
const PACKAGES = ['sysvinit-core', 'iproute2', 'runit', 'procps', 'ca-certificates'];

/** The recipe of the image for one version of an engine. See `services/appliance/README.md`. */
export function applianceRecipe(
  provider: Pick<Provider, 'id' | 'name' | 'guest'>,
  version: ProviderVersion,
): Recipe {
  const engine = provider.guest.flatMap((folder) => scripts(folder, '/usr/lib/danube/engine'));
  const prepare = '/usr/lib/danube/engine/prepare';
  return {
    id: imageOf(provider, version.version),
    suite: version.suite,
    description: `${provider.name} ${version.version}, built by Danube`,
    packages: [...PACKAGES, ...zonePackages(version.suite), ...version.packages],
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
    parameters: '/usr/lib/danube/engine/list-parameters',
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
