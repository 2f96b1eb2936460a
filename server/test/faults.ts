import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { InstanceDetail, InstanceReport } from '../src/dataplane/contract/compute.ts';
import type { DataPlane } from '../src/dataplane/contract/data-plane.ts';
import type { SnapshotRef } from '../src/dataplane/contract/refs.ts';
import { createSimDataPlane, type SimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import { allKinds } from '../src/instances/kinds.ts';
import { readIntent } from '../src/resources/firewalls/enforcement.ts';
import { type Call, clientOf } from './client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createTeam, type TestTeam } from './harness.ts';
import { type ServerProcess, startServerProcess } from './processes.ts';

/** A server process that can be killed and started again on the same database and simulated data plane. */
export interface Crashable {
  database: TestDatabase;
  team: TestTeam;
  /** Starts the server; `kill` is where it dies, in the words of `server-process.ts`. */
  start(kill?: string): Promise<ServerProcess>;
  client(server: ServerProcess): Call;
  /** The data plane as the dead server left it. Only while no server runs. */
  inspect<T>(look: (plane: SimDataPlane) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `environment` is for the server process, for example to run it on another data plane. */
export async function createCrashable(
  options: { latencyMs?: number; environment?: Record<string, string> } = {},
): Promise<Crashable> {
  const database = await createTestDatabase();
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
    ...options.environment,
  };
  return {
    database,
    team,
    async start(kill) {
      const server = await startServerProcess({ ...env, ...(kill ? { DANUBE_TEST_KILL: kill } : {}) });
      running.add(server);
      void server.ended.then(() => running.delete(server));
      return server;
    },
    client: (server) => clientOf(server.url, team.token),
    async inspect(look) {
      const plane = createSimDataPlane({ stateFile, latencyMs: 0 });
      try {
        return await look(plane);
      } finally {
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

/**
 * What must be true of every settled install, whatever happened to it: rows, instances and snapshots match one to one, no
 * address is used twice, every operation has ended, and the counters tell the truth. Returns what is wrong, by default with
 * any team.
 */
export async function findInconsistencies(
  database: TestDatabase,
  plane: DataPlane,
  only?: number,
): Promise<string[]> {
  const instances = await plane.listInstances();
  const snapshots = await plane.listSnapshots();
  const known = (await database.pool.query<{ id: number }>('select id from teams')).rows.map(({ id }) => id);
  const teams = new Set([
    ...known,
    ...[...instances.map(({ ref }) => ref), ...snapshots].map((ref) => ref.teamId),
  ]);
  const details = await Promise.all(
    instances
      .filter(({ ref }) => only === undefined || ref.teamId === only)
      .map(({ ref }) => plane.describeInstance(ref)),
  );
  const addresses = details
    .flatMap((detail) => [detail?.addresses.ipv4, detail?.addresses.ipv6])
    .filter(Boolean);
  const problems: string[] = [];
  if (new Set(addresses).size !== addresses.length) problems.push('an address is used twice');
  for (const team of only === undefined ? teams : [only]) {
    const query = async (sql: string) => (await database.pool.query(sql, [team])).rows;
    const found = [
      ...(await findInstanceInconsistencies(
        query,
        instances.filter(({ ref }) => ref.teamId === team),
        details.filter((detail) => detail !== null),
      )),
      ...(await findSnapshotInconsistencies(
        query,
        snapshots.filter(({ teamId }) => teamId === team),
      )),
      ...(await findFirewallInconsistencies(query, database, plane, team)),
    ];
    problems.push(...found.map((problem) => `team ${team}: ${problem}`));
  }
  return problems;
}

/** Asks about one team, which is `$1`. */
// biome-ignore lint/suspicious/noExplicitAny: rows of every shape
type Query = (sql: string) => Promise<any[]>;

/** Rows and instances match one to one, operations have ended, and addresses and counters are right. */
async function findInstanceInconsistencies(
  query: Query,
  reports: readonly InstanceReport[],
  details: readonly InstanceDetail[],
): Promise<string[]> {
  const problems: string[] = [];
  const rows = await query(`
    select kind, i.id, m.id as member_id, status, generation, disk_gb, memory_mb
    from instances i join members m on m.instance_id = i.id where team_id = $1`);
  const instances = new Map(reports.map((report) => [report.ref.name, report]));
  for (const row of rows) {
    const name = `${row.kind}-${row.member_id}`;
    const found = instances.get(name);
    instances.delete(name);
    if (row.status === 'error') continue;
    if (found?.power !== row.status)
      problems.push(`row ${row.id} is ${row.status}, its instance ${found?.power}`);
    else if (found?.generation !== row.generation)
      problems.push(`row ${row.id} has an instance of another generation`);
    const detail = details.find(({ ref }) => ref.name === name);
    if (!detail) continue;
    if (detail.limits.memoryMb !== row.memory_mb) problems.push(`${row.id} has the memory of another plan`);
    if (detail.limits.diskGb !== row.disk_gb) problems.push(`${row.id} has the disk of another plan`);
  }
  for (const name of instances.keys()) problems.push(`instance ${name} has no row`);

  const count = async (sql: string) => Number((await query(sql))[0].n);
  const open = await count(
    `select count(*) n from operations where team_id = $1 and state in ('queued', 'pending', 'running')`,
  );
  if (open > 0) problems.push(`${open} operations never ended`);
  const orphans = await count(
    `select count(*) n from members m join instances i on i.id = m.instance_id
      where i.team_id = $1 and not exists (select from addresses where member_id = m.id)`,
  );
  if (orphans > 0) problems.push(`${orphans} instances have no address`);
  for (const { name: kind } of allKinds()) {
    const used = await count(
      `select coalesce(sum(used), 0) n from team_usage where team_id = $1 and kind = '${kind}'`,
    );
    const present = rows.filter((row) => row.kind === kind).length;
    if (used !== present) problems.push(`the quota counts ${used} of ${present} ${kind}`);
  }
  return problems;
}

/** Firewalls are attached to instances that there are, are in force as the rows say, and are counted. */
async function findFirewallInconsistencies(
  query: Query,
  database: TestDatabase,
  plane: DataPlane,
  team: number,
): Promise<string[]> {
  const problems: string[] = [];
  for (const row of await query(`select id from firewalls where team_id = $1 and default_of not in (select id from instances)
      and id not in (select firewall_id from firewall_attachments)`)) {
    problems.push(`default firewall ${row.id} outlived its instance`);
  }
  for (const row of await query(`select id from firewalls where team_id = $1 and status = 'applying'`)) {
    problems.push(`firewall ${row.id} is still being applied`);
  }
  const [counted] = await query(`select
    (select coalesce(sum(used), 0) from team_usage where team_id = $1 and kind = 'firewall')::integer as used,
    (select count(*) from firewalls where team_id = $1 and default_of is null)::integer as present`);
  if (counted.used !== counted.present)
    problems.push(`the quota counts ${counted.used} of ${counted.present} firewalls`);
  const { firewalls } = await readIntent(database.db, team);
  const present = 'firewallsOf' in plane ? (plane as SimDataPlane).firewallsOf(team) : firewalls;
  if (!isDeepStrictEqual(present, firewalls)) {
    problems.push(`${JSON.stringify(present)} is in force in place of ${JSON.stringify(firewalls)}`);
  }
  return problems;
}

/** Rows of snapshots match what the data plane has one to one, each has its instance, and nothing is under way. */
async function findSnapshotInconsistencies(query: Query, refs: readonly SnapshotRef[]): Promise<string[]> {
  const problems: string[] = [];
  const rows = await query('select uid, instance_id, status, reason from snapshots where team_id = $1');
  const kept = new Set(refs.map(({ name }) => name));
  for (const { uid, status } of rows) {
    const present = kept.delete(`snapshot-${uid}`);
    if (['creating', 'restoring', 'destroying'].includes(status))
      problems.push(`snapshot ${uid} is ${status}`);
    if (present !== (status !== 'failed')) problems.push(`snapshot ${uid} is ${status}, kept: ${present}`);
  }
  for (const name of kept) problems.push(`${name} has no row`);
  const owners = rows.filter(({ reason }) => reason === 'safety').map((row) => row.instance_id);
  const counts = Map.groupBy(owners, (owner) => owner).values();
  // One, and the one that it went back to.
  if (counts.some(({ length }) => length > 2)) problems.push('an instance has three states before a restore');
  return problems;
}
