import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../../test/client.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { createTeam, startTestApp, type TestApp, type TestTeam, waitFor } from '../../../test/harness.ts';
import { makeAccessKey, makeBucket, succeeded } from '../../../test/object-storage.ts';
import { ended } from '../../../test/operation-subject.ts';
import { createLog } from '../../lib/log.ts';
import { s3NameOf } from '../object-storage/team.ts';
import { bucketReconciler } from './reconciler.ts';

describe('buckets', () => {
  let test: TestApp;
  let team: TestTeam;
  let call: Call;
  before(async () => {
    test = await startTestApp({ still: ['buckets', 'access-keys'] });
    team = await createTeam(test.database);
    call = clientOf(test.app.url!, team.token);
  });
  after(() => test?.close());

  const show = async (id: string) => (await call('GET', `/storage/buckets/${id}`)).body.bucket;
  const update = async (id: string, body: object) =>
    (await succeeded(call, await call('PUT', `/storage/buckets/${id}`, body))).body;
  const refOf = ({ minio_bucket_name }: { minio_bucket_name: string }) => ({
    teamId: team.teamId,
    name: minio_bucket_name,
  });
  const ownTeam = async () => clientOf(test.app.url!, (await createTeam(test.database)).token);
  const refused = async (body: object, ...fields: string[]) => {
    const answer = await call('POST', '/storage/buckets', { name: 'refused', region: 'fsn1', ...body });
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    assert.deepEqual(Object.keys(answer.body.errors), fields);
    return answer.body.message as string;
  };
  /** One pass, without that of the server. */
  const reconcile = () => bucketReconciler(test.app.database, test.objects, createLog('silent')).run();

  it('are encrypted, private and without versions unless asked otherwise', async () => {
    const created = await makeBucket(call, 'plain');
    assert.equal(created.status, 'creating');
    const bucket = await show(created.id);
    assert.deepEqual(
      [
        bucket.status,
        bucket.status_label,
        bucket.encryption_type,
        bucket.public_access,
        bucket.versioning_enabled,
      ],
      ['active', 'Active', 'sse-s3', false, false],
    );
    const { minio_bucket_name: name, public_url, display_name, tags, size_limit_bytes } = bucket;
    assert.deepEqual([name, public_url, display_name], [`t${team.teamId}-plain`, null, null]);
    assert.deepEqual([tags, size_limit_bytes, bucket.monthly_cost_cents], [null, null, 0]);
    const stored = await test.objects.describeBucket(refOf(bucket));
    assert.deepEqual(stored?.encryption, { type: 'sse-s3' });
    const list = (await call('GET', '/storage/buckets')).body;
    assert.deepEqual(
      list.data.map(({ id }: { id: string }) => id),
      [bucket.id],
    );
    assert.equal(list.pagination.total, 1);
  });

  it('are changed only in what a request names', async () => {
    const rule = { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 } };
    const cors = { AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'] };
    const { id } = await makeBucket(call, 'changing', {
      cors_configuration: { CORSRules: [cors] },
      lifecycle_rules: [rule],
      tags: ['urgent', 'project=web'],
    });
    await update(id, { public_access: true, versioning_enabled: true, size_limit_bytes: 5_000 });
    const bucket = await show(id);
    assert.deepEqual([bucket.cors_configuration, bucket.lifecycle_rules], [[cors], [rule]]);
    assert.deepEqual(bucket.tags, ['project=web', 'urgent']);
    assert.equal(bucket.public_url, `https://s3.example.org:9000/${bucket.minio_bucket_name}`);
    const stored = await test.objects.describeBucket(refOf(bucket));
    assert.deepEqual(
      [stored?.publicRead, stored?.versioning, stored?.maxBytes, stored?.tags],
      [true, 'enabled', 5_000, { urgent: '', project: 'web' }],
    );
    await update(id, { versioning_enabled: false, size_limit_bytes: null, tags: null, lifecycle_rules: [] });
    const later = await test.objects.describeBucket(refOf(bucket));
    assert.deepEqual(
      [later?.versioning, later?.maxBytes, later?.tags, later?.lifecycle],
      ['suspended', null, {}, []],
    );
    const named = await call('PUT', `/storage/buckets/${id}`, { display_name: 'Photos' });
    assert.deepEqual([named.status, named.body.operation_id], [200, null]);
    assert.equal((await show(id)).display_name, 'Photos');
    const renamed = await call('PUT', `/storage/buckets/${id}`, { name: 'other', display_name: 'x' });
    assert.deepEqual([renamed.status, Object.keys(renamed.body.errors)], [422, ['name']]);
  });

  it('are refused with a reason for each field', async () => {
    assert.match(
      await refused({ encryption_type: 'sse-kms' }, 'encryption_type', 'encryption_kms_key_id'),
      /no key service/,
    );
    await refused({ encryption_enabled: false, encryption_type: 'sse-s3' }, 'encryption_type');
    await refused({ name: '10.0.0.1' }, 'name');
    await refused({ name: 'Upper' }, 'name');
    await refused({ region: 'moon' }, 'region');
    const retention = {
      object_lock_default_retention_mode: 'COMPLIANCE',
      object_lock_default_retention_days: 3,
    };
    await refused(retention, 'object_lock_default_retention_mode');
    await refused(
      { ...retention, object_lock_enabled: true, versioning_enabled: false },
      'versioning_enabled',
    );
    await refused(
      { object_lock_enabled: true, object_lock_default_retention_days: 3 },
      'object_lock_default_retention_mode',
    );
    await refused({ lifecycle_rules: [{ Status: 'Enabled' }] }, 'lifecycle_rules.0');
    await refused({ tags: ['a=1', 'a=2'] }, 'tags');
    await refused(
      { cors_configuration: { CORSRules: [{ AllowedOrigins: ['**'], AllowedMethods: [] }] } },
      'cors_configuration.CORSRules.0.AllowedMethods',
      'cors_configuration.CORSRules.0.AllowedOrigins',
    );
  });

  it('lock objects where that was asked for at their creation', async () => {
    const { id } = await makeBucket(call, 'locked', {
      object_lock_enabled: true,
      object_lock_default_retention_mode: 'GOVERNANCE',
      object_lock_default_retention_days: 30,
    });
    const bucket = await show(id);
    assert.deepEqual(
      [bucket.versioning_enabled, bucket.has_default_retention, bucket.object_lock_default_retention_human],
      [true, true, '30 days'],
    );
    await update(id, { object_lock_default_retention_days: 1 });
    const stored = await test.objects.describeBucket(refOf(bucket));
    assert.deepEqual(stored?.retention, { mode: 'GOVERNANCE', unit: 'days', period: 1 });
    const { credentials } = await makeAccessKey(call);
    test.objects.request(credentials, bucket.minio_bucket_name, { action: 'put', key: 'kept', sizeBytes: 5 });
    const forced = await ended(call, await call('DELETE', `/storage/buckets/${id}?force=true`));
    assert.deepEqual([forced.state, /retains 1 object/.test(forced.error.message)], ['failed', true]);
    assert.equal((await show(id)).status, 'error');
    const suspended = await call('PUT', `/storage/buckets/${id}`, { versioning_enabled: false });
    assert.deepEqual(Object.keys(suspended.body.errors), ['versioning_enabled']);
  });

  it('have a name once in a team, and cut in S3 where it is too long', async () => {
    const name = 'x'.repeat(63);
    const long = await makeBucket(call, name);
    assert.equal(long.minio_bucket_name.length, 63);
    assert.notEqual(long.minio_bucket_name, s3NameOf(team.teamId, `${name.slice(0, 62)}y`));
    assert.match(await refused({ name }, 'name'), /already/);
    const other = await makeBucket(await ownTeam(), name);
    assert.notEqual(other.minio_bucket_name, long.minio_bucket_name);
  });

  it('are not deleted while they hold objects, unless that is forced', async () => {
    const { id, minio_bucket_name: name } = await makeBucket(call, 'full');
    const { credentials } = await makeAccessKey(call);
    for (const key of ['one', 'two']) {
      assert.equal(test.objects.request(credentials, name, { action: 'put', key, sizeBytes: 2048 }), 'ok');
    }
    const kept = await call('DELETE', `/storage/buckets/${id}`);
    assert.deepEqual([kept.status, kept.body.object_count, kept.body.status], [422, 2, 'active']);
    assert.match(kept.body.message, /holds 2 objects \(4 KB/);
    const deleted = await call('DELETE', `/storage/buckets/${id}?force=true`);
    assert.deepEqual([deleted.status, deleted.body.status], [200, 'destroying']);
    await succeeded(call, deleted);
    assert.equal((await call('GET', `/storage/buckets/${id}`)).status, 404);
    assert.equal(test.objects.request(credentials, name, { action: 'get', key: 'one' }), 'NoSuchBucket');
  });

  it('count towards the quota of the team', async () => {
    const { teamId, token } = await createTeam(test.database);
    await test.database.pool.query(`update teams set quotas = '{"bucket": 1}' where id = $1`, [teamId]);
    const own = clientOf(test.app.url!, token);
    const { id } = await makeBucket(own, 'only');
    const refusal = await own('POST', '/storage/buckets', { name: 'second', region: 'fsn1' });
    assert.deepEqual([refusal.status, refusal.body.quota, refusal.body.limit], [422, 'bucket', 1]);
    assert.equal((await test.objects.describeTeam(teamId))?.maxBuckets, 1);
    await succeeded(own, await own('DELETE', `/storage/buckets/${id}`));
    await makeBucket(own, 'second');
  });

  it('show what the customer has set by S3, and get back what only Danube sets', async () => {
    const bucket = await makeBucket(call, 'drifting', { public_access: true });
    const ref = refOf(bucket);
    const statement = { Sid: 'Mine', Effect: 'Deny' };
    test.objects.drift.changeBucket(ref, {
      versioning: 'enabled',
      tags: { set: 'by-s3' },
      customStatements: [statement],
      publicRead: false,
      maxBytes: 1,
    });
    await reconcile();
    const shown = await show(bucket.id);
    assert.deepEqual([shown.versioning_enabled, shown.tags], [true, ['set=by-s3']]);
    assert.deepEqual(shown.custom_policy_statements, [statement]);
    const stored = await test.objects.describeBucket(ref);
    assert.deepEqual([stored?.publicRead, stored?.maxBytes, stored?.tags], [true, null, { set: 'by-s3' }]);
    const events = (await call('GET', `/events?resource_id=${bucket.id}`)).body.data;
    const types = events.map(({ type }: { type: string }) => type);
    assert.deepEqual(types, ['bucket.requested', 'bucket.created', 'bucket.changed', 'bucket.mended']);
  });

  it('are looked at closely only where they have changed, and in rotation', async () => {
    const bucket = await makeBucket(call, 'watched');
    await makeBucket(await ownTeam(), 'quiet');
    const looked: string[] = [];
    const off = test.objects.faults.before((verb, argument) => {
      if (verb === 'describeBucket') looked.push((argument as { name: string }).name);
    });
    const pass = async (rotate: number) => {
      looked.length = 0;
      await bucketReconciler(test.app.database, test.objects, createLog('silent'), rotate).run();
      return [...looked];
    };
    for (const _ of [1, 2]) await pass(0);
    assert.deepEqual(await pass(0), []);
    assert.equal((await pass(1)).length, 1);
    test.objects.drift.changeBucket(refOf(bucket), { tags: { set: 'by-s3' } });
    assert.deepEqual(await pass(0), [bucket.minio_bucket_name]);
    assert.deepEqual(await pass(0), []);
    // A row that differs, as after a restore of the database.
    await test.database.pool.query(`update buckets set tags = '{}', updated_at = now() where id = $1`, [
      bucket.id,
    ]);
    assert.deepEqual(await pass(0), [bucket.minio_bucket_name]);
    off();
  });

  it('are not looked for before there is a store', async () => {
    const { app, objects } = test;
    const ask = () => assert.fail('The store was asked.');
    const none = { ...objects, isMade: async () => false, listBuckets: ask, describeTeam: ask };
    await bucketReconciler(app.database, none, createLog('silent')).run();
  });

  it('have an error where they are gone from the store, and are made anew by an update', async () => {
    const bucket = await makeBucket(call, 'lost', { public_access: true });
    test.objects.drift.removeBucket(bucket.minio_bucket_name);
    await reconcile();
    const lost = await show(bucket.id);
    assert.deepEqual([lost.status, lost.status_details.error.code], ['error', 'bucket_missing']);
    await update(bucket.id, { tags: ['again'] });
    const stored = await test.objects.describeBucket(refOf(bucket));
    assert.deepEqual([stored?.publicRead, stored?.tags], [true, { again: '' }]);
  });

  it('wait for the object store, and say how long it takes', async () => {
    const other = await ownTeam();
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = test.objects.faults.before((verb) => (verb === 'ensureReady' ? promise : undefined));
    const created = await other('POST', '/storage/buckets', { name: 'early', region: 'fsn1' });
    assert.equal(created.status, 201);
    const queued = await other('PUT', `/storage/buckets/${created.body.bucket.id}`, { public_access: true });
    assert.equal(queued.body.bucket.status, 'creating');
    off();
    resolve();
    await succeeded(other, queued);
    const { bucket } = (await other('GET', `/storage/buckets/${created.body.bucket.id}`)).body;
    assert.deepEqual([bucket.status, bucket.public_access], ['active', true]);
  });

  it('agree with the object store in the end', async () => {
    await waitFor('the operations to end', async () => {
      const { data } = (await call('GET', '/operations?status=running')).body;
      return data.length === 0;
    });
    const { database, plane, objects } = test;
    assert.deepEqual(await findInconsistencies(database, plane, { objects }), []);
  });
});

describe('an install without object storage', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp({ objects: null });
  });
  after(() => test?.close());

  it('says so, and shows empty lists', async () => {
    const call = clientOf(test.app.url!, test.team.token);
    for (const path of ['/storage/buckets', '/storage/access-keys']) {
      const refusal = await call('POST', path, { name: 'none', region: 'fsn1' });
      assert.deepEqual([refusal.status, refusal.body.code], [422, 'not_available']);
      assert.deepEqual((await call('GET', path)).body.data, []);
    }
  });
});
