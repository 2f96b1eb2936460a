/**
 * Two images for the raw side of the comparison of creations, made from the one that Danube builds: one in which
 * cloud-init comes before the network and SSH, as Debian's packages have it, and one in which nothing does.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import type { IncusClient } from '../server/src/dataplane/incus/client.ts';
import { creationBody, type Placement } from '../server/src/dataplane/incus/instance-config.ts';
import { imageAlias, projectName } from '../server/src/dataplane/incus/names.ts';
import { run } from '../server/src/lib/run.ts';

/** Names for `InstanceSpec.image`. */
export const STOCK = 'bench-stock';
export const BARE = 'bench-bare';

const unitFile = (unit: string): string => `/etc/systemd/system/${unit}.service`;
/** What the recipe adds to let root in before cloud-init. */
const LOGIN_UNITS = ['danube-login', 'danube-ssh-settings'].map(unitFile);
/** What it replaces of packages. */
const REPLACED = [
  ...['cloud-init-main', 'cloud-init-local', 'cloud-init', 'cloud-init-network'].map(unitFile),
  '/etc/systemd/system-generators/cloud-init-generator',
  unitFile('systemd-resolved'),
];

export interface File {
  path: string;
  mode: string;
  /** Null for a directory. */
  content: string | null;
}

/**
 * Publishes both images in the Incus of the run, from an instance of `spec` that never starts. The bare one has host
 * keys and lets root in with `publicKey`. Returns the function that removes them.
 */
export async function publishRawImages(
  client: IncusClient,
  spec: InstanceSpec,
  place: Placement,
  publicKey: string,
): Promise<() => Promise<void>> {
  const maker = createMaker(client, spec, place);
  const stock = await maker.publish(STOCK, [...LOGIN_UNITS, ...REPLACED], []);
  const bare = await maker.publish(BARE, LOGIN_UNITS, [
    { path: '/etc/cloud/cloud-init.disabled', mode: '0644', content: '' },
    { path: '/root/.ssh', mode: '0700', content: null },
    { path: '/root/.ssh/authorized_keys', mode: '0600', content: `${publicKey}\n` },
    { path: '/etc/ssh/ssh_host_ed25519_key', mode: '0600', content: await hostKey() },
  ]);
  return async () => {
    for (const fingerprint of [stock, bare]) await client.remove(`/1.0/images/${fingerprint}`);
  };
}

/** Makes images from an instance of `spec` that never starts. */
export function createMaker(client: IncusClient, spec: InstanceSpec, place: Placement) {
  const query = { project: projectName(place.installId, spec.ref.teamId) };
  const instance = `/1.0/instances/${spec.ref.name}`;

  const write = async ({ path, mode, content }: File): Promise<void> => {
    const type = content === null ? 'directory' : 'file';
    const headers = {
      'content-type': 'application/octet-stream',
      'x-incus-type': type,
      'x-incus-mode': mode,
      'x-incus-uid': '0',
      'x-incus-gid': '0',
    };
    await client.upload(`${instance}/files`, { body: content ?? '', headers }, { query: { ...query, path } });
  };

  return {
    /** Returns the fingerprint. */
    async publish(name: string, removed: readonly string[], added: readonly File[]): Promise<string> {
      await client.request(
        'POST',
        '/1.0/instances',
        { ...creationBody(spec, place), start: false },
        { query },
      );
      try {
        for (const path of removed) await client.remove(`${instance}/files`, { query: { ...query, path } });
        for (const file of added) await write(file);
        const { fingerprint } = await client.request<{ fingerprint: string }>(
          'POST',
          '/1.0/images',
          { source: { type: 'instance', name: spec.ref.name }, compression_algorithm: 'none' },
          { query },
        );
        const alias = { name: imageAlias(place.installId, name), target: fingerprint };
        await client.request('POST', '/1.0/images/aliases', alias);
        return fingerprint;
      } finally {
        await client.remove(instance, { query });
      }
    },
  };
}

async function hostKey(): Promise<string> {
  const file = path.join(tmpdir(), `danube-bench-${randomBytes(6).toString('hex')}`);
  try {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return await readFile(file, 'utf8');
  } finally {
    for (const name of [file, `${file}.pub`]) await rm(name, { force: true });
  }
}
