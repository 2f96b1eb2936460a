import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InstanceSpec, Usage } from '../../src/dataplane/contract/compute.ts';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { DataPlaneError } from '../../src/dataplane/contract/errors.ts';
import type { TenantNetwork } from '../../src/dataplane/contract/networks.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from '../../src/dataplane/contract/refs.ts';
import { IncusClient } from '../../src/dataplane/incus/client.ts';
import { projectName } from '../../src/dataplane/incus/names.ts';
import { createSimDataPlane } from '../../src/dataplane/sim/data-plane.ts';
import { findIncusd } from '../../src/host/components/incus-daemon.ts';
import { SERVICE_IMAGES } from '../../src/images/recipes.ts';
import { ensureWithVolume } from '../../src/instances/volumes.ts';
import { createLog } from '../../src/lib/log.ts';
import type { RunResult } from '../../src/lib/run.ts';
import { waitFor } from '../harness.ts';
import { createTestIncus, fromTestRun } from '../incus.ts';
import { slice } from '../slice.ts';
import { dataMount } from '../volumes.ts';
import { importTestService, SERVICE_IMAGE } from './test-service.ts';

/** First number of the teams that only contract tests use, beyond those of servers. */
const FIRST = slice.firstTeam + 900;
export const TEAMS = { one: FIRST, two: FIRST + 1, none: FIRST + 2 } as const;

/** One implementation of the engine under test. */
export interface Subject {
  plane: DataPlane;
  /** Deletes an instance as an operator with the engine's own tools would. */
  deleteBehindOurBack(ref: InstanceRef): Promise<void>;
  /** Lets the running guest write this to the disk that snapshots include. */
  writeDisk(spec: InstanceSpec, content: string): Promise<void>;
  /** Returns what {@link writeDisk} wrote, or what a snapshot restored. */
  readDisk(spec: InstanceSpec): Promise<string>;
  /** Ensures that the image of a service exists, and returns its name. */
  ensureServiceImage(): Promise<string>;
  /** Removes everything that the contract's teams have. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface IncusSubject extends Subject {
  socketPath: string;
  installId: string;
  /** Runs a command in an instance, as an operator would. */
  exec(ref: InstanceRef, command: readonly string[]): Promise<RunResult>;
  /** Changes settings of the instance in Incus, as an operator would. */
  configure(ref: InstanceRef, config: Record<string, string>): Promise<void>;
  /** Leaves the volume as a daemon does that is killed while it creates it. */
  halfMakeVolume(ref: VolumeRef): Promise<void>;
  /** Freezes all processes of the instance, as an interrupted snapshot does. */
  freeze(ref: InstanceRef): Promise<void>;
  /** Kills this run's own daemon. The supervisor starts it again. */
  killDaemon(): void;
}

/** The network of a contract team. */
export const networkOf = (teamId: number): TenantNetwork => slice.network(teamId - TEAMS.one);

/** An instance of a contract team; `host` is the number of its addresses in the team's subnets. */
export function specOf(
  name: string,
  host: number,
  changes: Partial<InstanceSpec> & { teamId?: number } = {},
): InstanceSpec {
  const { teamId = TEAMS.one, ...rest } = changes;
  const network = networkOf(teamId);
  return {
    ref: { teamId, name: `vps-contract-${name}` },
    image: 'debian-12',
    limits: { vcpu: 1, memoryMb: 512, diskGb: 3 },
    network,
    addresses: {
      ipv4: network.ipv4.gateway.replace(/\.1$/, `.${host}`),
      ipv6: network.ipv6.gateway.replace(/::1$/, `::${host.toString(16)}`),
    },
    hostname: name,
    userData: '#cloud-config\n{}\n',
    volumes: [],
    files: [],
    publish: [],
    autoStart: true,
    generation: 1,
    ...rest,
  };
}

/** The same instance under another name. If it has a volume, it gets another one. */
export function renamed(spec: InstanceSpec, name: string): InstanceSpec {
  const ref = { ...spec.ref, name };
  return { ...spec, ref, volumes: spec.volumes.map(() => dataMount(ref)) };
}

/** Initial size in GiB of the volumes of the contract's services. */
export const VOLUME_GB = 1;

/** Creates the instance, and its volume if it has one. Repeats that as necessary, see {@link openIncus}. */
export const ensureWhole = (
  plane: DataPlane,
  spec: InstanceSpec,
  { from, volumeGb = VOLUME_GB }: { from?: SnapshotRef; volumeGb?: number } = {},
): Promise<void> => patiently(() => ensureWithVolume(plane, spec, volumeGb, from));

async function clearTeams(plane: DataPlane): Promise<void> {
  const teams: number[] = Object.values(TEAMS);
  const left = (await plane.listInstances()).filter(({ ref }) => teams.includes(ref.teamId));
  for (const { ref } of left) await plane.removeInstance(ref);
  for (const teamId of teams) await plane.removeTenant(teamId);
}

/** Repeats what may succeed later, as workflows do. If it gives up, the cause is the last error. */
export async function patiently<T>(verb: () => Promise<T>): Promise<T> {
  let last: unknown;
  const ended = await waitFor('the data plane', () =>
    verb().then(
      (result) => ({ result }),
      (error: unknown) => {
        if (!(error instanceof DataPlaneError && error.retryable)) return { refusal: error };
        last = error;
        return null;
      },
    ),
  ).catch(({ message }: Error) => {
    throw new Error(message, { cause: last });
  });
  if ('refusal' in ended) throw ended.refusal;
  return ended.result;
}

/**
 * Waits until an instance's usage is as expected. Btrfs sometimes loses count of a disk, and counts it again within
 * seconds.
 */
