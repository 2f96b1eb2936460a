import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import type pg from 'pg';
import { type Database, openDatabase } from '../src/db/database.ts';
import { PreparingClient } from '../src/db/prepared.ts';
import { createSecretBox } from '../src/lib/crypto.ts';
import { MODULES } from '../src/modules.ts';
import { beginOperation } from '../src/operations/operations-store.ts';
import { finishOperation } from '../src/operations/runtime.ts';
import { vpsWorkflows } from '../src/resources/vps/workflow.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { clientOf, newVps } from './client.ts';
import { startTestApp, type TestApp, testConfig, waitFor } from './harness.ts';

/** PostgreSQL's work. */
interface Cost {
  queries: number;
  /** Characters of the results, as JSON. */
  answered: number;
  /** Rows that PostgreSQL read. */
  read: number;
}

describe('the creation of an instance', () => {
  const secretKey = Buffer.alloc(32, 1);
  let test: TestApp;
  let call: ApiClient;
  let worker: Database;
  const cost: Cost = { queries: 0, answered: 0, read: 0 };

  before(async () => {
    // No worker and no reconcilers: the test itself runs the operation, so that nothing else is counted.
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }), secretKey });
    call = createApiClient(test.app.http, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"vps": 1000}'`);
    const url = new URL(test.database.url);
    // The tables are so small that PostgreSQL would prefer sequential scans to its indexes.
    url.searchParams.set('options', '-c enable_seqscan=off');
    worker = openDatabase(url.toString(), { max: 1 });
    worker.pool.on('connect', (client) => countQueries(client, cost));
  });
  after(async () => {
    await worker?.close();
    await test?.close();
  });

  /** Creates a server and runs the operation; returns the cost of the operation. */
  async function create(name: string): Promise<Cost> {
    const { status, body } = await call('POST', '/vps', { body: newVps({ name }) });
    assert.equal(status, 201, JSON.stringify(body));
    const before = { ...cost, read: await rowsRead(worker) };
    const secrets = createSecretBox(secretKey);
    const workflows = { vps: vpsWorkflows({ database: worker, plane: test.plane, secrets }) };
    const operation = (await beginOperation(worker.db, body.operation_id))!;
    await workflows.vps.create.begin(worker.db, operation);
    for (const step of workflows.vps.create.steps) await step.run(operation, () => {});
    await worker.transaction((tx) => finishOperation(tx, workflows, operation, null));
    return {
      queries: cost.queries - before.queries,
      answered: cost.answered - before.answered,
      read: (await rowsRead(worker)) - before.read,
    };
  }

  /**
   * The least of some costs: reads of other sessions can be counted late, at any moment, on a busy machine in one creation
   * after the other. It ends with the first that is below `read`, at the latest after twenty.
   */
  async function least(name: string, read: number): Promise<Cost> {
    const all: Cost[] = [];
    const of = (what: keyof Cost): number => Math.min(...all.map((one) => one[what]));
    while (all.length < 3 || (of('read') >= read && all.length < 20)) {
      all.push(await create(`${name}-${all.length}`));
    }
    return { queries: of('queries'), answered: of('answered'), read: of('read') };
  }

  it('costs as much in a large team as in a small one', { timeout: 1_800_000 }, async () => {
    const grow = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) await create(`web-${index}`);
    };
    await grow(0, 10);
    const small = await least('in-a-small-team', Number.POSITIVE_INFINITY);
    await grow(13, 200);
    const large = await least('in-a-large-team', small.read * 2);
    assert.ok(test.plane.firewallsOf(test.team.teamId).length >= 203);
    assert.equal(large.queries, small.queries);
    assert.ok(large.answered < small.answered * 1.1, JSON.stringify({ small, large }));
    // Dead row versions are read as well, and the larger team has more of them.
    assert.ok(large.read < small.read * 2, JSON.stringify({ small, large }));
  });
});

/**
 * Statements about a creation, from the request to the end of its workflow; two of them are for the audit log. Besides them,
 * transactions begin and end.
 */
const STATEMENTS = 32;

it(`the creation of an instance takes ${STATEMENTS} statements, with those that record its steps`, async () => {
  // Members are told of it afterwards, by a reader of the log.
  const modules = MODULES.filter(({ name }) => name !== 'notifications');
  const test = await startTestApp({ modules });
  const sent = mock.method(PreparingClient.prototype, 'query');
  try {
    const call = clientOf(test.app.url!, test.team.token);
    const create = async (index: number): Promise<string[]> => {
      sent.mock.resetCalls();
      const { body } = await call('POST', '/vps', newVps({ name: `web-${index}` }));
      await waitFor('its workflow to end', async () => {
        const { rows } = await test.database.pool.query(
          `select from dbos.workflow_status where workflow_uuid::text || status = $1`,
          [`${body.operation_id}SUCCESS`],
        );
        return rows.length > 0;
      });
      const about = new Set<unknown>([body.operation_id, body.instance.id, test.team.teamId]);
      return sent.mock.calls
        .filter(
          ({ arguments: [, values] }) => Array.isArray(values) && values.flat().some((one) => about.has(one)),
        )
        .map(({ arguments: [text] }) => String(text));
    };
    const all: string[][] = [];
    for (let index = 0; index < 5; index++) all.push(await create(index));
    // Reconcilers that look at the team meanwhile are in some of them.
    const [least] = all.sort((a, b) => a.length - b.length);
    assert.ok(least!.length <= STATEMENTS, `${least!.length}:\n${least!.join('\n')}`);
    assert.ok(least!.length > 20, 'Most of them are not seen.');
  } finally {
    mock.restoreAll();
    await test.close();
  }
});

function countQueries(client: pg.PoolClient, cost: Cost): void {
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult | undefined>;
  client.query = (async (...args: unknown[]) => {
    const result = await query(...args);
    // A call with a callback comes from the test itself.
    if (result === undefined) return result;
    cost.queries += 1;
    cost.answered += JSON.stringify(result.rows).length;
    return result;
  }) as typeof client.query;
}

async function rowsRead({ pool }: Database): Promise<number> {
  // Otherwise a session's counts become visible only after a second.
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    'select sum(seq_tup_read + idx_tup_fetch)::integer as read from pg_stat_user_tables',
  );
  return rows[0].read;
}
