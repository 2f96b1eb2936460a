import { bridgePrefix, imageAlias, poolName, projectName } from '../engines/incus/names.ts';
import { incusRequest, isNotFound } from './incus-api.ts';

type Report = (message: string) => void;

/** What this install made in an Incus, by the names that carry its id. */
export interface IncusInventory {
  projects: string[];
  instances: { project: string; name: string }[];
  networks: string[];
  images: string[];
  pool: string | null;
}

const all = <T>(socket: string, path: string): Promise<T[]> => incusRequest<T[]>(socket, 'GET', path);

/** Lists what this install made; nothing else in that Incus is looked at twice. */
export async function listIncus(socket: string, installId: string): Promise<IncusInventory> {
  // The team's number ends the name: without it, the prefix of all of them.
  const prefix = projectName(installId, 0).slice(0, -1);
  const aliasPrefix = imageAlias(installId, '');
  const projects = (await all<{ name: string }>(socket, '/1.0/projects?recursion=1'))
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix));
  const instances = await all<{ name: string; project: string }>(
    socket,
    '/1.0/instances?recursion=1&all-projects=true',
  );
  const networks = await all<{ name: string; managed: boolean }>(socket, '/1.0/networks?recursion=1');
  const images = await all<{ fingerprint: string; aliases: { name: string }[] }>(
    socket,
    '/1.0/images?recursion=1',
  );
  const pools = await all<{ name: string }>(socket, '/1.0/storage-pools?recursion=1');
  return {
    projects,
    instances: instances
      .filter(({ project }) => projects.includes(project))
      .map(({ project, name }) => ({ project, name })),
    networks: networks
      .filter(({ name, managed }) => managed && name.startsWith(bridgePrefix(installId)))
      .map(({ name }) => name),
    images: images
      .filter(({ aliases }) => aliases.some(({ name }) => name.startsWith(aliasPrefix)))
      .map(({ fingerprint }) => fingerprint),
    pool: pools.some(({ name }) => name === poolName(installId)) ? poolName(installId) : null,
  };
}

async function remove(socket: string, path: string): Promise<void> {
  try {
    await incusRequest(socket, 'DELETE', path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Deletes all of {@link listIncus}, dependents first. */
export async function removeFromIncus(socket: string, installId: string, report: Report): Promise<void> {
  const found = await listIncus(socket, installId);
  for (const [index, { project, name }] of found.instances.entries()) {
    report(`instance ${index + 1} of ${found.instances.length}`);
    await removeInstance(socket, project, name);
  }
  for (const project of found.projects) {
    report(`project ${project}`);
    await removeProject(socket, project, found.pool);
  }
  for (const network of found.networks) {
    report(`network ${network}`);
    await remove(socket, `/1.0/networks/${network}`);
  }
  await removeAcls(socket, installId);
  for (const image of found.images) {
    report('images');
    await remove(socket, `/1.0/images/${image}`);
  }
  if (found.pool) {
    report('storage pool');
    await remove(socket, `/1.0/storage-pools/${found.pool}`);
  }
}

async function removeInstance(socket: string, project: string, name: string): Promise<void> {
  const place = `/1.0/instances/${name}`;
  const query = `?project=${project}`;
  try {
    const { status } = await incusRequest<{ status: string }>(socket, 'GET', `${place}${query}`);
    if (status !== 'Stopped') {
      await incusRequest(socket, 'PUT', `${place}/state${query}`, {
        action: 'stop',
        force: true,
        timeout: 30,
      });
    }
  } catch (error) {
    if (isNotFound(error)) return;
    // A broken instance may refuse to stop and still be deletable: deleting it is the test.
  }
  await remove(socket, `${place}${query}`);
}

async function removeProject(socket: string, project: string, pool: string | null): Promise<void> {
  if (pool) {
    const volumes = await all<{ name: string; type: string }>(
      socket,
      `/1.0/storage-pools/${pool}/volumes/custom?recursion=1&project=${project}`,
    );
    for (const { name } of volumes) {
      await remove(socket, `/1.0/storage-pools/${pool}/volumes/custom/${name}?project=${project}`);
    }
  }
  const profiles = await all<{ name: string }>(socket, `/1.0/profiles?recursion=1&project=${project}`);
  for (const { name } of profiles.filter((profile) => profile.name !== 'default')) {
    await remove(socket, `/1.0/profiles/${name}?project=${project}`);
  }
  await remove(socket, `/1.0/projects/${project}`);
}

/** Rule sets are named like what they belong to, or carry the install's own name. */
async function removeAcls(socket: string, installId: string): Promise<void> {
  const acls = await all<{ name: string }>(socket, '/1.0/network-acls?recursion=1');
  const ours = [bridgePrefix(installId), `danube-${installId}`];
  for (const { name } of acls) {
    if (ours.some((prefix) => name.startsWith(prefix))) await remove(socket, `/1.0/network-acls/${name}`);
  }
}
