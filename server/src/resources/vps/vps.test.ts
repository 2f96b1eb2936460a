import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, newVps } from '../../../test/client.ts';
import { suiteWithCustomer } from '../../../test/customer.ts';
import { createTeam, waitFor } from '../../../test/harness.ts';
import { testKey } from '../../../test/ssh-keys.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';

describe('VPS', () => {
  const world = suiteWithCustomer();
  const { call, customer } = world;
  const { ended } = customer;
  const settled = (id: string, status: string) => customer.settled('vps', id, status);
  const create = (changes: Record<string, unknown> = {}) => customer.running('vps', changes);
  const ref = (id: string) => ({ teamId: world.test.team.teamId, name: `vps-${id}` });
  const inDataPlane = (id: string) => world.test.plane.describeInstance(ref(id));

  it('is created, runs on the plan that was asked for, and keeps its password secret', async () => {
    const id = await create({ name: 'made', resource_profile: 'micro_shared' });
    const { instance, connection_info } = (await call('GET', `/vps/${id}`)).body;
    assert.equal(instance.status_details.health, 'healthy');
    assert.equal(instance.monthly_cost_dollars, 7.49);
    assert.equal(connection_info.public_ip, instance.public_ip);
    const real = await inDataPlane(id);
    assert.deepEqual(real?.limits, { vcpu: 3, memoryMb: 4096, diskGb: 60 });
    assert.deepEqual(real?.addresses, { ipv4: instance.public_ip, ipv6: instance.ipv6_address });
    assert.equal((await call('GET', `/vps/${id}/password`)).body.password, 'correct horse battery');
    const dump = JSON.stringify((await world.test.database.pool.query('select * from vps')).rows);
    assert.ok(!dump.includes('correct horse battery'));
  });

  it('goes through stop, start, reboot, reinstall and deletion with the same id and addresses', async () => {
    const id = await create({ name: 'cycle' });
    const { public_ip, ipv6_address } = (await call('GET', `/vps/${id}`)).body.instance;
    assert.equal((await call('POST', `/vps/${id}/stop`)).body.status, 'stopping');
    await settled(id, 'stopped');
    assert.equal((await inDataPlane(id))?.power, 'stopped');
    assert.equal((await call('POST', `/vps/${id}/start`)).body.status, 'starting');
    await settled(id, 'running');
    const reboot = await call('POST', `/vps/${id}/reboot`);
    assert.equal((await ended(reboot)).state, 'succeeded');
    const reinstall = await call('POST', `/vps/${id}/reinstall`, { image: 'debian-13' });
    assert.equal((await ended(reinstall)).state, 'succeeded');
    assert.equal((await inDataPlane(id))?.image, 'debian-13');
    assert.deepEqual((await inDataPlane(id))?.addresses, { ipv4: public_ip, ipv6: ipv6_address });
    await call('POST', `/vps/${id}/stop`);
    assert.equal((await call('DELETE', `/vps/${id}`)).body.status, 'destroying');
    await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
    assert.equal(await inDataPlane(id), null);
  });

  it('changes root’s login with a reinstall, and installs no key that was deleted', async () => {
    const keys = [];
    for (const number of [1, 2]) {
      const body = { name: `key ${number}`, public_key: testKey(number) };
      keys.push((await call('POST', '/ssh-keys', body)).body.key.id);
    }
    const [first, second] = keys;
    const id = await create({
      name: 'keyed',
      auth_method: 'ssh_key',
      ssh_key_id: first,
      password: undefined,
    });
    const reinstall = async (body: object) => {
      const answer = await call('POST', `/vps/${id}/reinstall`, { image: 'debian-12', ...body });
      if (answer.status === 200) assert.equal((await ended(answer)).state, 'succeeded');
      return answer.body.errors;
    };
    const login = async () => {
      const { auth_method, ssh_key_id } = (await call('GET', `/vps/${id}`)).body.instance;
      const row = await world.test.database.pool.query('select authorized_key from vps where id = $1', [id]);
      return [auth_method, ssh_key_id, row.rows[0].authorized_key];
    };
    assert.equal(await reinstall({}), undefined);
    assert.deepEqual(await login(), ['ssh_key', first, testKey(1)]);
    await call('DELETE', `/ssh-keys/${first}`);
    assert.match((await reinstall({})).ssh_key_id[0], /was deleted.*Name another/);
    assert.match((await reinstall({ ssh_key_id: first })).ssh_key_id[0], /does not exist/);
    assert.equal(await reinstall({ ssh_key_id: second }), undefined);
    assert.deepEqual(await login(), ['ssh_key', second, testKey(2)]);
    assert.match((await reinstall({ auth_method: 'password' })).password[0], /required/);
    assert.match((await reinstall({ ssh_key_id: second, password: 'correct horse 2' })).password[0], /Leave/);
    assert.equal(await reinstall({ password: 'correct horse 2' }), undefined);
    assert.deepEqual(await login(), ['password', null, null]);
    assert.match(
      (await reinstall({ auth_method: 'password', ssh_key_id: second })).ssh_key_id[0],
      /for auth_method ssh_key/,
    );
    assert.equal(await reinstall({}), undefined);
    assert.equal((await call('GET', `/vps/${id}/password`)).body.password, 'correct horse 2');
  });

  it('starts a server again that has stopped while it was starting, and gives up where it does not stay', async () => {
    const id = await create({ name: 'restless' });
    let stops = 1;
    const away = world.test.plane.faults.after((verb, argument) => {
      const instance = argument as InstanceRef;
      if (verb !== 'ensureRunning' || instance.name !== ref(id).name || stops === 0) return;
      stops -= 1;
      world.test.plane.drift.stopFromInside(instance);
    });
    const reboot = await call('POST', `/vps/${id}/reboot`);
    assert.equal((await ended(reboot)).state, 'succeeded');
    assert.equal((await inDataPlane(id))?.power, 'running');
    stops = 2;
    const { state, error } = await ended(await call('POST', `/vps/${id}/reboot`));
    assert.deepEqual([state, error.code, error.retryable], ['failed', 'stopped', false]);
    assert.match(error.message, /stopped by itself/);
    away();
  });

  it('refuses what its state does not allow, and says what to do', async () => {
    const id = await create({ name: 'refuse' });
    for (const [method, path, words] of [
      ['DELETE', '', /Stop it before/],
      ['POST', '/start', /running already/],
    ] as const) {
      const refused = await call(method, `/vps/${id}${path}`);
      assert.equal(refused.status, 422);
      assert.equal(refused.body.status, 'running');
      assert.match(refused.body.message, words);
    }
    await call('POST', `/vps/${id}/stop`);
    assert.match((await call('POST', `/vps/${id}/reboot`)).body.message, /Start it first/);
    assert.match((await call('POST', `/vps/${id}/stop`)).body.message, /stopped already, or about to\.$/);
  });

  it('changes its plan in place, and never shrinks a disk', async () => {
    const id = await create({ name: 'resize' });
    const grown = await call('PUT', `/vps/${id}`, { resource_profile: 'small_shared' });
    assert.equal(grown.body.instance.storage_size_gb, 160);
    assert.equal((await ended(grown)).state, 'succeeded');
    assert.deepEqual((await inDataPlane(id))?.limits, { vcpu: 4, memoryMb: 8192, diskGb: 160 });
    const shrunk = await call('PUT', `/vps/${id}`, { resource_profile: 'pico_shared' });
    assert.equal(shrunk.status, 422);
    assert.match(shrunk.body.errors.resource_profile[0], /cannot shrink/);

    world.test.plane.faults.failNext('ensureSettings', new DataPlaneError('failed', 'The host refused.'));
    const failed = await call('PUT', `/vps/${id}`, { resource_profile: 'medium_shared' });
    assert.equal((await ended(failed)).state, 'failed');
    const { instance } = (await call('GET', `/vps/${id}`)).body;
    assert.deepEqual([instance.resource_profile, instance.status], ['small_shared', 'running']);
  });

  it('changes its settings, in the data plane too', async () => {
    const id = await create({ name: 'settings' });
    const flags = { auto_start: false, backup_enabled: true };
    const changed = await call('PUT', `/vps/${id}`, { configuration: flags });
    assert.equal((await ended(changed)).state, 'succeeded');
    const { instance } = (await call('GET', `/vps/${id}`)).body;
    assert.deepEqual(
      [instance.auto_start, instance.backup_enabled, instance.monitoring_enabled],
      [false, true, true],
    );
    const rest = await call('PUT', `/vps/${id}`, { automated_snapshots_enabled: true });
    assert.deepEqual([rest.body.operation_id, rest.body.instance.automated_snapshots_enabled], [null, true]);
  });

  it('names every field that is wrong, and creates nothing', async () => {
    const count = async () => (await call('GET', '/vps')).body.pagination.total;
    const held = await count();
    const wrong = {
      name: 'Web_1',
      image: 'windows-95',
      datacenter: 'moon',
      resource_profile: 'huge',
      auth_method: 'password',
      password: 'correct horse battery',
      password_confirmation: 'other',
      custom_cloud_init: '#cloud-config\n- not: [a mapping',
      marketplace_app_id: 3,
    };
    const name = await call('POST', '/vps', wrong);
    assert.deepEqual([name.status, Object.keys(name.body.errors)], [422, ['name']]);
    const rest = await call('POST', '/vps', { ...wrong, name: 'web-1' });
    assert.deepEqual(Object.keys(rest.body.errors).sort(), [
      'custom_cloud_init',
      'datacenter',
      'image',
      'marketplace_app_id',
      'password_confirmation',
      'resource_profile',
    ]);
    const key = await call('POST', '/vps', newVps({ auth_method: 'ssh_key', ssh_key_id: 999_999 }));
    assert.match(key.body.errors.ssh_key_id[0], /does not exist/);
    // An image that this install has, but not for servers.
    const service = await call('POST', '/vps', newVps({ image: 'valkey-8.1' }));
    assert.match(service.body.errors.image[0], /does not exist/);
    assert.equal(await count(), held);
  });

  it('ends in error when the data plane fails for good, leaves nothing behind, and can be deleted', async () => {
    // The failure must hit this server, not one that another test left on its way.
    await waitFor('all operations to end', async () => {
      const open = `select from operations where state in ('queued', 'pending', 'running')`;
      return (await world.test.database.pool.query(open)).rowCount === 0;
    });
    world.test.plane.faults.failNext('waitForSsh', new DataPlaneError('failed', 'The guest never answered.'));
    const created = await call('POST', '/vps', newVps({ name: 'broken' }));
    const { id } = created.body.instance;
    const waiting = await call('POST', `/vps/${id}/stop`);
    await settled(id, 'error');
    const { instance } = (await call('GET', `/vps/${id}`)).body;
    assert.equal(instance.status_details.error.message, 'The guest never answered.');
    assert.equal(instance.status_details.error.retryable, false);
    assert.equal((await ended(waiting)).error.code, 'previous_operation_failed');
    assert.equal(await inDataPlane(id), null);
    assert.equal((await call('DELETE', `/vps/${id}`)).status, 200);
    await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
  });

  it('gives two families of addresses, or the one that was asked for', async () => {
    const four = await create({ name: 'four', network_stack: 'ipv4_only' });
    const six = await create({ name: 'six', network_stack: 'ipv6_only' });
    assert.equal((await inDataPlane(four))?.addresses.ipv6, null);
    assert.equal((await inDataPlane(six))?.addresses.ipv4, null);
    assert.equal((await call('GET', `/vps/${six}`)).body.instance.public_ip, null);
  });

  it('is not there for another team', async () => {
    const id = await create({ name: 'private' });
    const stranger = clientOf(world.test.app.url!, (await createTeam(world.test.database)).token);
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/start'],
      ['GET', '/password'],
    ] as const) {
      const answer = await stranger(
        method,
        `/vps/${id}${path}`,
        method === 'PUT' ? { configuration: {} } : undefined,
      );
      assert.equal(answer.status, 404);
    }
    assert.equal((await stranger('GET', '/vps')).body.pagination.total, 0);
  });
});
