import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { createApiClient } from '../../test/api-client.ts';
import { clientOf, newVps } from '../../test/client.ts';
import { customerOf } from '../../test/customer.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  startTestApp,
  type TestApp,
  type TestTeam,
} from '../../test/harness.ts';
import { ended } from '../../test/operation-subject.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { insertInstance, updateInstance } from '../instances/store.ts';
import { uuidv7 } from '../lib/ids.ts';
import { findBillingInconsistencies } from './consistency.ts';

interface Period {
  name: string;
  plan: string;
  price_cents: number;
  /** In microseconds. */
  began: number;
  ended: number | null;
}

describe('the ledger of what resources cost', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp({ still: ['instances', 'firewalls', 'buckets', 'bucket-sizes'] });
  });
  after(() => test?.close());

  const ledgerOf = async (id: string): Promise<Period[]> => {
    const { rows } = await sql<Period>`
      select name, plan, price_cents, (extract(epoch from began_at) * 1000000)::bigint as began,
        (extract(epoch from ended_at) * 1000000)::bigint as ended
      from usage_periods where resource_id = ${id} order by id`.execute(test.database.db);
    return rows;
  };
  const clientFor = ({ token }: TestTeam) => clientOf(test.app.url!, token);

  it('begins with the first run, follows a new plan, and ends with the deletion that is asked for', async () => {
    const team = await createTeam(test.database);
    const call = clientFor(team);
    const customer = customerOf(call);
    const costs = async () => (await call('GET', '/billing')).body;
    const created = await call('POST', '/vps', newVps({ name: 'web-1', resource_profile: 'pico_shared' }));
    const { id } = created.body.instance;
    await customer.succeeds(Promise.resolve(created));
    const [line] = (await costs()).lines;
    assert.deepEqual(
      [line.resource_type, line.resource_id, line.name, line.plan, line.monthly_cost_cents],
      ['vps', id, 'web-1', 'pico_shared', 299],
    );
    await customer.succeeds(call('PUT', `/vps/${id}`, { resource_profile: 'small_shared', name: 'web-2' }));
    await customer.succeeds(call('POST', `/vps/${id}/stop`));
    await test.restart();
    const again = clientFor(team);
    await customerOf(again).succeeds(again('DELETE', `/vps/${id}`));
    const periods = await ledgerOf(id);
    assert.deepEqual(
      periods.map(({ name, plan, price_cents }) => [name, plan, price_cents]),
      [
        ['web-1', 'pico_shared', 299],
        ['web-2', 'small_shared', 1249],
      ],
    );
    assert.equal(periods[0]!.ended, periods[1]!.began);
    assert.ok(periods[1]!.ended !== null);
    const last = (await clientFor(team)('GET', '/billing')).body;
    assert.equal(last.lines[0].name, 'web-2');
    assert.equal(last.forecast_cents, last.total_cents);
  });

  it('is for owners, and for nobody of another team', async () => {
    const team = await createTeam(test.database);
    await customerOf(clientFor(team)).running('vps');
    const ask = (path: string, { token }: Pick<TestTeam, 'token'>, headers: Record<string, string> = {}) =>
      createApiClient(test.app.http, token)('GET', path, { headers });
    const admin = await createTeam(test.database);
    const token = await joinTeam(test.database, admin.accountId, team.teamId, 'admin');
    for (const path of ['/billing', '/billing/months', '/billing/export']) {
      assert.equal((await ask(path, team)).status, 200);
      assert.deepEqual((await ask(path, { token })).body.required_scope, 'billing:read');
    }
    assert.deepEqual((await ask('/billing', admin)).body.lines, []);
    const forged = await ask('/billing', admin, { 'x-team-id': String(team.teamId) });
    assert.equal(forged.status, 403);
    const without = await issueToken(test.database.db, team, ['vps:read', 'team:read']);
    assert.equal((await ask('/billing', { token: without })).status, 403);
  });

  it('does not count an instance that never ran', async () => {
    const team = await createTeam(test.database);
    test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'It was not to be.'));
    const made = await clientFor(team)('POST', '/vps', newVps());
    await ended(clientFor(team), made);
    assert.deepEqual(await ledgerOf(made.body.instance.id), []);
  });

  it('follows what a bucket holds, and its price', async () => {
    const team = await createTeam(test.database);
    const call = clientFor(team);
    const made = await call('POST', '/storage/buckets', { name: 'photos', region: 'fsn1' });
    await customerOf(call).succeeds(Promise.resolve(made));
    const { id } = made.body.bucket;
    const holds = (bytes: number) =>
      test.database.pool.query('update buckets set size_bytes = $1 where id = $2', [bytes, id]);
    for (const gb of [0, 0.5, 0.9]) await holds(Math.round(gb * 1024 ** 3));
    await hourPasses(id);
    for (const gb of [12, 11.5]) await holds(Math.round(gb * 1024 ** 3));
    await hourPasses(id);
    await test.database.pool.query('select set_object_price(2)');
    await test.database.pool.query('select set_object_price(2)');
    assert.equal(
      (await customerOf(call).succeeds(call('DELETE', `/storage/buckets/${id}?force=true`))).status,
      200,
    );
    assert.deepEqual(
      (await ledgerOf(id)).map(({ plan, price_cents }) => [plan, price_cents]),
      [
        ['1 GB', 1],
        ['12 GB', 12],
        ['12 GB', 24],
      ],
    );
    assert.ok((await ledgerOf(id)).every(({ ended: end }) => end !== null));
    await test.database.pool.query('select set_object_price(1)');
  });

  it('settles the size of a bucket by the hour, however often it goes up and down', async () => {
    const call = clientFor(await createTeam(test.database));
    const hold = async (id: string, ...sizes: number[]) => {
      for (const gb of sizes)
        await test.database.pool.query('update buckets set size_bytes = $1 where id = $2', [
          gb * 1024 ** 3,
          id,
        ]);
    };
    const plansOf = async (id: string) => (await ledgerOf(id)).map(({ plan }) => plan);
    await withinAnHour(async () => {
      const name = `sizes-${uuidv7().slice(-12)}`;
      const made = await call('POST', '/storage/buckets', { name, region: 'fsn1' });
      await customerOf(call).succeeds(Promise.resolve(made));
      const { id } = made.body.bucket;
      await hold(id, 1, 2, 1, 2, 9, 1, 3);
      assert.deepEqual(await plansOf(id), ['9 GB']);
      await hourPasses(id);
      // Counts that find nothing new.
      await hold(id, 3, 3);
      assert.deepEqual(await plansOf(id), ['9 GB', '3 GB']);
      await hourPasses(id);
      for (let minute = 0; minute < 30; minute++) await hold(id, 4, 3);
      assert.deepEqual(await plansOf(id), ['9 GB', '3 GB', '4 GB']);
      await hold(id, 0);
      assert.equal((await ledgerOf(id)).at(-1)!.ended, null);
      await hourPasses(id);
      await hold(id, 0);
      assert.notEqual((await ledgerOf(id)).at(-1)!.ended, null);
    });
  });

  /** Does it anew where it fails because an hour of the clock ended meanwhile. */
  async function withinAnHour(work: () => Promise<void>): Promise<void> {
    const hour = () => Math.floor(Date.now() / 3_600_000);
    const began = hour();
    try {
      await work();
    } catch (error) {
      if (hour() === began) throw error;
      await work();
    }
  }

  /** Moves all that is known of a bucket's price by an hour into the past. */
  async function hourPasses(id: string): Promise<void> {
    const { pool } = test.database;
    await pool.query(`update buckets set billed_at = billed_at - interval '1 hour' where id = $1`, [id]);
    await pool.query(
      `update usage_periods set began_at = began_at - interval '1 hour', ended_at = ended_at - interval '1 hour'
       where resource_id = $1`,
      [id],
    );
  }

  it('neither loses nor doubles anything, whatever happens to an instance, and if it is undone', async () => {
    const team = await createTeam(test.database);
    const change = fc.record({
      price_cents: fc.option(fc.constantFrom(0, 299, 449), { nil: undefined }),
      plan: fc.option(fc.constantFrom('pico_shared', 'nano_shared'), { nil: undefined }),
      desired: fc.option(fc.constantFrom('running', 'stopped', 'deleted'), { nil: undefined }),
      name: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      isUndone: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 10 }), async (changes) => {
        const id = uuidv7();
        let now = { plan: 'nano_shared', price_cents: 449, name: 'a', desired: 'running' };
        const { desired: _, ...columns } = now;
        const sizes = { vcpu: 1, memory_mb: 64, disk_gb: 1, datacenter: 'fsn1', deployed_at: new Date() };
        await test.database.transaction((tx) =>
          insertInstance(tx, {
            id,
            kind: 'vps',
            team_id: team.teamId,
            user_id: team.accountId,
            ...sizes,
            ...columns,
          }),
        );
        const prices = [449];
        for (const { isUndone, ...wanted } of changes) {
          const set = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
          if (Object.keys(set).length === 0) continue;
          const work = test.database.transaction(async (tx) => {
            await updateInstance(tx, id, set);
            if (isUndone) throw new Error('undone');
          });
          if (isUndone) await assert.rejects(work, /undone/);
          else {
            await work;
            now = { ...now, ...set };
            prices.push(now.desired === 'deleted' ? 0 : now.price_cents);
          }
          await assertLedger(id, prices.at(-1)!);
        }
        await test.database.db.deleteFrom('instances').where('id', '=', id).execute();
        await assertLedger(id, 0);
        const { db, teamId } = { db: test.database.db, teamId: team.teamId };
        const check = { db, teamId } as Parameters<typeof findBillingInconsistencies>[0];
        assert.deepEqual(await findBillingInconsistencies(check), []);
      }),
      { numRuns: 30 },
    );
  });

  /** The price is that of the open period, and periods follow one another. */
  async function assertLedger(id: string, price: number): Promise<void> {
    const periods = await ledgerOf(id);
    const open = periods.filter(({ ended: end }) => end === null);
    assert.deepEqual(
      open.map(({ price_cents }) => price_cents),
      price === 0 ? [] : [price],
    );
    for (const [index, { began }] of periods.entries())
      assert.ok(index === 0 || began >= periods[index - 1]!.ended!, JSON.stringify(periods));
  }
});