export const usageOf = (
  plane: DataPlane,
  ref: InstanceRef,
  isExpected: (usage: Usage) => boolean = () => true,
): Promise<Usage> =>
  waitFor('the disks to be counted', async () => {
    const usage = (await plane.describeUsage(ref))!;
    const isKnown = [usage.diskBytes, ...usage.volumes.map(({ usedBytes }) => usedBytes)].every(
      (bytes) => bytes !== null,
    );
    return isKnown && isExpected(usage) && usage;
  });

/** Runs a command that replaces the file, and returns its exit status. */
const writeAnew = async (subject: IncusSubject, ref: InstanceRef, file: string, write: string) =>
  (await subject.exec(ref, ['bash', '-c', `rm -f ${file}; sync; ${write}`])).status;

/**
 * Runs a command that writes a file for which the disk has room, until it succeeds. While Btrfs has lost count, it may
 * fail.
 */
export const fill = (subject: IncusSubject, ref: InstanceRef, file: string, write: string): Promise<true> =>
  waitFor(`room for ${file}`, async () => (await writeAnew(subject, ref, file, write)) === 0);

/**
 * Runs a command that writes a file which is too large for the disk, until it is refused. While Btrfs has lost count,
 * it may succeed.
 */
export const overfill = (
  subject: IncusSubject,
  ref: InstanceRef,
  file: string,
  write: string,
): Promise<true> =>
  waitFor(`no room for ${file}`, async () => (await writeAnew(subject, ref, file, write)) !== 0);

export async function openSim(): Promise<Subject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'danube-sim-'));
  const plane = createSimDataPlane({ stateFile: path.join(folder, 'state'), latencyMs: 0 });
  return {
    plane,
    deleteBehindOurBack: async (ref) => plane.drift.deleteBehindOurBack(ref),
    writeDisk: async ({ ref }, content) => plane.drift.writeDisk(ref, content),
    readDisk: async ({ ref }) => plane.readDisk(ref),
    async ensureServiceImage() {
      const [name = ''] = SERVICE_IMAGES;
      await plane.ensureImage(name);
      return name;
    },
    clear: () => clearTeams(plane),
    async close() {
      await plane.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * The Incus that the test runner started; throws if it did not. Starts are repeated, as in workflows, because Incus may
 * still be cleaning up after the stop, and remove what the start has just created.
 */
export async function openIncus(): Promise<IncusSubject> {
  const socketPath = fromTestRun('DANUBE_TEST_INCUS_SOCKET');
  const installId = fromTestRun('DANUBE_TEST_INSTALL_ID');
  const pool = fromTestRun('DANUBE_TEST_INCUS_POOL');
  const imageCache = fromTestRun('DANUBE_TEST_IMAGES');
  const incus = createTestIncus(createLog('warn'), { honest: true });
  const plane = { ...incus, ensureRunning: (ref: InstanceRef) => patiently(() => incus.ensureRunning(ref)) };
  const client = new IncusClient({ socketPath });
  const operator = operatorOf(client, { installId, pool });
  return {
    plane,
    socketPath,
    installId,
    ...operator,
    ...disksOf(operator.exec),
    killDaemon() {
      const daemon = findIncusd(fromTestRun('DANUBE_HOME'));
      if (!daemon) throw new Error('This run has no Incus daemon.');
      process.kill(daemon.pid, 'SIGKILL');
    },
    async ensureServiceImage() {
      await importTestService(client, installId, imageCache);
      return SERVICE_IMAGE;
    },
    clear: () => clearTeams(plane),
    async close() {
      await client.close();
      await plane.close();
    },
  };
}

/** What an operator does with Incus' own API. */
function operatorOf(client: IncusClient, { installId, pool }: { installId: string; pool: string }) {
  const queryOf = (teamId: number) => ({ project: projectName(installId, teamId) });
  const pathOf = ({ name }: InstanceRef) => `/1.0/instances/${name}`;
  return {
    exec: (ref: InstanceRef, command: readonly string[]): Promise<RunResult> =>
      client.execRecorded(pathOf(ref), command, 65_536, { query: queryOf(ref.teamId) }),
    async deleteBehindOurBack(ref: InstanceRef): Promise<void> {
      const query = queryOf(ref.teamId);
      await client.request('PUT', `${pathOf(ref)}/state`, { action: 'stop', force: true }, { query });
      await client.remove(pathOf(ref), { query });
    },
    async configure(ref: InstanceRef, config: Record<string, string>): Promise<void> {
      await client.request('PATCH', pathOf(ref), { config }, { query: queryOf(ref.teamId) });
    },
    async freeze(ref: InstanceRef): Promise<void> {
      const change = { action: 'freeze', timeout: 30 };
      await client.request('PUT', `${pathOf(ref)}/state`, change, { query: queryOf(ref.teamId) });
    },
    async halfMakeVolume(ref: VolumeRef): Promise<void> {
      const folder = `/1.0/storage-pools/${pool}/volumes/custom`;
      const body = { name: ref.name, type: 'custom', content_type: 'filesystem' };
      await client.request('POST', folder, body, { query: queryOf(ref.teamId) });
    },
  };
}

/** Writes and reads a file on the disk of a guest that snapshots include. */
function disksOf(exec: IncusSubject['exec']): Pick<Subject, 'writeDisk' | 'readDisk'> {
  const fileOf = ({ volumes }: InstanceSpec) => (volumes.length > 0 ? '/data/content' : '/root/content');
  const within = async ({ ref }: InstanceSpec, command: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await exec(ref, command);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  return {
    async writeDisk(spec, content) {
      await within(spec, ['sh', '-c', `printf %s "$1" >${fileOf(spec)}`, 'write', content]);
    },
    readDisk: (spec) => within(spec, ['cat', fileOf(spec)]),
  };
}
