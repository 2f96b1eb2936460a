import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, newVps } from '../../../test/client.ts';
import { suiteWithCustomer } from '../../../test/customer.ts';
import { createTeam, holdBack, waitFor } from '../../../test/harness.ts';

describe('VPS under requests at the same time', () => {
  const world = suiteWithCustomer();
  const { call, customer } = world;
  const { ended } = customer;
  const settled = (id: string, status: string) => customer.settled('vps', id, status);

  it('accepts requests while another is at work, and carries them out in order', async () => {
    const created = await call('POST', '/vps', newVps({ name: 'queue' }));
    const { id } = created.body.instance;
    const stop = await call('POST', `/vps/${id}/stop`);
    const start = await call('POST', `/vps/${id}/start`);
    assert.deepEqual([stop.status, start.status], [200, 200]);
    assert.equal((await ended(start)).state, 'succeeded');
    const order = await world.test.database.pool.query(
      'select kind from operations where resource_id = $1 order by finished_at',
      [id],
    );
    assert.deepEqual(
      order.rows.map((row) => row.kind),
      ['create', 'stop', 'start'],
    );
    assert.equal((await call('GET', `/vps/${id}/status`)).body.status, 'running');
  });

  it('creates one server for one Idempotency-Key, however often and however fast it is sent', async () => {
    const held = (await call('GET', '/vps')).body.pagination.total;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        call('POST', '/vps', newVps({ name: 'once' }), { 'idempotency-key': 'once' }),
      ),
    );
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([201]));
    assert.equal(new Set(answers.map((answer) => answer.body.instance.id)).size, 1);
    assert.equal((await call('GET', '/vps')).body.pagination.total, held + 1);
    const other = await call('POST', '/vps', newVps({ name: 'twice' }), { 'idempotency-key': 'once' });
    assert.equal(other.status, 409);
  });

  it('keeps the quota under concurrent requests, and frees a place with each deletion', async () => {
    const team = await createTeam(world.test.database);
    await world.test.database.pool.query(`update teams set quotas = '{"vps": 2}' where id = $1`, [
      team.teamId,
    ]);
    const own = clientOf(world.test.app.url!, team.token);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => own('POST', '/vps', newVps({ name: `q-${i}` }))),
    );
    const made = answers.filter((answer) => answer.status === 201);
    assert.equal(made.length, 2);
    assert.match(answers.find((answer) => answer.status === 422)!.body.message, /quota is reached: 2 of 2/);
    const { id } = made[0]!.body.instance;
    await own('POST', `/vps/${id}/stop`);
    await own('DELETE', `/vps/${id}`);
    await waitFor('404', async () => (await own('GET', `/vps/${id}`)).status === 404);
    assert.equal((await own('POST', '/vps', newVps({ name: 'again' }))).status, 201);
  });

  it('does not wait for a guest that its owner has given up on, and leaves it stopped', async () => {
    const release = holdBack(world.test.plane, 'waitForSsh');
    const created = await call('POST', '/vps', newVps({ name: 'stuck' }));
    const { id } = created.body.instance;
    await call('POST', `/vps/${id}/stop`);
    await settled(id, 'stopped');
    // Whatever still waited for the guest finds it stopped now.
    release();
    assert.equal((await call('GET', `/vps/${id}/status`)).body.status, 'stopped');
    const ref = { teamId: world.test.team.teamId, name: `vps-${id}` };
    assert.equal((await world.test.plane.describeInstance(ref))?.power, 'stopped');
  });

  it('lets five operations wait, and always a deletion', async () => {
    const release = holdBack(world.test.plane, 'waitForSsh');
    const created = await call('POST', '/vps', newVps({ name: 'patient' }));
    const { id } = created.body.instance;
    const answers = [];
    for (let i = 0; i < 7; i++) answers.push((await call('POST', `/vps/${id}/reboot`)).status);
    assert.deepEqual(answers, [200, 200, 200, 200, 200, 422, 422]);
    release();
    await settled(id, 'running');
  });

  it('goes on after the server is restarted', async () => {
    world.test.plane.setLatency(100);
    const created = await call('POST', '/vps', newVps({ name: 'restart' }));
    await world.restart();
    world.test.plane.setLatency(0);
    await settled(created.body.instance.id, 'running');
  });
});
