import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Call, clientOf, takeSnapshot } from '../../../test/client.ts';
import { customerOf, type Kind } from '../../../test/customer.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { holdBack, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { createLog } from '../../lib/log.ts';
import { RowsFailed } from '../../reconcilers/rows.ts';
import { snapshotReconciler } from './reconciler.ts';
import { automaticSnapshots } from './schedule.ts';

describe('snapshots by the clock', () => {
  let test: TestApp;
  let call: Call;
  const log = createLog('silent');
  before(async () => {
    // Each pass is one of the test's own: another one would take what is to be counted.
    test = await startTestApp({ still: ['automatic-snapshots', 'snapshots'] });
    call = clientOf(test.app.url!, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"vps": 100, "database": 100, "cache": 100}'`);
  });
  after(() => test.close());

  const customer = customerOf((...request) => call(...request));
  const takeDaily = () => automaticSnapshots(test.database, test.storage, log).run();
  const reconcile = () => snapshotReconciler(test.database, test.plane, log).run();
  const idle = () =>
    waitFor('operations to end', async () => {
      const { rows } = await test.database.pool.query(
        `select from operations where state in ('queued', 'pending', 'running')`,
      );
      return rows.length === 0;
    });
  async function running(kind: Kind, automated: boolean): Promise<string> {
    const id = await customer.running(kind);
    const body = { automated_snapshots_enabled: automated };
    assert.equal((await call('PUT', `/${kind}/${id}`, body)).status, 200);
    return id;
  }
  const list = async (kind: Kind, id: string): Promise<Answer['body'][]> =>
    (await call('GET', `/snapshots/${kind}?${kind}_instance_id=${id}&per_page=100`)).body.data;
  const ago = (id: string, interval: string) =>
    test.database.pool.query(
      'update instances set automated_snapshot_at = now() - $2::interval where id = $1',
      [id, interval],
    );
  const disable = (kind: Kind, id: string) =>
    call('PUT', `/${kind}/${id}`, { automated_snapshots_enabled: false });

  it('are taken once a day of every kind, of those that ask for it', async () => {
    for (const kind of ['vps', 'database', 'cache'] as const) {
      const id = await running(kind, true);
      const other = await running(kind, false);
      await takeDaily();
      await idle();
      await takeDaily();
      await idle();
      const [taken, ...more] = await list(kind, id);
      assert.deepEqual(
        [taken.status, taken.automatic, taken.reason, taken.user_id, more.length],
        ['ready', true, 'automatic', null, 0],
      );
      assert.deepEqual(await list(kind, other), []);
      await ago(id, '1 day');
      await takeDaily();
      await idle();
      assert.equal((await list(kind, id)).length, 2);
      // One that was deleted by hand is not taken again on the same day.
      for (const { id: snapshot } of await list(kind, id))
        await call('DELETE', `/snapshots/${kind}/${snapshot}`);
      await idle();
      await takeDaily();
      assert.deepEqual(await list(kind, id), []);
      await disable(kind, id);
    }
  });

  it('are made up for after a pause, a few at a time', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, () => running('cache', true)));
    const release = holdBack(test.plane, 'ensureSnapshot');
    await takeDaily();
    await takeDaily();
    const { rows } = await test.database.pool.query(
      `select from operations where kind = 'snapshot' and state in ('queued', 'pending', 'running')`,
    );
    assert.equal(rows.length, 4);
    release();
    await waitFor('all of them', async () => {
      await takeDaily();
      const counts = await Promise.all(ids.map(async (id) => (await list('cache', id)).length));
      return counts.every((count) => count === 1);
    });
    await idle();
    for (const id of ids) await disable('cache', id);
  });

  it('are taken of others where those of the first few fail', async () => {
    const bad = await Promise.all(Array.from({ length: 4 }, () => running('cache', true)));
    const good = await running('cache', true);
    // Those that were never taken come last.
    for (const id of bad) await ago(id, '3 days');
    await test.database.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
      create trigger refuse before insert on snapshots for each row
        when (new.instance_id in (${bad.map((id) => `'${id}'`).join()})) execute function refuse()`);
    const daily = automaticSnapshots(test.database, test.storage, log);
    await assert.rejects(daily.run(), RowsFailed);
    await daily.run();
    await idle();
    assert.equal((await list('cache', good)).length, 1);
    await test.database.pool.query('drop function refuse cascade');
    for (const id of [...bad, good]) await disable('cache', id);
  });

  it('leave instances alone that are at work, and do not hold up who wants something of one', async () => {
    const id = await running('database', true);
    const release = holdBack(test.plane, 'ensureSnapshot');
    await call('POST', '/snapshots/database', { database_instance_id: id, name: 'by hand' });
    await takeDaily();
    assert.deepEqual(
      (await list('database', id)).map(({ name }) => name),
      ['by hand'],
    );
    release();
    await idle();

    // A stop that was asked for during the daily snapshot is carried out, though that fails.
    const releaseDaily = holdBack(test.plane, 'ensureSnapshot');
    await takeDaily();
    assert.equal((await call('POST', `/database/${id}/stop`)).status, 200);
    test.plane.faults.failNext('ensureSnapshot', new DataPlaneError('failed', 'The host refused.'));
    releaseDaily();
    await idle();
    assert.equal((await call('GET', `/database/${id}`)).body.instance.status, 'stopped');
    assert.equal((await list('database', id))[0].status, 'failed');

    // It is tried again after an hour, of a stopped one as well.
    await takeDaily();
    assert.equal((await list('database', id)).length, 2);
    await ago(id, '61 minutes');
    await takeDaily();
    await idle();
    assert.equal((await list('database', id))[0].status, 'ready');
    await reconcile();
    await idle();
    assert.deepEqual(
      (await list('database', id)).map(({ status }) => status),
      ['ready', 'ready'],
    );
    await disable('database', id);
  });

  it('are seven at most; those taken by hand stay', async () => {
    const id = await running('vps', true);
    const byHand = await takeSnapshot(call, 'vps', id);
    for (let day = 0; day < 9; day++) {
      await ago(id, '1 day');
      await takeDaily();
      await idle();
    }
    const before = await list('vps', id);
    await reconcile();
    await idle();
    const left = await list('vps', id);
    assert.deepEqual(
      left.map((one) => one.id),
      [...before.slice(0, 7).map((one) => one.id), byHand],
    );
    assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
    await disable('vps', id);
  });

  it('are removed from the host where nothing knows them any more, unless nothing ever did', async () => {
    const instance = await running('database', false);
    const id = await takeSnapshot(call, 'database', instance);
    const { rows } = await test.database.pool.query('select uid from snapshots where id = $1', [id]);
    await call('DELETE', `/snapshots/database/${id}`);
    await idle();
    const ref = { teamId: test.team.teamId, name: `database-${instance}` };
    const leaked = { teamId: test.team.teamId, name: `snapshot-${rows[0].uid}` };
    const unknown = { teamId: test.team.teamId, name: `snapshot-${uuidv7()}` };
    for (const snapshot of [leaked, unknown]) await test.plane.ensureSnapshot(ref, snapshot);
    await reconcile();
    assert.equal(await test.plane.describeSnapshot(leaked), null);
    assert.notEqual(await test.plane.describeSnapshot(unknown), null);
    await test.plane.removeSnapshot(unknown);
  });

  it('get a true status where nothing works on them', async () => {
    const instance = await running('cache', false);
    const [lost, stuck, restoring, half] = [
      await takeSnapshot(call, 'cache', instance, 'lost'),
      await takeSnapshot(call, 'cache', instance, 'stuck'),
      await takeSnapshot(call, 'cache', instance, 'restoring'),
      await takeSnapshot(call, 'cache', instance, 'half'),
    ];
    const { rows } = await test.database.pool.query('select id, uid from snapshots where id = any($1)', [
      [lost, stuck, restoring, half],
    ]);
    const set = (id: number, status: string) =>
      test.database.pool.query('update snapshots set status = $2 where id = $1', [id, status]);
    await test.plane.removeSnapshot({
      teamId: test.team.teamId,
      name: `snapshot-${rows.find((row) => row.id === lost).uid}`,
    });
    await set(stuck, 'destroying');
    await set(restoring, 'restoring');
    await set(half, 'creating');
    await reconcile();
    const states = Object.fromEntries(
      (await list('cache', instance)).map(({ name, status }) => [name, status]),
    );
    assert.deepEqual(states, { lost: 'failed', stuck: 'failed', restoring: 'ready', half: 'failed' });
    for (const id of [lost, stuck, half]) {
      assert.equal((await call('DELETE', `/snapshots/cache/${id}`)).status, 200);
    }
    await idle();
    assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
  });
});
