import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { newVps } from '../../../test/client.ts';
import { createTeam, joinTeam, startTestApp, type TestApp } from '../../../test/harness.ts';
import { testKey } from '../../../test/ssh-keys.ts';
import type { AuditEntry } from './schema.ts';

describe('the audit log', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  const latest = async (query = ''): Promise<AuditEntry[]> => (await call('GET', `/audit${query}`)).body.data;

  it('says who changed what, from where, and how it was before', async () => {
    const created = await call('POST', '/vps', {
      body: newVps({ name: 'before' }),
      remoteAddress: '192.0.2.9',
    });
    const { id } = created.body.instance;
    const update = await call('PUT', `/vps/${id}`, { body: { name: 'after' } });
    assert.equal(update.status, 200);
    const [changed, made] = await latest(`?resource_id=${id}`);
    assert.equal(made!.action, 'createVps');
    assert.deepEqual([made!.resource_type, made!.outcome, made!.before], ['vps', 'done', null]);
    assert.equal(made!.after!.name, 'before');
    assert.equal(made!.address, '192.0.2.9');
    assert.equal(made!.account_id, test.team.accountId);
    assert.match(made!.account_email!, /@example\.org$/);
    assert.deepEqual([made!.credential, made!.credential_id], ['token', test.team.token.split('|')[0]]);
    assert.equal(made!.request_id, created.headers['x-request-id']);
    assert.equal(changed!.action, 'updateVps');
    assert.deepEqual([changed!.before, changed!.after], [{ name: 'before' }, { name: 'after' }]);
    assert.equal(changed!.id, made!.id + 1);
  });

  it('says what each of many writes at once has replaced', async () => {
    const { id } = (await call('POST', '/vps', { body: newVps({ name: 'name-0' }) })).body.instance;
    const names = Array.from({ length: 8 }, (_, index) => `name-${index + 1}`);
    const answers = await Promise.all(names.map((name) => call('PUT', `/vps/${id}`, { body: { name } })));
    assert.deepEqual(
      answers.map(({ status }) => status),
      names.map(() => 200),
    );
    // Each name was replaced by one other: the entries are a path through all of them.
    const entries = (await latest(`?resource_id=${id}`)).filter(({ action }) => action === 'updateVps');
    const next = new Map(entries.map(({ before, after }) => [before!.name, after!.name]));
    const path = ['name-0'];
    while (next.has(path.at(-1)!)) path.push(next.get(path.at(-1)!) as string);
    assert.deepEqual(path.toSorted(), ['name-0', ...names]);
    assert.equal((await call('GET', `/vps/${id}`)).body.instance.name, path.at(-1));
  });

  it('holds no secrets', async () => {
    const { rows } = await test.database.pool.query('select e::text as row from audit_entries e');
    const text = JSON.stringify(rows);
    assert.ok(text.includes('createVps'));
    for (const secret of ['correct horse battery', '_sealed', '_hash":', test.team.token.split('|')[1]!])
      assert.ok(!text.includes(secret), secret);
  });

  it('says what was deleted, and what it was', async () => {
    const { body } = await call('POST', '/ssh-keys', { body: { name: 'laptop', public_key: testKey(1) } });
    await call('DELETE', `/ssh-keys/${body.key.id}`);
    const [entry] = await latest('?resource_type=ssh-key');
    assert.deepEqual([entry!.action, entry!.resource_id], ['deleteSshKey', String(body.key.id)]);
    assert.equal(entry!.before!.name, 'laptop');
    assert.equal(entry!.after, null);
  });

  it('has a request that is repeated once, and none that only reads or is malformed', async () => {
    const before = (await latest())[0]!.id;
    const headers = { 'idempotency-key': 'audit-once' };
    const body = { name: 'twice', public_key: testKey(2) };
    assert.equal((await call('POST', '/ssh-keys', { body, headers })).status, 201);
    assert.equal((await call('POST', '/ssh-keys', { body, headers })).status, 201);
    assert.equal((await call('POST', '/ssh-keys', { body: { name: 'no key' } })).status, 422);
    assert.equal((await call('DELETE', '/ssh-keys/999999')).status, 404);
    assert.equal((await call('GET', '/ssh-keys')).status, 200);
    assert.equal((await latest())[0]!.id, before + 1);
  });

  it('says what was refused, and to whom', async () => {
    const member = await createTeam(test.database);
    const token = await joinTeam(test.database, member.accountId, test.team.teamId, 'viewer');
    assert.equal((await call('DELETE', '/ssh-keys/1', { token })).status, 403);
    const [entry] = await latest(`?account=${member.accountId}`);
    assert.deepEqual(
      [entry!.action, entry!.outcome, entry!.error_code, entry!.resource_id],
      ['deleteSshKey', 'refused', 'missing_scope', '1'],
    );
    assert.deepEqual(
      (await latest('?status=refused')).map(({ id }) => id),
      [entry!.id],
    );
    // Members who are no admins do not read it, and other teams have their own.
    assert.equal((await call('GET', '/audit', { token })).status, 403);
    assert.deepEqual((await call('GET', '/audit', { token: member.token })).body.data, []);
  });

  it('is exported as lines of JSON, oldest first', async () => {
    const { body, headers } = await call('GET', '/audit/export');
    assert.equal(headers['content-type'], 'application/x-ndjson');
    const entries: AuditEntry[] = body.trim().split('\n').map(JSON.parse);
    const { pagination } = (await call('GET', '/audit')).body;
    assert.equal(entries.length, pagination.total);
    assert.deepEqual(
      entries.map(({ id }) => id),
      entries.map(({ id }) => id).toSorted((a, b) => a - b),
    );
    const since = await call('GET', `/audit/export?since=${entries.at(-2)!.id}`);
    assert.deepEqual(JSON.parse(since.body), entries.at(-1));
  });
});
