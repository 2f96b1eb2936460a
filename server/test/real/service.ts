import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { InstanceFile, InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import type { InstanceRef, SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { projectName } from '../../src/dataplane/incus/names.ts';
import { ensureWithVolume } from '../../src/instances/volumes.ts';
import { createLog } from '../../src/lib/log.ts';
import { type RunResult, run } from '../../src/lib/run.ts';
import { imageOf, type PlanSize, type Provider } from '../../src/services/provider.ts';
import { openTo } from '../contract/firewalls.ts';
import { patiently } from '../contract/subjects.ts';
import { createTestIncus, fromTestRun } from '../incus.ts';
import { slice } from '../slice.ts';
import { dataMount } from '../volumes.ts';

const openssl = (args: string[]): Promise<RunResult> => run('openssl', args);

/** Above the numbers of the teams that servers create. */
const TEAM = slice.firstTeam + 910;

/** What a customer chooses. The defaults are those of the smallest plan. */
export interface ServiceSettings {
  plan: PlanSize;
  password: string;
  /** One that works, too. Empty: none. */
  previousPassword: string;
  /** The first database. Empty: none. */
  database: string;
  /** In addition to those of the plan. */
  parameters: Record<string, string>;
}

const DEFAULTS: ServiceSettings = {
  plan: { vcpu: 1, memoryMb: 1024, diskGb: 10 },
  password: 'correct horse battery',
  previousPassword: '',
  database: 'shop',
  parameters: {},
};

/** One instance of a managed service on the Incus of the test run. */
export interface TestService {
  plane: DataPlane;
  spec: InstanceSpec;
  /** IPv4 address, which the host can reach. */
  address: string;
  settings: ServiceSettings;
  /** Runs a command in the instance as root. Rejects if its exit status is not 0, unless `allow` is `any`. */
  inside(command: readonly string[], options?: { input?: string; allow?: 'any' }): Promise<RunResult>;
  /** Pushes changed settings, as the control plane does. `control` then makes them take effect. */
  push(changes: Partial<ServiceSettings>): Promise<void>;
  /** Stops the instance without a shutdown, as in a power failure. `plane.ensureRunning` starts it again. */
  kill(): Promise<void>;
}

/** Instances of managed services, whose certificates all come from one authority. */
export interface TestServices {
  plane: DataPlane;
  /** The authority's certificate, a PEM file. */
  caFile: string;
  /** A folder for the test's own files. */
  folder: string;
  /** Builds the image if necessary, creates an instance, and returns once it answers. */
  start(provider: Provider, version: string, changes?: Partial<ServiceSettings>): Promise<TestService>;
  /** Creates an instance without network from a snapshot of the service, and returns once it answers. */
  clone(service: TestService, from: SnapshotRef): Promise<TestService>;
  /** Removes everything, also after a failure. */
  close(): Promise<void>;
}

export async function openServices(): Promise<TestServices> {
  const plane = patient(createTestIncus(createLog(process.env.DANUBE_TEST_LOG ?? 'silent')));
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-service-'));
  const authority = await createAuthority(folder);
  const place: Place = { plane, folder, authority, started: [] };
  await clear(plane);
  return {
    plane,
    caFile: authority.file,
    folder,
    start: (provider, version, changes = {}) =>
      startService(place, {
        provider,
        image: imageOf(provider, version),
        settings: { ...DEFAULTS, ...changes },
      }),
    clone: (service, from) => cloneService(place, service, from),
    async close() {
      await clear(plane);
      await plane.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Where the services of a file are made. */
interface Place {
  plane: DataPlane;
  folder: string;
  authority: Authority;
  started: InstanceSpec[];
}

interface Order {
  provider: Provider;
  image: string;
  settings: ServiceSettings;
}

type WriteSettings = (settings: ServiceSettings) => Promise<InstanceFile>;

async function startService(place: Place, { provider, image, settings }: Order): Promise<TestService> {
  const { plane, authority, started } = place;
  const network = slice.network(0);
  await plane.ensureTenant({ teamId: TEAM, network });
  await plane.ensureImage(image);
  const number = started.length + 1;
  const ref = { teamId: TEAM, name: `${provider.kind}-test-${number}` };
  const addresses = { ipv4: network.ipv4.gateway.replace(/1$/, String(10 + number)), ipv6: null };
  const tls = await authority.issue(ref.name, addresses.ipv4);
  const write: WriteSettings = (next) => settingsFile(provider, next, tls);
  const spec: InstanceSpec = {
    ref,
    image,
    network,
    addresses,
    hostname: ref.name,
    userData: null,
    volumes: [dataMount(ref)],
    files: [await write(settings)],
    // The plan's disk size is that of the volume.
    limits: { ...settings.plan, diskGb: 5 },
    publish: [],
    autoStart: true,
    generation: 1,
  };
  started.push(spec);
  await plane.ensureFirewalls(TEAM, openTo(...started));
  await ensureWithVolume(plane, spec, settings.plan.diskGb);
  await plane.waitForService(ref, 300);
  return handleOf(place, { spec, settings, write });
}

async function cloneService(place: Place, service: TestService, from: SnapshotRef): Promise<TestService> {
  const ref = { ...service.spec.ref, name: `drill-${service.spec.ref.name}` };
  const nowhere = { addresses: { ipv4: null, ipv6: null }, generation: 1 };
  const spec = { ...service.spec, ...nowhere, ref, volumes: [dataMount(ref)] };
  await ensureWithVolume(place.plane, spec, service.settings.plan.diskGb, from);
  await place.plane.waitForService(ref, 300);
  return handleOf(place, { spec, settings: service.settings, write: null });
}

/** `write`: null where its settings cannot be changed. */
function handleOf(
  { plane, folder }: Place,
  { spec, settings, write }: Pick<TestService, 'spec' | 'settings'> & { write: WriteSettings | null },
): TestService {
  const { ref } = spec;
  const service: TestService = {
    plane,
    spec,
    address: spec.addresses.ipv4 ?? '',
    settings,
    inside: (command, options) => incus(folder, ref, ['exec', ref.name, '--', ...command], options),
    async push(next) {
      if (!write) throw new Error('The settings of a clone are those of its origin.');
      service.settings = { ...service.settings, ...next };
      service.spec = { ...service.spec, files: [await write(service.settings)] };
      await plane.ensureFiles(ref, service.spec.files);
    },
    kill: async () => void (await incus(folder, ref, ['stop', '--force', ref.name])),
  };
  return service;
}

/**
 * Repeats verbs as workflows do, because Incus may still be cleaning up after a stop, or a disk may be slow for a
 * moment.
 */
const patient = (plane: DataPlane): DataPlane => ({
  ...plane,
  ensureInstance: (...given) => patiently(() => plane.ensureInstance(...given)),
  ensureRunning: (...given) => patiently(() => plane.ensureRunning(...given)),
  ensureStopped: (...given) => patiently(() => plane.ensureStopped(...given)),
  ensureVolume: (...given) => patiently(() => plane.ensureVolume(...given)),
  ensureSnapshot: (...given) => patiently(() => plane.ensureSnapshot(...given)),
  ensureTenant: (...given) => patiently(() => plane.ensureTenant(...given)),
});

async function clear(plane: DataPlane): Promise<void> {
  const left = (await plane.listInstances()).filter(({ ref }) => ref.teamId === TEAM);
  for (const { ref } of left) await plane.removeInstance(ref);
  await plane.removeTenant(TEAM);
}

/** Runs Incus' own client with the daemon of the test run. `folder`: for its configuration. */
export function incus(
  folder: string,
  ref: InstanceRef,
  args: readonly string[],
  options: { input?: string; allow?: 'any' } = {},
): Promise<RunResult> {
  const project = projectName(fromTestRun('DANUBE_TEST_INSTALL_ID'), ref.teamId);
  const env = {
    ...process.env,
    INCUS_CONF: path.join(folder, 'incus'),
    INCUS_SOCKET: fromTestRun('DANUBE_TEST_INCUS_SOCKET'),
  };
  return run('incus', ['--project', project, ...args], { env, timeoutSeconds: 1800, ...options });
}

/** Certificate and key, PEM. */
interface Certificate {
  certificate: string;
  key: string;
  ca: string;
}

interface Authority {
  /** Its certificate, a PEM file. */
  file: string;
  /** Creates a certificate for a name and an IP address. */
  issue(name: string, address: string): Promise<Certificate>;
}

/** Creates a certificate authority in `folder`. EC P-256, valid for 2 days. */
async function createAuthority(folder: string): Promise<Authority> {
  const file = path.join(folder, 'ca.pem');
  const caKey = path.join(folder, 'ca-key.pem');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await openssl(['req', '-x509', ...newKey, '-subj', '/CN=Test', '-keyout', caKey, '-out', file]);
  return {
    file,
    async issue(name: string, address: string): Promise<Certificate> {
      const [certificate, key] = [`${name}.pem`, `${name}-key.pem`].map((part) => path.join(folder, part));
      await openssl([
        ...['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-CA', file, '-CAkey', caKey],
        ...[
          '-addext',
          `subjectAltName=DNS:${name},IP:${address}`,
          '-addext',
          'basicConstraints=critical,CA:FALSE',
        ],
        ...['-keyout', key!, '-out', certificate!],
      ]);
      const read = (name: string) => readFile(name, 'utf8');
      return { certificate: await read(certificate!), key: await read(key!), ca: await read(file) };
    },
  };
}

/** Writes the settings of an instance as the control plane does, see `services/appliance/README.md`. */
async function settingsFile(
  provider: Provider,
  settings: ServiceSettings,
  tls: Certificate,
): Promise<InstanceFile> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-settings-'));
  const members = {
    'engine.conf': provider.renderConfig({ ...provider.sizing(settings.plan), ...settings.parameters }),
    username: provider.username,
    password: settings.password,
    'previous-password': settings.previousPassword,
    database: settings.database,
    'tls/certificate.pem': tls.certificate,
    'tls/key.pem': tls.key,
    'tls/ca.pem': tls.ca,
    complete: '',
  };
  try {
    await mkdir(path.join(folder, 'tls'));
    for (const [name, content] of Object.entries(members)) await writeFile(path.join(folder, name), content);
    const tar = path.join(folder, 'settings.tar');
    await run('tar', ['-C', folder, '--owner=0', '--group=0', '-cf', tar, ...Object.keys(members)]);
    return { path: '/var/lib/danube/settings.tar', content: await readFile(tar), mode: '0600' };
  } finally {
    await rm(folder, { recursive: true });
  }
}
