import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suiteWithDatabases } from '../../../test/database-world.ts';
import { waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { runOnce } from '../../reconcilers/reconcilers.ts';
import { RowsFailed } from '../../reconcilers/rows.ts';
import { passwordExpiry } from './password-expiry.ts';

describe('rotation of passwords', () => {
  const world = suiteWithDatabases();
  const { call, ended, show, settled, running } = world;
  const credentials = async (id: string) => (await call('GET', `/database/${id}/credentials`)).body;
  const rotate = (id: string, body?: object) => call('POST', `/database/${id}/credentials/rotate`, body);
  const expire = () =>
    waitFor('a pass', () => runOnce(world.test.database, passwordExpiry(world.test.database)));

  it('shows the new password once it works, and until when the one before it does', async () => {
    const id = await running();
    const before = await credentials(id);
    assert.equal(before.previous_password_expires_at, null);
    assert.equal((await ended(await rotate(id))).state, 'succeeded');
    const after = await credentials(id);
    assert.notEqual(after.password, before.password);
    assert.ok(after.connection_info.includes(after.password));
    const hours = (Date.parse(after.previous_password_expires_at) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours <= 24, `${hours}`);
    const { events } = (await call('GET', `/database/${id}/events`)).body.data;
    assert.match(events[0].message, /new password\. The previous one works for another 86400 seconds/);
    assert.ok(!JSON.stringify(events).includes(after.password));
  });

  it('takes the previous password away at once, or when its time is over', async () => {
    const id = await running();
    await ended(await rotate(id, { overlap_seconds: 0 }));
    assert.equal((await credentials(id)).previous_password_expires_at, null);
    await ended(await rotate(id, { overlap_seconds: 60 }));
    assert.notEqual((await credentials(id)).previous_password_expires_at, null);
    await expire();
    assert.notEqual((await credentials(id)).previous_password_expires_at, null);
    await world.test.database.pool.query(
      `update managed_services set previous_password_until = now() - interval '1 second' where id = '${id}'`,
    );
    assert.equal((await credentials(id)).previous_password_expires_at, null);
    await expire();
    await waitFor('the event', async () => {
      const { events } = (await call('GET', `/database/${id}/events`)).body.data;
      return /the previous password no longer works/.test(events[0].message);
    });
    await settled(id, 'running');
    assert.equal((await rotate(id, { overlap_seconds: 604_801 })).status, 422);
  });

  it('takes it away from others where that fails for one', async () => {
    const [bad, good] = [await running(), await running()];
    for (const id of [bad, good]) {
      await ended(await rotate(id, { overlap_seconds: 60 }));
      await world.test.database.pool.query(
        `update managed_services set previous_password_until = now() - interval '1 second' where id = '${id}'`,
      );
    }
    await world.test.database.pool.query(
      `alter table managed_services add constraint bad check (id <> '${bad}' or previous_password_sealed is not null)`,
    );
    try {
      await assert.rejects(expire(), RowsFailed);
      const { rows } = await world.test.database.pool.query(
        'select id from managed_services where previous_password_until < now()',
      );
      assert.deepEqual(rows, [{ id: bad }]);
    } finally {
      await world.test.database.pool.query('alter table managed_services drop constraint bad');
    }
    await expire();
    await settled(bad, 'running');
    await settled(good, 'running');
  });

  it('keeps the present password where the engine refuses the new one', async () => {
    const id = await running();
    const { password } = await credentials(id);
    world.test.plane.faults.failNext('control', new DataPlaneError('failed', 'the engine is busy'));
    const operation = await ended(await rotate(id));
    assert.deepEqual([operation.state, operation.error.message], ['failed', 'the engine is busy']);
    assert.equal((await credentials(id)).password, password);
    assert.equal((await show(id)).status, 'running');
  });

  it('changes the password of one that is stopped, and of one with a problem', async () => {
    const id = await running();
    await ended(await call('POST', `/database/${id}/stop`));
    const { password } = await credentials(id);
    await ended(await rotate(id));
    const second = (await credentials(id)).password;
    assert.notEqual(second, password);
    assert.equal((await show(id)).status, 'stopped');
    await world.test.database.pool.query(`update instances set status = 'error' where id = '${id}'`);
    const { body } = await rotate(id);
    assert.deepEqual([body.status, body.operation_id], ['error', null]);
    assert.notEqual((await credentials(id)).password, second);
  });
});
