import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newVps } from '../../test/client.ts';
import { holdBack, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { uuidv7 } from '../lib/ids.ts';
import { createLog } from '../lib/log.ts';
import { forgottenOperations } from '../operations/upkeep.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { instanceReconciler } from './reconciler.ts';

describe('VPS reconciler', () => {
  let test: TestApp;
  let call: Call;
  const log = createLog('silent');

  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
  });
  after(() => test.close());

  /** Two passes, because the reconciler acts only on drift that it sees twice in a row. */
  const reconcile = async () => {
    const reconciler = instanceReconciler(test.database, test.plane, log);
    for (let pass = 0; pass < 2; pass++) {
      await waitFor('a pass of our own', () => runOnce(test.database, reconciler));
    }
  };
  const show = async (id: string) => (await call('GET', `/vps/${id}`)).body.instance;
  async function running(): Promise<string> {
    const created = await call('POST', '/vps', newVps());
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor('running', async () => (await show(id)).status === 'running');
    return id;
  }
  /** Whether a request waits for a row that somebody else has locked. */
  const hasToWait = async () => {
    const { rows } = await test.database.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
         and query ~ 'for (no key )?update'`,
    );
    return rows.length > 0;
  };
  const ref = (id: string) => ({ teamId: test.team.teamId, name: `vps-${id}` });

  it('shows a server that was shut down from inside as stopped, and lets it be started', async () => {
    const id = await running();
    test.plane.drift.stopFromInside(ref(id));
    await reconcile();
    assert.equal((await show(id)).status, 'stopped');
    assert.equal((await call('POST', `/vps/${id}/start`)).status, 200);
    await waitFor('running', async () => (await show(id)).status === 'running');
  });

  it('thaws a server that was left frozen', async () => {
    const id = await running();
    test.plane.drift.freeze(ref(id));
    await reconcile();
    assert.equal((await test.plane.describeInstance(ref(id)))?.power, 'running');
    assert.equal((await show(id)).status, 'running');
  });

  it('leaves a server stopped that is stopped while it is being thawed', async () => {
    const id = await running();
    const before = test.plane.calls.get('ensureRunning') ?? 0;
    const release = holdBack(test.plane, 'ensureRunning');
    test.plane.drift.freeze(ref(id));
    const thawing = reconcile();
    await waitFor('the thawing', async () => (test.plane.calls.get('ensureRunning') ?? 0) > before);
    const stop = call('POST', `/vps/${id}/stop`);
    const isStopped = async () => (await show(id)).status === 'stopped';
    await waitFor('the stop to be done, or to wait', async () => (await isStopped()) || (await hasToWait()));
    release();
    await Promise.all([thawing, stop]);
    await waitFor('stopped', isStopped);
    assert.equal((await test.plane.describeInstance(ref(id)))?.power, 'stopped');
  });

  it('ignores drift that only one pass sees', async () => {
    const id = await running();
    const reconciler = instanceReconciler(test.database, test.plane, log);
    const pass = () => waitFor('a pass', () => runOnce(test.database, reconciler));
    test.plane.drift.stopFromInside(ref(id));
    await pass();
    await test.plane.ensureRunning(ref(id));
    await pass();
    const events = await test.database.pool.query('select reason from events where resource_id = $1', [id]);
    assert.ok(!events.rows.some(({ reason }) => reason === 'StoppedFromInside'));
  });

  it('shows a server that vanished as an error, and rebuilds it by a reinstall', async () => {
    const id = await running();
    test.plane.drift.deleteBehindOurBack(ref(id));
    await reconcile();
    const { status, status_details } = await show(id);
    assert.equal(status, 'error');
    assert.equal(status_details.error.code, 'instance_missing');
    assert.equal((await call('POST', `/vps/${id}/reinstall`, { image: 'debian-12' })).status, 200);
    await waitFor('running', async () => (await show(id)).status === 'running');
  });

  it('removes an instance whose VPS was deleted, and leaves an unknown one alone', async () => {
    const id = await running();
    const spec = {
      image: 'debian-12',
      limits: { vcpu: 1, memoryMb: 1024, diskGb: 20 },
      network: {
        ipv4: { subnet: '10.64.0.0/22', gateway: '10.64.0.1' },
        ipv6: { subnet: 'fd00:1:2::/64', gateway: 'fd00:1:2::1' },
      },
      hostname: 'leak',
      userData: '',
      volumes: [],
      files: [],
      publish: [],
      autoStart: true,
      generation: 1,
    };
    await call('POST', `/vps/${id}/stop`);
    await call('DELETE', `/vps/${id}`);
    await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
    const unknown = uuidv7();
    test.plane.drift.leak({ ...spec, ref: ref(id), addresses: { ipv4: '10.64.3.1', ipv6: null } });
    test.plane.drift.leak({ ...spec, ref: ref(unknown), addresses: { ipv4: '10.64.3.2', ipv6: null } });
    await reconcile();
    assert.equal(await test.plane.describeInstance(ref(id)), null);
    assert.notEqual(await test.plane.describeInstance(ref(unknown)), null);
  });

  it('restarts an operation whose workflow is gone', async () => {
    const id = await running();
    const operation = uuidv7();
    await test.database.pool.query(
      `insert into operations (id, team_id, resource_type, resource_id, kind, state)
       values ($1, $2, 'vps', $3, 'stop', 'pending')`,
      [operation, test.team.teamId, id],
    );
    await waitFor('a pass', () => runOnce(test.database, forgottenOperations(test.database, {}, log)));
    await waitFor('stopped', async () => (await show(id)).status === 'stopped');
  });
});
