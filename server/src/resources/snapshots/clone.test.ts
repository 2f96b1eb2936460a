import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, takeSnapshot } from '../../../test/client.ts';
import { customerOf } from '../../../test/customer.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { SCOPES } from '../../http/scopes.ts';
import { createToken } from '../../identity/tokens/service.ts';

describe('clones of snapshots', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"database": 100, "cache": 100}'`);
  });
  after(() => test.close());

  const { show, settled, running } = customerOf((...request) => call(...request));
  type Kind = 'database' | 'cache';
  const ref = (kind: Kind, id: string) => ({ teamId: test.team.teamId, name: `${kind}-${id}` });
  async function clone(kind: Kind, snapshot: number, body: object): Promise<string> {
    const cloned = await call('POST', `/snapshots/${kind}/${snapshot}/clone`, body);
    assert.equal(cloned.status, 201, JSON.stringify(cloned.body));
    await settled(kind, cloned.body.instance.id, 'running');
    return cloned.body.instance.id;
  }
  async function remove(kind: Kind, id: string): Promise<void> {
    await call('POST', `/${kind}/${id}/stop`);
    await settled(kind, id, 'stopped');
    assert.equal((await call('DELETE', `/${kind}/${id}`)).status, 200);
    await waitFor('404', async () => (await call('GET', `/${kind}/${id}`)).status === 404);
  }

  it('have the data, and an address and a password of their own, on the plan asked for', async () => {
    const id = await running('database');
    await call('PUT', `/database/${id}`, { storage_size_gb: 30 });
    await settled('database', id, 'running');
    test.plane.drift.writeDisk(ref('database', id), 'orders');
    const snapshot = await takeSnapshot(call, 'database', id);
    const copy = await clone('database', snapshot, {
      name: 'shop-copy',
      resource_profile: 'small',
      source_type: 'volume_snapshot',
    });
    assert.equal(test.plane.readDisk(ref('database', copy)), 'orders');
    const [source, made] = [await show('database', id), await show('database', copy)];
    // Storage never gets smaller than the source's was.
    assert.deepEqual([made.name, made.resource_profile, made.storage_size_gb], ['shop-copy', 'small', 30]);
    assert.deepEqual([made.version, made.database_name], [source.version, source.database_name]);
    assert.notEqual(made.endpoint, source.endpoint);
    const credentials = async (of: string) =>
      (await call('GET', `/database/${of}/credentials`)).body.password;
    assert.notEqual(await credentials(copy), await credentials(id));
    // What happens to the copy does not happen to the source.
    test.plane.drift.writeDisk(ref('database', copy), 'changed');
    assert.equal(test.plane.readDisk(ref('database', id)), 'orders');
  });

  it('outlive the original, and so do snapshots of them', async () => {
    const id = await running('cache');
    test.plane.drift.writeDisk(ref('cache', id), 'sessions');
    const copy = await clone('cache', await takeSnapshot(call, 'cache', id), { name: 'first' });
    assert.equal((await show('cache', copy)).resource_profile, 'micro');
    const ofCopy = await takeSnapshot(call, 'cache', copy);
    await remove('cache', id);
    const second = await clone('cache', ofCopy, { name: 'second' });
    await remove('cache', copy);
    assert.equal(test.plane.readDisk(ref('cache', second)), 'sessions');
    assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
  });

  it('that failed are never started as something empty', async () => {
    const snapshot = await takeSnapshot(call, 'database', await running('database'));
    test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'The host refused.'));
    const cloned = await call('POST', `/snapshots/database/${snapshot}/clone`, { name: 'failed' });
    const { id } = cloned.body.instance;
    await settled('database', id, 'error');
    assert.equal((await call('DELETE', `/snapshots/database/${snapshot}`)).status, 200);
    await waitFor('404', async () => (await call('GET', `/snapshots/database/${snapshot}`)).status === 404);
    await call('POST', `/database/${id}/start`);
    await settled('database', id, 'error');
    assert.equal((await show('database', id)).status_details.error.code, 'not_found');
    assert.equal((await call('DELETE', `/database/${id}`)).status, 200);
  });

  it('are refused with a sentence for each field that is wrong', async () => {
    const id = await running('database');
    const snapshot = await takeSnapshot(call, 'database', id);
    for (const [field, value] of [
      ['name', 'Not A Name'],
      ['resource_profile', 'enormous'],
      ['source_type', 'velero_backup'],
      ['source_type', 'floppy'],
      ['database_name', 'drop table'],
    ] as const) {
      const answer = await call('POST', `/snapshots/database/${snapshot}/clone`, {
        name: 'copy',
        [field]: value,
      });
      assert.equal(answer.status, 422, field);
      assert.equal(answer.body.errors[field].length, 1, JSON.stringify(answer.body));
    }
  });

  it('need the right to create such an instance', async () => {
    const id = await running('cache');
    const snapshot = await takeSnapshot(call, 'cache', id);
    const { plainText } = await createToken(test.database.db, {
      ...test.team,
      name: 'without',
      scopes: SCOPES.filter((scope) => scope !== 'cache:write'),
    });
    const limited = clientOf(test.app.url!, plainText);
    const refused = await limited('POST', `/snapshots/cache/${snapshot}/clone`, { name: 'copy' });
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'cache:write']);
  });

  it('and everything else are out of reach for other teams, and under another kind', async () => {
    const id = await running('database');
    const snapshot = await takeSnapshot(call, 'database', id);
    const stranger = clientOf(test.app.url!, (await createTeam(test.database)).token);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/restore'],
      ['POST', '/clone'],
      ['POST', '/verify'],
      ['DELETE', ''],
    ] as const) {
      const body = path === '/clone' ? { name: 'copy' } : undefined;
      assert.equal((await stranger(method, `/snapshots/database/${snapshot}${path}`, body)).status, 404);
      assert.equal((await call(method, `/snapshots/cache/${snapshot}${path}`, body)).status, 404);
    }
    assert.deepEqual((await stranger('GET', `/snapshots/database?database_instance_id=${id}`)).body.data, []);
    const taken = await stranger('POST', '/snapshots/database', { database_instance_id: id, name: 'mine' });
    assert.equal(taken.status, 422);
    assert.match(taken.body.errors.database_instance_id[0], /does not exist in this team/);
    const crossed = await call('POST', '/snapshots/cache', { cache_instance_id: id, name: 'crossed' });
    assert.equal(crossed.status, 422);
  });

  it('of names that would confuse a terminal or a page are not taken', async () => {
    const id = await running('cache');
    const take = (body: object) => call('POST', '/snapshots/cache', { cache_instance_id: id, ...body });
    for (const name of ['', '  ', 'a\nb', '\u001b[31mred', 'a\0b', '\u202etxt.exe', 'x'.repeat(256)]) {
      assert.equal((await take({ name })).status, 422, JSON.stringify(name));
    }
    assert.equal((await take({ name: 'ok', description: '\u001b[2J' })).status, 422);
    const fine = await take({ name: 'Früh um 7 ☕', description: 'line one\nline two' });
    assert.equal(fine.status, 201, JSON.stringify(fine.body));
    assert.equal(fine.body.snapshot.name, 'Früh um 7 ☕');
  });
});
