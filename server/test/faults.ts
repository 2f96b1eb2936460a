import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { InstanceReport } from '../src/dataplane/contract/compute.ts';
import type { DataPlane } from '../src/dataplane/contract/data-plane.ts';
import type { InstanceFirewall } from '../src/dataplane/contract/networks.ts';
import { createSimDataPlane, type SimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import type { Queryable } from '../src/db/database.ts';
import type { ResourceModule } from '../src/module.ts';
import { MODULES } from '../src/modules.ts';
import type { ObjectStore } from '../src/object-store/contract.ts';
import {
  createSimObjectStore,
  type SimObjectStore,
  stateFileOf,
} from '../src/object-store/sim/object-store.ts';
import { readIntent } from '../src/resources/firewalls/intent.ts';
import { type Call, clientOf } from './client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createTeam, type TestTeam } from './harness.ts';
import { type ServerProcess, startServerProcess } from './processes.ts';
import { slice } from './slice.ts';

/** A server process that can be killed and restarted on the same database and simulated data plane. */
export interface Crashable {
  database: TestDatabase;
  team: TestTeam;
  start(): Promise<ServerProcess>;
  /** A client for a team, by default the first one. */
  client(server: ServerProcess, team?: TestTeam): Call;
  /** Reads data plane and object store as the dead server left them. Only while no server is running. */
  inspect<T>(look: (plane: SimDataPlane, objects: SimObjectStore) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `environment`: of the server process, for example to use another data plane. */
export async function createCrashable(
  options: { latencyMs?: number; environment?: Record<string, string> } = {},
): Promise<Crashable> {
  const database = await createTestDatabase();
  await database.pool.query(`alter table teams alter column id restart with ${slice.firstTeam}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-faults-'));
  const stateFile = path.join(folder, 'instances.jsonl');
  const team = await createTeam(database);
  const running = new Set<ServerProcess>();
  const env = {
    DATABASE_URL: database.url,
    DANUBE_SIM_STATE: stateFile,
    DANUBE_SIM_LATENCY_MS: String(options.latencyMs ?? 0),
    DANUBE_SECRET_KEY: randomBytes(32).toString('base64'),
    DANUBE_PUBLIC_ADDRESS: '203.0.113.7',
    DANUBE_STORAGE_QUOTA_GB: '1000000000',
    ...options.environment,
  };
  return {
    database,
    team,
    async start() {
      const server = await startServerProcess(env);
      running.add(server);
      void server.ended.then(() => running.delete(server));
      return server;
    },
    client: (server, { token } = team) => clientOf(server.url, token),
    async inspect(look) {
      const plane = createSimDataPlane({ stateFile, latencyMs: 0 });
      const objects = createSimObjectStore({ stateFile: stateFileOf(stateFile), latencyMs: 0 });
      try {
        return await look(plane, objects);
      } finally {
        await objects.close();
        await plane.close();
      }
    },
    async close() {
      for (const server of running) {
        server.child.kill('SIGKILL');
        await server.ended;
      }
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

interface CheckOptions {
  /** A team. */
  only?: number;
  modules?: readonly ResourceModule[];
  objects?: ObjectStore | null;
}

/**
 * Checks what must be true of every install without unfinished operations: rows match instances, volumes and snapshots
 * one to one, no address is used twice, every operation has ended, and counters are right. Each module contributes its
 * part. Returns the problems, by default of all teams and of
 * all but object storage.
 */
export async function findInconsistencies(
  { pool, db }: TestDatabase,
  plane: DataPlane,
  { only, modules = MODULES, objects = null }: CheckOptions = {},
): Promise<string[]> {
  const instances = await plane.listInstances();
  const volumes = await plane.listVolumes();
  const snapshots = await plane.listSnapshots();
  const known = (await pool.query<{ id: number }>('select id from teams')).rows.map(({ id }) => id);
  const present = [...instances.map(({ ref }) => ref), ...volumes, ...snapshots].map(({ teamId }) => teamId);
  const problems = await findSharedAddresses(plane, instances);
  for (const teamId of only === undefined ? new Set([...known, ...present]) : [only]) {
    const check = {
      db,
      plane,
      objects,
      teamId,
      instances: instances.filter(({ ref }) => ref.teamId === teamId),
      volumes: volumes.filter((volume) => volume.teamId === teamId),
      snapshots: snapshots.filter((snapshot) => snapshot.teamId === teamId),
    };
    const found = await Promise.all(modules.map(async (module) => module.inconsistencies?.(check) ?? []));
    const all = [...found.flat(), ...(await findWrongFirewalls(db, plane, teamId))];
    problems.push(...all.map((problem) => `team ${teamId}: ${problem}`));
  }
  return problems;
}

async function findSharedAddresses(
  plane: DataPlane,
  instances: readonly InstanceReport[],
): Promise<string[]> {
  const details = await Promise.all(instances.map(({ ref }) => plane.describeInstance(ref)));
  const addresses = details
    .flatMap((detail) => [detail?.addresses.ipv4, detail?.addresses.ipv6])
    .filter(Boolean);
  return new Set(addresses).size === addresses.length ? [] : ['an address is used twice'];
}

/** Only the simulated data plane can report the firewalls in force. */
async function findWrongFirewalls(db: Queryable, plane: DataPlane, teamId: number): Promise<string[]> {
  if (!('firewallsOf' in plane)) return [];
  const { firewalls } = await readIntent(db, teamId);
  const present = (plane as SimDataPlane).firewallsOf(teamId);
  const sorted = (all: readonly InstanceFirewall[]) =>
    all.toSorted((a, b) => (a.ref.name < b.ref.name ? -1 : 1));
  return isDeepStrictEqual(sorted(present), sorted(firewalls))
    ? []
    : [`${JSON.stringify(present)} is in force in place of ${JSON.stringify(firewalls)}`];
}
