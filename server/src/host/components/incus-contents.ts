import type { IncusClient } from '../../dataplane/incus/client.ts';
import type { IncusImage } from '../../dataplane/incus/images.ts';
import { bridgePrefix, imageAlias, poolName, projectName } from '../../dataplane/incus/names.ts';
import { whileThawing } from '../../dataplane/incus/thaw.ts';

/** What this install created in an Incus, identified by names that contain its id. */
export interface IncusInventory {
  projects: string[];
  /** Includes snapshots of servers. */
  instances: { project: string; name: string }[];
  /** Data volumes and their snapshots. */
  volumes: { project: string; name: string }[];
  networks: string[];
  images: string[];
  pool: string | null;
}

/** Lists what this install created in an Incus. `disks`: the pool of its instances. */
export async function listIncus(
  incus: IncusClient,
  installId: string,
  disks: string,
): Promise<IncusInventory> {
  const all = <T>(path: string, query = {}): Promise<T[]> =>
    incus.get<T[]>(path, { query: { recursion: '1', ...query } });
  // A project's name ends with the team's number; what precedes it is the same for all projects.
  const prefix = projectName(installId, 0).slice(0, -1);
  const aliasPrefix = imageAlias(installId, '');
  const projects = (await all<{ name: string }>('/1.0/projects'))
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix));
  const instances = await all<{ name: string; project: string }>('/1.0/instances', {
    'all-projects': 'true',
  });
  const volumes =
    (await incus.find<{ name: string; project: string }[]>(volumesOf(disks), {
      query: { recursion: '1', 'all-projects': 'true' },
    })) ?? [];
  const networks = await all<{ name: string; managed: boolean }>('/1.0/networks');
  const images = await all<IncusImage>('/1.0/images');
  const pools = await all<{ name: string }>('/1.0/storage-pools');
  return {
    projects,
    instances: instances.filter(({ project }) => projects.includes(project)),
    volumes: volumes.filter(({ project }) => projects.includes(project)),
    networks: networks
      .filter(({ name, managed }) => managed && name.startsWith(bridgePrefix(installId)))
      .map(({ name }) => name),
    images: images
      .filter(({ aliases }) => aliases?.some(({ name }) => name.startsWith(aliasPrefix)))
      .map(({ fingerprint }) => fingerprint),
    pool: pools.some(({ name }) => name === poolName(installId)) ? poolName(installId) : null,
  };
}

const volumesOf = (pool: string): string => `/1.0/storage-pools/${pool}/volumes/custom`;

/** Deletes everything in {@link listIncus}, dependents first. */
export async function removeFromIncus(
  incus: IncusClient,
  installId: string,
  disks: string,
  report: (message: string) => void,
): Promise<void> {
  const found = await listIncus(incus, installId, disks);
  for (const [index, { project, name }] of found.instances.entries()) {
    report(`instance ${index + 1} of ${found.instances.length}`);
    const remove = (): Promise<void> => removeInstance(incus, project, name);
    await (incus.isLocal ? whileThawing(project, name, remove) : remove());
  }
  for (const { project, name } of found.volumes) {
    report('data volumes and snapshots');
    await incus.remove(`${volumesOf(disks)}/${name}`, { query: { project } });
  }
  for (const project of found.projects) {
    report(`project ${project}`);
    await removeProject(incus, project);
  }
  for (const network of found.networks) {
    report(`network ${network}`);
    await incus.remove(`/1.0/networks/${network}`);
  }
  await removeAcls(incus, installId);
  for (const image of found.images) {
    report('images');
    await incus.remove(`/1.0/images/${image}`);
  }
  if (found.pool) {
    report('storage pool');
    await incus.remove(`/1.0/storage-pools/${found.pool}`);
  }
}

async function removeInstance(incus: IncusClient, project: string, name: string): Promise<void> {
  const place = `/1.0/instances/${name}`;
  const options = { query: { project } };
  try {
    const found = await incus.find<{ status: string }>(place, options);
    if (!found) return;
    if (found.status !== 'Stopped') {
      await incus.request('PUT', `${place}/state`, { action: 'stop', force: true, timeout: 30 }, options);
    }
  } catch {
    // An instance that cannot be stopped may still be deletable; the next call will tell.
  }
  await incus.remove(place, options);
}

async function removeProject(incus: IncusClient, project: string): Promise<void> {
  const query = { recursion: '1', project };
  for (const { name } of await incus.get<{ name: string }[]>('/1.0/profiles', { query })) {
    if (name !== 'default') await incus.remove(`/1.0/profiles/${name}`, { query: { project } });
  }
  await incus.remove(`/1.0/projects/${project}`);
}

/** ACLs are named after their bridge or instance, or after the install. */
async function removeAcls(incus: IncusClient, installId: string): Promise<void> {
  const ours = [bridgePrefix(installId), `danube-${installId}`];
  const acls = await incus.get<{ name: string }[]>('/1.0/network-acls', { query: { recursion: '1' } });
  for (const { name } of acls.filter((acl) => ours.some((prefix) => acl.name.startsWith(prefix)))) {
    await incus.remove(`/1.0/network-acls/${name}`);
  }
}
