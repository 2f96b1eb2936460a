/**
 * `POST /vps` until `running` on the simulated data plane without latency, against as many bare DBOS workflows with as
 * many recorded steps, started in the same process on the same kind of database.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { vpsWorkflows } from '../server/src/resources/vps/workflow.ts';
import { clientOf } from '../server/test/client.ts';
import { createTestDatabase } from '../server/test/database.ts';
import { createTeam, startTestApp } from '../server/test/harness.ts';
import type { PostVpsJob } from './post-vps-worker.ts';
import type { Row } from './report.ts';

const INSTANCES = Number(process.env.N ?? 5000);
const TEAMS = 10;
/** Requests, and bare workflows, that are under way at once. */
const CLIENTS = 32;

export async function benchCreateSimulated(): Promise<Row[]> {
  const ours = await createServers();
  const floor = await runBare();
  return [
    {
      name: `POST /vps to running, ${INSTANCES} simulated instances`,
      ours,
      floor,
      floorName: 'bare DBOS workflows with as many steps',
      unit: 'per second',
      aim: '≥ 0.7',
    },
  ];
}

async function createServers(): Promise<number> {
  const test = await startTestApp();
  try {
    const teams = await Promise.all(Array.from({ length: TEAMS }, () => createTeam(test.database)));
    await test.database.pool.query(`update teams set quotas = '{"vps": 10000}'`);
    const accounts = await Promise.all(
      teams.map(async ({ token }) => {
        const call = clientOf(test.app.url!, token);
        const { body } = await call('POST', '/ssh-keys', { name: 'bench', public_key: PUBLIC_KEY });
        return { token, sshKeyId: body.key.id as number };
      }),
    );
    // An image is made once per install; its first use is not what is measured.
    await test.plane.ensureImage('debian-12');
    const start = performance.now();
    await post({ url: test.app.url!, requests: INSTANCES, clients: CLIENTS, accounts });
    const running = `select count(*) n from instances where status = 'running'`;
    while ((await test.database.pool.query(running)).rows[0].n < INSTANCES) await delay(250);
    return INSTANCES / ((performance.now() - start) / 1000);
  } finally {
    await test.close();
  }
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
    return INSTANCES / ((performance.now() - start) / 1000);
  } finally {
    await DBOS.shutdown({ deregister: true });
    await database.drop();
  }
}

async function inParallel(work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < INSTANCES) await work(next++);
    }),
  );
}
