import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, takeSnapshot } from '../../../test/client.ts';
import { customerOf, type Kind } from '../../../test/customer.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import type { InstanceSpec } from '../../dataplane/contract/compute.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import { instanceReconciler } from '../../instances/reconciler.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { createLog } from '../../lib/log.ts';
import { runOnce } from '../../reconcilers/reconcilers.ts';
import type { EngineVerification } from '../../services/provider.ts';
import { restoreDrills } from './schedule.ts';

describe('restore drills', () => {
  let test: TestApp;
  let call: Call;
  const log = createLog('silent');
  before(async () => {
    test = await startTestApp({ still: ['restore-drills'] });
    call = clientOf(test.app.url!, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"vps": 100, "database": 100, "cache": 100}'`);
  });
  after(() => test.close());

  const { ended, running } = customerOf((...request) => call(...request));
  const show = async (kind: Kind, id: number) =>
    (await call('GET', `/snapshots/${kind}/${id}`)).body.snapshot;
  const verify = (kind: Kind, id: number) => call('POST', `/snapshots/${kind}/${id}/verify`);
  const findings = async (
    kind: Kind,
    id: string,
  ): Promise<{ code: string; severity: string; summary: string }[]> =>
    (await call('GET', `/${kind}/${id}/diagnose`)).body.data.findings;
  const drills = async () =>
    (await test.plane.listInstances()).filter(({ ref }) => ref.name.startsWith('drill-'));

  for (const kind of ['vps', 'database', 'cache'] as const) {
    it(`restore a ${kind} where nothing reaches it, measure how long it takes, and leave nothing behind`, async () => {
      const instance = await running(kind);
      test.plane.drift.writeDisk({ teamId: test.team.teamId, name: `${kind}-${instance}` }, 'content');
      const id = await takeSnapshot(call, kind, instance);
      const codes = async () => (await findings(kind, instance)).map(({ code }) => code);
      assert.deepEqual(await codes(), ['restore_never_tried']);
      const made: InstanceSpec[] = [];
      const contents: string[] = [];
      const offs = [
        test.plane.faults.before((verb, argument) => {
          if (verb === 'ensureInstance') made.push(argument as InstanceSpec);
        }),
        test.plane.faults.after((verb, argument) => {
          if (verb === 'ensureInstance') contents.push(test.plane.readDisk((argument as InstanceSpec).ref));
        }),
      ];
      const quotas = () => test.database.pool.query('select kind, used from team_usage order by 1, 2');
      const { rows: before } = await quotas();
      const takenBack = test.plane.answerControl(
        'verify',
        JSON.stringify({ ok: true, checks: [{ name: 'checker', complaint: null }], items: 42 }),
      );
      assert.equal((await ended(await verify(kind, id))).state, 'succeeded');
      takenBack();
      for (const off of offs) off();
      const [spec] = made;
      assert.match(spec!.ref.name, /^drill-/);
      assert.deepEqual(
        [spec!.addresses, spec!.publish, spec!.autoStart],
        [{ ipv4: null, ipv6: null }, [], false],
      );
      assert.deepEqual(contents, ['content']);
      assert.deepEqual((await quotas()).rows, before);
      const { status, verification, last_verified_at } = await show(kind, id);
      assert.equal(status, 'ready');
      assert.ok(Math.abs(Date.parse(last_verified_at) - Date.now()) < 60_000);
      assert.equal(verification.ok, true);
      assert.ok(verification.seconds_to_restore >= 0);
      assert.equal(verification.items, kind === 'vps' ? null : 42);
      assert.match(verification.message, kind === 'vps' ? /SSH/ : /checker found nothing wrong/);
      assert.deepEqual(await codes(), []);
      assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
    });
  }

  it('fail with what the checker complains about, which diagnose shows until one passes', async () => {
    const database = await running('database');
    assert.ok(!(await findings('database', database)).some(({ code }) => code.startsWith('restore_')));
    const id = await takeSnapshot(call, 'database', database);
    const [never] = await findings('database', database);
    assert.deepEqual([never?.code, never?.severity], ['restore_never_tried', 'info']);

    const bad: EngineVerification = {
      ok: false,
      checks: [{ name: 'pg_amcheck', complaint: 'heap table "orders" is corrupt' }],
      items: 0,
    };
    const takenBack = test.plane.answerControl('verify', JSON.stringify(bad));
    const operation = await ended(await verify('database', id));
    takenBack();
    assert.equal(operation.state, 'failed');
    assert.match(operation.error.message, /pg_amcheck: heap table "orders" is corrupt/);
    const { status, verification } = await show('database', id);
    assert.deepEqual([status, verification.ok, verification.seconds_to_restore], ['ready', false, null]);
    const [failed] = await findings('database', database);
    assert.deepEqual([failed?.code, failed?.severity], ['restore_drill_failed', 'warning']);
    assert.match(failed!.summary, /"orders" is corrupt/);
    assert.deepEqual(await drills(), []);

    assert.equal((await ended(await verify('database', id))).state, 'succeeded');
    assert.deepEqual(await findings('database', database), []);
  });

  /** Until the returned function is called, drills wait for their instance to answer. */
  function holdBack(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = test.plane.faults.before((verb, argument) =>
      verb === 'waitForService' && (argument as InstanceRef).name.startsWith('drill-') ? promise : undefined,
    );
    return () => {
      off();
      resolve();
    };
  }

  it('go one at a time, and the snapshot stays until they have ended', async () => {
    const id = await takeSnapshot(call, 'cache', await running('cache'));
    const other = await takeSnapshot(call, 'cache', await running('cache'));
    const release = holdBack();
    const first = await verify('cache', id);
    for (const snapshot of [id, other]) {
      const second = await verify('cache', snapshot);
      assert.deepEqual([second.status, second.body.code], [422, 'invalid_state']);
    }
    const deletion = await call('DELETE', `/snapshots/cache/${id}`);
    assert.equal(deletion.status, 422);
    assert.match(deletion.body.message, new RegExp(`being verified.*${first.body.operation_id}`));
    release();
    assert.equal((await ended(first)).state, 'succeeded');
    assert.equal((await call('DELETE', `/snapshots/cache/${id}`)).status, 200);
  });

  it('give way to the deletion of their instance', async () => {
    const instance = await running('cache');
    const id = await takeSnapshot(call, 'cache', instance);
    await ended(await call('POST', `/cache/${instance}/stop`));
    const release = holdBack();
    const drill = await verify('cache', id);
    await waitFor('the drill', async () => (await drills()).length === 1);
    assert.equal((await call('DELETE', `/cache/${instance}`)).status, 200);
    await waitFor('404', async () => (await call('GET', `/cache/${instance}`)).status === 404);
    assert.equal((await ended(drill)).state, 'failed');
    release();
    assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
  });

  it('begin by themselves once a week, with the newest snapshot, and a day after one that failed', async () => {
    await test.database.pool.query('update snapshots set verified_at = now(), verified_ok = true');
    const instance = await running('database');
    const old = await takeSnapshot(call, 'database', instance);
    const newest = await takeSnapshot(call, 'database', instance);
    const pass = () => restoreDrills(test.database, test.storage, log).run();
    const age = (sql: string) =>
      test.database.pool.query(`update snapshots set ${sql} where id = $1`, [newest]);
    const count = async () =>
      (await test.database.pool.query(`select count(*)::int n from operations where kind = 'verify'`)).rows[0]
        .n;
    const settled = () =>
      waitFor('drills to end', async () => {
        const { rows } = await test.database.pool.query(
          `select from operations where kind = 'verify' and state in ('queued', 'pending', 'running')`,
        );
        return rows.length === 0;
      });
    const before = await count();
    await pass();
    // Whoever has just taken one may be about to use it.
    assert.equal(await count(), before);
    await test.database.pool.query(`update snapshots set created_at = now() - interval '2 hours'`);
    await pass();
    await settled();
    assert.equal(await count(), before + 1);
    assert.equal((await show('database', newest)).verification.ok, true);
    assert.equal((await show('database', old)).verification, null);
    await pass();
    assert.equal(await count(), before + 1);

    await age(`verified_at = now() - interval '8 days'`);
    test.plane.faults.failNext('waitForService', new DataPlaneError('failed', 'It does not answer.'));
    await pass();
    await settled();
    assert.equal((await show('database', newest)).verification.message, 'It does not answer.');
    await pass();
    assert.equal(await count(), before + 2);
    await age(`verified_at = now() - interval '25 hours'`);
    await pass();
    await settled();
    assert.equal(await count(), before + 3);
    assert.equal((await show('database', newest)).verification.ok, true);
  });

  it('are not held up by one that cannot be begun', async () => {
    const [first, second] = [await running('cache'), await running('cache')];
    const snapshots = [await takeSnapshot(call, 'cache', first), await takeSnapshot(call, 'cache', second)];
    await test.database.pool.query(`
      update snapshots set created_at = now() - interval '2 hours';
      update snapshots set verified_at = now(), verified_ok = true where id not in (${snapshots.join()})`);
    await test.database.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
      create trigger refuse before update of drill_memory_mb on snapshots for each row
        when (new.instance_id = '${first}') execute function refuse()`);
    const drills = restoreDrills(test.database, test.storage, log);
    await assert.rejects(drills.run(), /refused/);
    await drills.run();
    await waitFor('the drill of the other', async () => {
      const { verification } = await show('cache', snapshots[1]!);
      return verification?.ok;
    });
    assert.equal((await show('cache', snapshots[0]!)).verification, null);
    await test.database.pool.query('drop function refuse cascade');
  });

  it('that were lost leave an instance which is removed', async () => {
    const { rows } = await test.database.pool.query(
      `select id, team_id from operations where kind = 'verify' and state = 'succeeded' limit 1`,
    );
    const leak = (id: string, address: string): InstanceRef => {
      const ref = { teamId: rows[0].team_id, name: `drill-${id}` };
      test.plane.drift.leak({
        ref,
        image: 'debian-12',
        limits: { vcpu: 1, memoryMb: 256, diskGb: 2 },
        network: {
          ipv4: { subnet: '10.64.0.0/22', gateway: '10.64.0.1' },
          ipv6: { subnet: 'fd00:1:2::/64', gateway: 'fd00:1:2::1' },
        },
        addresses: { ipv4: address, ipv6: null },
        hostname: 'drill',
        userData: null,
        volumes: [],
        files: [],
        publish: [],
        autoStart: false,
        generation: 1,
      });
      return ref;
    };
    const known = leak(rows[0].id, '10.64.3.1');
    const unknown = leak(uuidv7(), '10.64.3.2');
    await waitFor('a pass', () => runOnce(test.database, instanceReconciler(test.database, test.plane, log)));
    assert.equal(await test.plane.describeInstance(known), null);
    assert.notEqual(await test.plane.describeInstance(unknown), null);
    await test.plane.removeInstance(unknown);
  });
});
