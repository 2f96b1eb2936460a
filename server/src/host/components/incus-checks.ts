import { existsSync, readFileSync } from 'node:fs';
import { bridgePrefix, imageAlias } from '../../dataplane/incus/names.ts';
import type { ImageBuild } from '../../images/build-records.ts';
import { DEFAULT_IMAGE } from '../../images/catalog.ts';
import { run } from '../../lib/run.ts';
import type { Check, HostContext } from '../component.ts';
import { describeBuild, imageBuildsOf } from '../image-builds.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { incusConnection, localIncus, withIncus } from './incus-connection.ts';

/** What `doctor` checks of an Incus, wherever it runs. */
export const INCUS_CHECKS: readonly Check[] = [
  { name: 'incus', elsewhere: true, look: daemon },
  { name: 'team networks', look: networks },
  { name: 'default image', elsewhere: true, look: image },
  { name: 'images ahead', elsewhere: true, look: imagesAhead },
];

/** Queries the install's Incus; null where the resource does not exist. */
async function ask<T>({ config, incus }: HostContext, path: string): Promise<T | null> {
  const connection = await incusConnection(config, { incus });
  return connection ? withIncus(connection, (client) => client.find<T>(path)) : null;
}

async function daemon(context: HostContext): Promise<Verdict | null> {
  const { config, incus } = context;
  if (config.engine !== 'incus') return null;
  try {
    const info = await ask<{ auth: string; environment: { server_version: string } }>(context, '/1.0');
    if (info?.auth !== 'trusted') {
      return fail(
        'does not trust the certificate of INCUS_CLIENT_CERT',
        'There: incus config trust add-certificate FILE',
      );
    }
    const whose = config.incus ? 'INCUS_URL' : incus === 'host' ? "the host's own" : 'own daemon';
    return ok(`version ${info.environment.server_version}, ${whose}`);
  } catch (error) {
    const { message } = error as Error;
    if (config.incus) {
      return fail(`INCUS_URL does not answer (${message})`, 'Check that server, and the network in between.');
    }
    const log = incus === 'host' ? 'journalctl -u incus' : localIncus(config.home, incus).log;
    return fail(`does not answer (${message})`, `${RESTART} If it does not, look into ${log}.`);
  }
}

async function networks(context: HostContext): Promise<Verdict> {
  const prefix = bridgePrefix(context.installId);
  const all = (await ask<{ name: string; managed: boolean }[]>(context, '/1.0/networks?recursion=1')) ?? [];
  const ours = all.filter(({ name, managed }) => managed && name.startsWith(prefix)).map(({ name }) => name);
  const down = ours.filter((name) => !interfaceIsUp(name));
  if (down.length > 0) return fail(`down: ${down.join(', ')}`, 'Restart Danube: Incus brings them up.');
  const forward = await run('nft', ['list', 'chain', 'ip', 'filter', 'FORWARD'], { allow: 'any' });
  if (forward.stdout.includes('policy drop')) {
    const rule = `iptables -I FORWARD -i '${prefix}+' -j ACCEPT; iptables -I FORWARD -o '${prefix}+' -j ACCEPT`;
    return warn(`${ours.length} up, but another program (Docker?) drops what this host forwards`, rule);
  }
  return ok(ours.length === 0 ? 'none yet' : `${ours.length} up`);
}

/** Bit 0 of an interface's flags is IFF_UP (netdevice(7)). */
function interfaceIsUp(name: string): boolean {
  const file = `/sys/class/net/${name}/flags`;
  return existsSync(file) && (Number(readFileSync(file, 'utf8')) & 1) === 1;
}

async function image(context: HostContext): Promise<Verdict | null> {
  if (context.config.engine !== 'incus') return null;
  const alias = imageAlias(context.installId, DEFAULT_IMAGE);
  const isBuilt = (await ask(context, `/1.0/images/aliases/${alias}`)) !== null;
  return judgeDefaultImage(isBuilt, isBuilt ? null : await imageBuildsOf(context.config));
}

/** What `doctor` says of the default image. `builds`: those still to be built ahead; null: unknown. */
export function judgeDefaultImage(isBuilt: boolean, builds: readonly ImageBuild[] | null): Verdict {
  if (isBuilt) return ok(`${DEFAULT_IMAGE} is built`);
  const build = builds?.find(({ name }) => name === DEFAULT_IMAGE);
  if (build?.message) return ok(`${DEFAULT_IMAGE}: ${describeBuild(build)}`);
  return warn(
    `${DEFAULT_IMAGE} is not built yet`,
    `npm run danube -- image build ${DEFAULT_IMAGE} (or wait: a running Danube does it, the next create at the latest)`,
  );
}

/** Of the images that are built before somebody asks for them. */
async function imagesAhead({ config }: HostContext): Promise<Verdict | null> {
  if (config.engine !== 'incus') return null;
  const builds = await imageBuildsOf(config);
  if (builds === null) return null;
  const tell = (build: (typeof builds)[number]): string => `${build.name} ${describeBuild(build)}`;
  const failed = builds.filter(({ failures }) => failures > 0);
  if (failed.length > 0) {
    const again = `npm run danube -- image build ${failed[0]!.name} (Danube tries again by itself, less and less often)`;
    return warn(failed.map(tell).join('; '), again);
  }
  const building = builds.filter(({ message }) => message !== null).map(tell);
  if (builds.length === 0) return ok('none is missing');
  return ok([...building, `${builds.length - building.length} to follow`].join(', '));
}
