/**
 * What a modest team notices of a greedy one, on the simulated data plane: how long its creations take until they are
 * `running` while hundreds of the other's are queued, and the p99 of its `GET /vps` while the other lists with 60
 * connections; each against the same with nobody else at work.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { clientOf } from '../server/test/client.ts';
import { createTeam, startTestApp, type TestApp, type TestTeam } from '../server/test/harness.ts';
import { testKey } from '../server/test/ssh-keys.ts';
import { sendLoad } from './load.ts';
import { median, type Row } from './report.ts';

/**
 * Milliseconds that each step of the simulated data plane takes, so that a creation takes seconds, as on a host. The list
 * of images, which each request asks for, takes none, or requests would not come faster than they are carried out.
 */
const LATENCY_MS = 1000;
/** Creations that the greedy team has in the queue. */
const GREEDY = Number(process.env.GREEDY ?? 300);
/** Measured creations of the modest team, one after the other. */
const CREATIONS = 3;
/** Concurrent requests that create servers. */
const CLIENTS = 16;
/** Servers that each list shows. */
const LISTED = 25;
const GREEDY_CONNECTIONS = 60;
const SECONDS = 6;
/** Pairs of measurements. A p99 of a few milliseconds changes with every pause of a shared machine. */
const ROUNDS = 5;

interface Team extends TestTeam {
  sshKeyId: number;
}

export async function benchFairness(): Promise<Row[]> {
  const test = await startTestApp();
  try {
    await test.plane.ensureImage('debian-12');
    const [greedy, modest] = [await addTeam(test), await addTeam(test)];
    await test.database.pool.query(`update teams set quotas = '{"vps": 10000}'`);
    for (const team of [greedy, modest]) await create(test, team, LISTED);
    const gets = await compareGets(test, greedy, modest);
    test.plane.faults.before(async (verb) => {
      if (verb !== 'listImages') await delay(LATENCY_MS);
    });
    const creations = await compareCreations(test, greedy, modest);
    return [
      {
        name: `simulated POST /vps to running, while another team has ${GREEDY} in the queue`,
        ...creations,
        floorName: 'alone',
        unit: 's',
        aim: '≤ 2',
      },
      {
        name: `GET /vps?per_page=25, p99, while another team has ${GREEDY_CONNECTIONS} connections`,
        ...gets,
        floorName: 'alone',
        unit: 'ms',
        aim: '≤ 3',
      },
    ];
  } finally {
    await test.close();
  }
}

interface Comparison {
  ours: number;
  floor: number;
}

async function compareCreations(test: TestApp, greedy: Team, modest: Team): Promise<Comparison> {
  const measure = async (): Promise<number> => {
    const seconds: number[] = [];
    for (let round = 0; round < CREATIONS; round++) {
      const start = performance.now();
      await create(test, modest, 1);
      seconds.push((performance.now() - start) / 1000);
    }
    return median(seconds);
  };
  const floor = await measure();
  await post(test, greedy, GREEDY, CLIENTS);
  let feeding = true;
  const feed = (async () => {
    // In place of those that end meanwhile, and no more: a team's network has an end.
    while (feeding) {
      const missing = GREEDY - (await countOf(test, greedy, 'pending'));
      if (missing > 0) await post(test, greedy, missing, CLIENTS);
      else await delay(50);
    }
  })();
  const ours = await measure();
  feeding = false;
  await feed;
  const left = await countOf(test, greedy, 'pending');
  if (left <= 0) throw new Error('The queue was empty before the end.');
  console.log(`${left} of the greedy team are still queued`);
  return { ours, floor };
}

async function compareGets(test: TestApp, greedy: Team, modest: Team): Promise<Comparison> {
  const url = `${test.app.url}/api/v1/vps?per_page=${LISTED}`;
  const list = ({ token }: Team, connections: number, seconds: number) =>
    sendLoad({ url, tokens: [token], connections, seconds });
  const p99 = async () => (await list(modest, 1, SECONDS)).p99;
  await p99();
  const rounds: Comparison[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const floor = await p99();
    const flood = list(greedy, GREEDY_CONNECTIONS, SECONDS + 4);
    await delay(2000);
    const ours = await p99();
    await flood;
    console.log(`p99 of a list: ${ours} ms, ${floor} ms alone`);
    rounds.push({ ours, floor });
  }
  return { ours: median(rounds.map(({ ours }) => ours)), floor: median(rounds.map(({ floor }) => floor)) };
}

/** Creates servers of a team and waits until all of its servers run. */
async function create(test: TestApp, team: Team, count: number): Promise<void> {
  const expected = (await countOf(test, team)) + count;
  await post(test, team, count, CLIENTS);
  while ((await countOf(test, team)) < expected) await delay(20);
}

/** Requests servers for a team, some at a time. */
async function post(test: TestApp, { token, sshKeyId }: Team, count: number, clients: number): Promise<void> {
  const call = clientOf(test.app.url!, token);
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const name = `web-${left}`;
      // A key and no password, whose hash would be most of the work.
      const server = {
        name,
        image: 'debian-12',
        datacenter: 'fsn1',
        auth_method: 'ssh_key',
        ssh_key_id: sshKeyId,
      };
      const { status, body } = await call('POST', '/vps', server);
      if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function addTeam(test: TestApp): Promise<Team> {
  const team = await createTeam(test.database);
  const call = clientOf(test.app.url!, team.token);
  const { body } = await call('POST', '/ssh-keys', { name: 'bench', public_key: testKey(1) });
  return { ...team, sshKeyId: body.key.id };
}

/** The servers of a team that have this status. */
async function countOf(test: TestApp, { teamId }: Team, status = 'running'): Promise<number> {
  const { rows } = await test.database.pool.query(
    `select count(*) n from instances where team_id = $1 and status = $2`,
    [teamId, status],
  );
  return rows[0].n;
}
