/**
 * `POST /vps` until `running`, on the simulated data plane without latency, in teams of 500 instances and in teams of
 * 10, against the same number of bare DBOS workflows with as many recorded steps, in the same process and on the same
 * kind of database.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { vpsWorkflows } from '../server/src/resources/vps/workflow.ts';
import { clientOf } from '../server/test/client.ts';
import { createTestDatabase } from '../server/test/database.ts';
import { createTeam, startTestApp, type TestApp } from '../server/test/harness.ts';
import type { PostVpsJob } from './post-vps-worker.ts';
import { median, type Row } from './report.ts';

/** Instances that exist before the measurement, regardless of team size. */
const PRESENT = Number(process.env.PRESENT ?? 5000);
/** Number of measured creations. */
const CREATIONS = Number(process.env.CREATIONS ?? 1000);
const LARGE = 500;
const SMALL = 10;
/** Concurrent requests, and concurrent bare workflows. */
const CLIENTS = 32;

export async function benchCreateSimulated(): Promise<Row[]> {
  // In turns, so that whatever else the machine does concerns all of them.
  const floors = [await runBare()];
  const small = await createServers(SMALL);
  floors.push(await runBare());
  const large = await createServers(LARGE);
  floors.push(await runBare());
  const floor = median(floors);
  const what = 'simulated POST /vps to running, in teams of';
  const unit = 'per second';
  const bare = { floor, floorName: 'bare DBOS workflows with as many steps', unit, aim: '≥ 0.5' };
  return [
    { name: `${what} ${SMALL}`, ours: small, ...bare },
    { name: `${what} ${LARGE}`, ours: large, ...bare },
    { name: `${what} ${LARGE}`, ours: large, floor: small, floorName: `of ${SMALL}`, unit, aim: '≥ 0.8' },
  ];
}

/** Creations per second, in teams that have `size` instances before. */
async function createServers(size: number): Promise<number> {
  const test = await startTestApp();
  try {
    const accounts = await createAccounts(test, PRESENT / size);
    // An install builds an image once, which is not part of the comparison.
    await test.plane.ensureImage('debian-12');
    await create(test, accounts, PRESENT);
    const start = performance.now();
    await create(test, accounts, CREATIONS);
    return CREATIONS / ((performance.now() - start) / 1000);
  } finally {
    await test.close();
  }
}

/** Accounts, each with a team of its own. */
async function createAccounts(test: TestApp, count: number): Promise<PostVpsJob['accounts']> {
  const accounts: PostVpsJob['accounts'] = [];
  for (let index = 0; index < count; index++) {
    const { token } = await createTeam(test.database);
    const call = clientOf(test.app.url!, token);
    const { body } = await call('POST', '/ssh-keys', { name: 'bench', public_key: PUBLIC_KEY });
    accounts.push({ token, sshKeyId: body.key.id as number });
  }
  await test.database.pool.query(`update teams set quotas = '{"vps": 10000}'`);
  return accounts;
}

/** Creates this many servers and waits until the last one is running. */
async function create(test: TestApp, accounts: PostVpsJob['accounts'], requests: number): Promise<void> {
  const present = await countOf(test, 'running');
  await post({ url: test.app.url!, requests, clients: CLIENTS, accounts });
  while ((await countOf(test, 'running')) < present + requests) {
    if ((await countOf(test, 'error')) > 0) throw new Error('A creation has failed.');
    await delay(100);
  }
}

async function countOf(test: TestApp, status: string): Promise<number> {
  const { rows } = await test.database.pool.query('select count(*) n from instances where status = $1', [
    status,
  ]);
  return rows[0].n;
}

async function post(job: PostVpsJob): Promise<void> {
  const worker = new Worker(new URL('./post-vps-worker.ts', import.meta.url), { workerData: job });
  await once(worker, 'exit');
}

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bench';

async function runBare(): Promise<number> {
  const database = await createTestDatabase();
  const steps = vpsWorkflows({ database: {} } as Parameters<typeof vpsWorkflows>[0]).create.steps.length + 2;
  DBOS.setConfig({
    name: 'bare',
    systemDatabaseUrl: database.url,
    systemDatabasePoolSize: 10,
    useListenNotify: false,
    logger: { info() {}, debug() {}, warn() {}, error: console.error },
  });
  const bare = DBOS.registerWorkflow(
    async () => {
      for (let step = 0; step < steps; step++) await DBOS.runStep(async () => step, { name: `step-${step}` });
    },
    { name: 'bare' },
  );
  await DBOS.launch();
  try {
    const start = performance.now();
    await inParallel(async (index) => {
      const handle = await DBOS.startWorkflow(bare, { workflowID: `bare-${index}` })();
      await handle.getResult();
    });
    return CREATIONS / ((performance.now() - start) / 1000);
  } finally {
    await DBOS.shutdown({ deregister: true });
    await database.drop();
  }
}

async function inParallel(work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < CREATIONS) await work(next++);
    }),
  );
}
