import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeSnapshot } from '../../../test/client.ts';
import { type Kind, suiteWithCustomer } from '../../../test/customer.ts';
import { snapshotsOf } from '../../../test/snapshots.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('restored snapshots', () => {
  const world = suiteWithCustomer();
  const { call } = world;
  const { show, ended, succeeds, running } = world.customer;
  const { snapshot, list, restore, consistent } = snapshotsOf(world);
  const ref = (kind: Kind, id: string) => ({ teamId: world.test.team.teamId, name: `${kind}-${id}` });
  const write = (kind: Kind, id: string, content: string) =>
    world.test.plane.drift.writeDisk(ref(kind, id), content);
  const read = (kind: Kind, id: string) => world.test.plane.readDisk(ref(kind, id));

  for (const kind of ['vps', 'database', 'cache'] as const) {
    it(`of a ${kind} bring back what was there, at the same address, and keep what was there before`, async () => {
      const id = await running(kind);
      const was = await show(kind, id);
      write(kind, id, 'monday');
      world.test.plane.drift.fillDisk(ref(kind, id), 1_503_238_553);
      const monday = await takeSnapshot(call, kind, id, 'monday');
      const shown = await snapshot(kind, monday);
      assert.equal(kind === 'cache' ? shown.size_mb : shown.size_gb, kind === 'cache' ? 1433.6 : 1.4);
      assert.deepEqual([shown.reason, shown.automatic, shown.verification], ['manual', false, null]);
      assert.deepEqual(shown[`${kind}_instance`], { id, name: was.name });

      write(kind, id, 'tuesday');
      await succeeds(restore(kind, monday));
      assert.equal(read(kind, id), 'monday');
      const is = await show(kind, id);
      assert.deepEqual(
        [is.id, is.status, is.public_ip, is.endpoint],
        [id, 'running', was.public_ip, was.endpoint],
      );
      assert.equal((await snapshot(kind, monday)).status, 'ready');

      // A user who changes their mind restores the safety snapshot; the state left by that is kept too, until the next
      // restore.
      const [tuesday] = (await list(kind, id)).filter(({ reason }) => reason === 'safety');
      assert.deepEqual([tuesday.status, tuesday.automatic, tuesday.user_id], ['ready', true, null]);
      await succeeds(restore(kind, tuesday.id));
      assert.equal(read(kind, id), 'tuesday');
      await consistent();
      const states = async () => (await list(kind, id)).filter(({ reason }) => reason === 'safety');
      assert.deepEqual([(await states()).length, (await snapshot(kind, tuesday.id)).status], [2, 'ready']);
      await succeeds(restore(kind, monday));
      await consistent();
      assert.equal((await states()).length, 1);
    });
  }

  it('run the instance after a restore, though it was stopped', async () => {
    const id = await running('database');
    const kept = await takeSnapshot(call, 'database', id);
    await succeeds(call('POST', `/database/${id}/stop`));
    await succeeds(restore('database', kept));
    assert.equal((await show('database', id)).status, 'running');
    assert.equal((await world.test.plane.describeInstance(ref('database', id)))?.power, 'running');
  });

  it('go back to the state before where a restore fails after the old disk is gone', async () => {
    for (const [kind, verb, before] of [
      ['vps', 'waitForSsh', 'running'],
      ['database', 'waitForService', 'stopped'],
    ] as const) {
      const id = await running(kind);
      write(kind, id, 'old');
      const kept = await takeSnapshot(call, kind, id);
      write(kind, id, 'new');
      if (before === 'stopped') await succeeds(call('POST', `/${kind}/${id}/stop`));
      world.test.plane.faults.failNext(verb, new DataPlaneError('failed', 'It does not answer.'));
      assert.equal((await ended(await restore(kind, kept))).state, 'failed');
      assert.equal(read(kind, id), 'new');
      const instance = await show(kind, id);
      assert.deepEqual([instance.status, instance.can_be_stopped], [before, before === 'running']);
      const { status, error } = await snapshot(kind, kept);
      assert.deepEqual([status, error.message], ['restore_failed', 'It does not answer.']);
      await consistent();
      // The snapshot is unchanged.
      await succeeds(restore(kind, kept));
      assert.equal(read(kind, id), 'old');
      assert.equal((await snapshot(kind, kept)).status, 'ready');
    }
  });

  it('go back though an answer is lost on the way', async () => {
    // If the safety snapshot fails, the instance still exists; if SSH fails, it has been replaced.
    for (const verb of ['ensureSnapshot', 'waitForSsh'] as const) {
      const id = await running('vps');
      write('vps', id, 'old');
      const kept = await takeSnapshot(call, 'vps', id);
      write('vps', id, 'new');
      world.test.plane.faults.failNext(verb, new DataPlaneError('failed', 'The host refused.'));
      let left = verb === 'ensureSnapshot' ? 1 : 2;
      const off = world.test.plane.faults.after((called) => {
        if (called !== 'ensureInstance' || --left !== 0) return;
        throw new DataPlaneError('timeout', 'The host did not answer in time.');
      });
      assert.equal((await ended(await restore('vps', kept))).state, 'failed');
      off();
      assert.equal(left < 0, true, 'it was asked again');
      assert.deepEqual([(await show('vps', id)).status, read('vps', id)], ['running', 'new']);
      await consistent();
    }
  });

  it('keep the state before where going back to it fails as well, and a start builds it again', async () => {
    const id = await running('database');
    write('database', id, 'old');
    const kept = await takeSnapshot(call, 'database', id);
    write('database', id, 'new');
    world.test.plane.faults.failNext('waitForService', new DataPlaneError('failed', 'It does not answer.'));
    // The first creation is from the snapshot; the second would be from the safety snapshot.
    let made = 0;
    const off = world.test.plane.faults.before((verb) => {
      if (verb !== 'ensureInstance' || ++made !== 2) return;
      world.test.plane.drift.deleteBehindOurBack(ref('database', id));
      throw new DataPlaneError('failed', 'The host refused.');
    });
    assert.equal((await ended(await restore('database', kept))).state, 'failed');
    off();
    assert.equal((await show('database', id)).status, 'error');
    const [safety] = (await list('database', id)).filter(({ reason }) => reason === 'safety');
    assert.equal(safety.status, 'ready');
    await succeeds(call('POST', `/database/${id}/start`));
    assert.equal(read('database', id), 'new');
    await succeeds(call('DELETE', `/snapshots/database/${safety.id}`));
    await consistent();
  });

  it('bring back an instance that is broken or gone, and say when there was nothing to keep', async () => {
    const events = async (id: string) =>
      (
        await world.test.database.pool.query(
          `select message from events where resource_id = $1 and reason = 'Restored'`,
          [id],
        )
      ).rows[0].message;
    for (const kind of ['vps', 'database'] as const) {
      const id = await running(kind);
      write(kind, id, 'good');
      const kept = await takeSnapshot(call, kind, id);
      const fail = () =>
        world.test.database.pool.query(`update instances set status = 'error' where id = $1`, [id]);
      world.test.plane.drift.deleteBehindOurBack(ref(kind, id));
      await fail();
      await succeeds(restore(kind, kept));
      assert.equal(read(kind, id), 'good');
      assert.match(await events(id), /no state before it that could be kept/);

      world.test.plane.drift.breakInstance(ref(kind, id));
      await fail();
      world.test.plane.faults.failNext(
        'ensureStopped',
        new DataPlaneError('failed', 'It cannot be stopped.'),
      );
      world.test.plane.faults.failNext(
        'ensureSnapshot',
        new DataPlaneError('failed', 'Its disk cannot be read.'),
      );
      await succeeds(restore(kind, kept));
      assert.equal((await show(kind, id)).status, 'running');
      await consistent();
    }
  });

  it('survive a reinstall, and bring the old system back', async () => {
    const id = await running('vps');
    write('vps', id, 'debian 12');
    const kept = await takeSnapshot(call, 'vps', id);
    await succeeds(call('POST', `/vps/${id}/reinstall`, { image: 'debian-13' }));
    assert.equal(read('vps', id), '');
    assert.equal((await snapshot('vps', kept)).image, 'debian-12');
    await succeeds(restore('vps', kept));
    assert.equal(read('vps', id), 'debian 12');
    assert.equal((await show('vps', id)).image, 'debian-12');
    const [safety] = (await list('vps', id)).filter(({ reason }) => reason === 'safety');
    assert.equal(safety.image, 'debian-13');
  });
});
