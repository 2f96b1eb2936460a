import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../../test/client.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { credentialsOf, makeAccessKey, makeBucket, succeeded } from '../../../test/object-storage.ts';
import { ended } from '../../../test/operation-subject.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { createLog } from '../../lib/log.ts';
import type { Credentials } from '../../object-store/sim/client.ts';
import { keyReconciler } from './reconcilers.ts';

const SECRET_KEY = Buffer.alloc(32, 7);

describe('access keys', () => {
  let test: TestApp;
  let call: Call;
  let one: { id: string; minio_bucket_name: string };
  let two: typeof one;
  before(async () => {
    test = await startTestApp({ secretKey: SECRET_KEY, still: ['access-keys', 'buckets'] });
    call = clientOf(test.app.url!, test.team.token);
    one = await makeBucket(call, 'one');
    two = await makeBucket(call, 'two');
  });
  after(() => test?.close());

  const ask = (credentials: Credentials, bucket: typeof one, action: 'put' | 'get', key = 'a') =>
    test.objects.request(
      credentials,
      bucket.minio_bucket_name,
      action === 'put' ? { action, key, sizeBytes: 1 } : { action, key },
    );
  const show = async (id: string) => (await call('GET', `/storage/access-keys/${id}`)).body.access_key;
  const refused = async (body: object, ...fields: string[]) => {
    const answer = await call('POST', '/storage/access-keys', { name: 'refused', ...body });
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    assert.deepEqual(Object.keys(answer.body.errors), fields);
  };

  it('of the team reach all its buckets, also later ones, and show their secret once', async () => {
    const created = await call(
      'POST',
      '/storage/access-keys',
      { name: 'all' },
      { 'idempotency-key': 'once' },
    );
    const again = await call('POST', '/storage/access-keys', { name: 'all' }, { 'idempotency-key': 'once' });
    assert.deepEqual(again.body, created.body);
    await succeeded(call, created);
    const { id, scope, bucket_permissions, is_prefix_scoped, expires_at } = created.body;
    assert.deepEqual([scope, bucket_permissions, is_prefix_scoped, expires_at], ['team', [], false, null]);
    const credentials = credentialsOf(created);
    assert.equal(ask(credentials, one, 'put'), 'ok');
    const later = await makeBucket(call, 'later');
    assert.equal(ask(credentials, later, 'put'), 'ok');
    const shown = await show(id);
    assert.deepEqual([shown.status, shown.access_type], ['active', 'full']);
    assert.equal(shown.secret_access_key, undefined);
    const stored = await test.database.pool.query('select * from idempotency_keys, access_keys');
    assert.ok(
      !JSON.stringify(stored.rows).includes(credentials.secretAccessKey),
      'The secret is stored in plain.',
    );
  });

  it('of buckets reach those only, as far as their level goes', async () => {
    const bucket_permissions = [
      { bucket_id: one.id, level: 'read' },
      { bucket_id: two.id, level: 'readwrite', prefix: 'own/' },
    ];
    const { key, credentials } = await makeAccessKey(call, { scope: 'buckets', bucket_permissions });
    assert.deepEqual([key.is_prefix_scoped, key.access_type], [true, 'restricted']);
    assert.deepEqual(
      key.bucket_permissions.map(({ bucket_name, level }: Record<string, string>) => [bucket_name, level]),
      [
        ['one', 'read'],
        ['two', 'readwrite'],
      ],
    );
    assert.deepEqual([ask(credentials, one, 'get'), ask(credentials, one, 'put')], ['ok', 'AccessDenied']);
    assert.equal(ask(credentials, two, 'put', 'own/a'), 'ok');
    assert.equal(ask(credentials, two, 'put', 'other/a'), 'AccessDenied');
    assert.equal(ask(credentials, await makeBucket(call, 'afterwards'), 'get'), 'AccessDenied');
  });

  it('lose their permission with the bucket: one of the same name is another one', async () => {
    const { id } = await makeBucket(call, 'passing');
    const bucket_permissions = [{ bucket_id: id, level: 'full' }];
    const { key, credentials } = await makeAccessKey(call, { scope: 'buckets', bucket_permissions });
    await succeeded(call, await call('DELETE', `/storage/buckets/${id}`));
    const next = await makeBucket(call, 'passing');
    assert.equal(ask(credentials, next, 'get'), 'AccessDenied');
    assert.deepEqual((await show(key.id)).bucket_permissions, []);
  });

  it('are refused with a reason for each field', async () => {
    const other = await makeBucket(
      clientOf(test.app.url!, (await createTeam(test.database)).token),
      'foreign',
    );
    const permission = { bucket_id: one.id, level: 'read' };
    await refused({ scope: 'buckets' }, 'bucket_permissions');
    await refused({ scope: 'team', bucket_permissions: [permission] }, 'bucket_permissions');
    await refused(
      {
        scope: 'buckets',
        bucket_permissions: [permission, permission, { bucket_id: other.id, level: 'read' }],
      },
      'bucket_permissions.1.bucket_id',
      'bucket_permissions.2.bucket_id',
    );
    await refused(
      { bucket_permissions: [{ ...permission, bucket_id: 'none' }] },
      'bucket_permissions.0.bucket_id',
    );
    await refused(
      { bucket_permissions: [{ ...permission, level: 'full', prefix: 'a/' }] },
      'bucket_permissions.0.prefix',
    );
    // In a policy of the store, these would mean more than themselves.
    for (const prefix of ['a*', 'a?', '\u0024{aws:username}/'])
      await refused(
        { bucket_permissions: [{ ...permission, level: 'read', prefix }] },
        'bucket_permissions.0.prefix',
      );
    await refused({ expires_at: '2020-01-01T00:00:00Z' }, 'expires_at');
  });

  it('are refused by the store once they are revoked, and stay in the list', async () => {
    const { key, credentials } = await makeAccessKey(call, { name: 'leaked' });
    const revoked = await call('DELETE', `/storage/access-keys/${key.id}`);
    assert.equal(revoked.body.status, 'revoking');
    await succeeded(call, revoked);
    assert.equal(ask(credentials, one, 'get'), 'InvalidAccessKeyId');
    const shown = await show(key.id);
    assert.deepEqual([shown.status, typeof shown.revoked_at], ['revoked', 'string']);
    const again = await call('DELETE', `/storage/access-keys/${key.id}`);
    assert.deepEqual([again.status, again.body.status], [422, 'revoked']);
  });

  it('end at the moment that was set, and are revoked after it', async () => {
    // Late enough that a busy machine has made the key by then.
    const end = new Date(Date.now() + 4000);
    const { key, credentials } = await makeAccessKey(call, { name: 'short', expires_at: end.toISOString() });
    await waitFor('the key to expire', async () => ask(credentials, one, 'get') !== 'ok');
    const shown = await waitFor('the key to be revoked', async () => {
      const found = await show(key.id);
      return found.status === 'revoked' && found;
    });
    assert.equal(shown.is_expired, true);
    const events = (await call('GET', `/events?resource_id=${key.id}`)).body.data;
    assert.equal(events.at(-1).type, 'access_key.expired');
  });

  it('are mended where the store has lost or changed them, and revoked ones removed from it', async () => {
    const { app, objects, team } = test;
    const secrets = createSecretBox(SECRET_KEY);
    const run = () => keyReconciler({ database: app.database, objects, secrets }, createLog('silent')).run();
    const lost = await makeAccessKey(call, { name: 'lost' });
    const changed = await makeAccessKey(call, { name: 'changed' });
    const dead = await makeAccessKey(call, { name: 'dead' });
    await succeeded(call, await call('DELETE', `/storage/access-keys/${dead.key.id}`));
    const refOf = ({ key }: typeof lost) => ({ teamId: team.teamId, accessKeyId: key.access_key_id });
    objects.drift.removeKey(lost.key.access_key_id);
    for (const one of [changed, dead]) {
      await objects.ensureKey({ ref: refOf(one), scope: [], expiresAt: null }, 'secret');
    }
    await objects.ensureKey(
      { ref: { teamId: team.teamId, accessKeyId: 'UNKNOWN' }, scope: [], expiresAt: null },
      'x',
    );
    await run();
    for (const { credentials } of [lost, changed]) assert.equal(ask(credentials, one, 'get'), 'ok');
    assert.equal(await objects.describeKey(refOf(dead)), null);
    // It may belong to a database of which this one is an old backup.
    assert.ok(await objects.describeKey({ teamId: team.teamId, accessKeyId: 'UNKNOWN' }));
    await objects.removeKey({ teamId: team.teamId, accessKeyId: 'UNKNOWN' });
  });

  it('need the scope of storage, as their operations do', async () => {
    const created = await call('POST', '/storage/access-keys', { name: 'read' });
    await ended(call, created);
    const reader = await createTeam(test.database, ['vps:read']);
    const other = clientOf(test.app.url!, reader.token);
    assert.equal((await other('GET', '/storage/access-keys')).body.required_scope, 'storage:read');
    const operations = (await call('GET', '/operations?resource_type=access_key')).body.data;
    assert.equal(operations[0].operation_id, created.body.operation_id);
    assert.equal((await other('GET', '/operations?resource_type=access_key')).status, 403);
  });

  it('agree with the object store in the end', async () => {
    const { database, plane, objects } = test;
    assert.deepEqual(await findInconsistencies(database, plane, { objects }), []);
  });
});
