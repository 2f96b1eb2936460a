import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { randomText } from '../../src/lib/crypto.ts';
import type {
  BucketGrant,
  BucketRef,
  BucketReport,
  ObjectStore,
  RequestPage,
  StoreKey,
} from '../../src/object-store/contract.ts';
import type { Credentials, Outcome, Request } from '../../src/object-store/sim/client.ts';
import { waitFor } from '../harness.ts';
import { refuses } from './verbs.ts';

/** One implementation of the object store under test. */
export interface StoreSubject {
  store: ObjectStore;
  /** Numbers of two teams that nothing else uses. */
  teams: { one: number; two: number };
  /** Sends a customer’s request to S3, and returns `ok` or the code of S3’s error. */
  request(credentials: Credentials, bucket: string, wanted: Request): Promise<Outcome>;
  /**
   * As the customer with this key sets them by S3: a policy of this one statement in place of the bucket’s policy, and
   * these tags.
   */
  customize(
    credentials: NonNullable<Credentials>,
    ref: BucketRef,
    changes: { statement: object; tags: Record<string, string> },
  ): Promise<void>;
  /** Removes everything that the two teams have. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface World {
  subject: StoreSubject;
  one: number;
  two: number;
  bucket: BucketRef;
  later: BucketRef;
  foreign: BucketRef;
}

/** Tests that an object store does what `object-store/contract.ts` says. */
export function objectStoreContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`the contract of object stores: ${name}`, () => {
    const world = {} as World;
    before(async () => {
      const subject = await open();
      const { one, two } = subject.teams;
      const refOf = (teamId: number, own: string) => ({ teamId, name: `t${teamId}-${own}` });
      Object.assign(world, { subject, one, two });
      Object.assign(world, {
        bucket: refOf(one, 'first'),
        later: refOf(one, 'later'),
        foreign: refOf(two, 'first'),
      });
      for (const _ of [1, 2]) await subject.store.ensureReady(() => {});
      await subject.clear();
    });
    after(async () => {
      await world.subject?.clear();
      await world.subject?.close();
    });
    testTeams(world);
    testSettings(world);
    testTeamKeys(world);
    testBucketKeys(world);
    testEndsOfKeys(world);
    testPolicies(world);
    testLimits(world);
    testStatistics(world);
    testRemoval(world);
  });
}

const teamOf = (teamId: number, changes = {}) => ({
  teamId,
  bucketPrefix: `t${teamId}-`,
  maxBuckets: 10,
  maxBytes: null,
  ...changes,
});

interface Key extends StoreKey {
  secret: string;
  credentials: NonNullable<Credentials>;
}

function keyOf(teamId: number, scope: StoreKey['scope'], expiresAt: Date | null = null): Key {
  const [accessKeyId, secret] = [randomText(20).toUpperCase(), randomText(40)];
  return {
    ...{ ref: { teamId, accessKeyId }, scope, expiresAt, secret },
    credentials: { accessKeyId, secretAccessKey: secret },
  };
}

async function makeKey({ subject }: World, key: Key): Promise<Key> {
  const { secret, credentials: _credentials, ...plain } = key;
  for (const _ of [1, 2]) await subject.store.ensureKey(plain, secret);
  return key;
}

const grant = (
  bucket: BucketRef,
  level: BucketGrant['level'],
  prefix: string | null = null,
): BucketGrant => ({
  bucket: bucket.name,
  level,
  prefix,
});

const PUT: Request & { action: 'put' } = { action: 'put', key: 'a/one', sizeBytes: 10 };
const GET: Request = { action: 'get', key: 'a/one' };
const LIST: Request = { action: 'list', prefix: '' };
const DELETE: Request = { action: 'delete', key: 'a/one' };
const POLICY: Request = { action: 'policy' };

/** What the client gets, for each request in turn. */
async function outcomes(
  { subject }: World,
  credentials: Credentials,
  { name }: BucketRef,
  wanted: readonly Request[],
): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const one of wanted) all.push(await subject.request(credentials, name, one));
  return all;
}

function testTeams(world: World): void {
  it('makes the owner of a team’s buckets, and changes its limits', async () => {
    const { store } = world.subject;
    assert.equal(await store.describeTeam(world.one), null);
    for (const maxBuckets of [5, 5, 10])
      await store.ensureTeam(teamOf(world.one, { maxBuckets, maxBytes: 1e9 }));
    assert.deepEqual(await store.describeTeam(world.one), teamOf(world.one, { maxBytes: 1e9 }));
    await store.ensureTeam(teamOf(world.one));
    await store.ensureTeam(teamOf(world.two));
    assert.equal((await store.describeTeam(world.one))?.maxBytes, null);
  });

  it('has nothing where nobody made it', async () => {
    const { store } = world.subject;
    const { bucket, one } = world;
    assert.equal(await store.describeBucket(bucket), null);
    assert.equal(await store.measureBucket(bucket), null);
    assert.equal(await store.describeKey({ teamId: one, accessKeyId: 'NOBODY' }), null);
    await store.removeBucket(bucket);
    await store.emptyBucket(bucket, () => {});
    await store.removeKey({ teamId: one, accessKeyId: 'NOBODY' });
  });
}

function testSettings(world: World): void {
  const seen = async (ref: BucketRef): Promise<BucketReport> =>
    (await world.subject.store.describeBucket(ref)) ?? assert.fail('There is no such bucket.');

  it('makes a bucket, and changes only the settings that are named', async () => {
    const { store } = world.subject;
    const { bucket, foreign } = world;
    for (const _ of [1, 2]) await store.ensureBucket(bucket, false, { encryption: { type: 'sse-s3' } });
    await store.ensureBucket(foreign, false, {});
    const made = await seen(bucket);
    assert.deepEqual([made.ref, made.versioning, made.objectLock], [bucket, 'off', false]);
    assert.deepEqual([made.encryption, made.publicRead, made.maxBytes], [{ type: 'sse-s3' }, false, null]);

    const cors = [{ AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'], MaxAgeSeconds: 60 }];
    const lifecycle = [
      { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 7 } },
      {
        ID: 'parts',
        Status: 'Disabled' as const,
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
    ];
    await store.ensureBucket(bucket, false, {
      cors,
      lifecycle,
      tags: { project: 'one' },
      versioning: 'enabled',
    });
    await store.ensureBucket(bucket, false, { maxBytes: 5_000_000 });
    const changed = await seen(bucket);
    assert.deepEqual([changed.cors, changed.tags, changed.versioning], [cors, { project: 'one' }, 'enabled']);
    assert.deepEqual(
      changed.lifecycle.map(({ ID, Status }) => [ID, Status]),
      [
        ['old', 'Enabled'],
        ['parts', 'Disabled'],
      ],
    );
    assert.deepEqual([changed.maxBytes, changed.encryption], [5_000_000, { type: 'sse-s3' }]);

    const none = {
      cors: null,
      lifecycle: null,
      tags: {},
      maxBytes: null,
      encryption: { type: 'none' as const },
    };
    await store.ensureBucket(bucket, false, { ...none, versioning: 'suspended' });
    const cleared = await seen(bucket);
    assert.deepEqual([cleared.cors, cleared.lifecycle, cleared.tags, cleared.maxBytes], [[], [], {}, null]);
    assert.deepEqual([cleared.versioning, cleared.encryption], ['suspended', { type: 'none' }]);
  });

  it('retains objects where the bucket has object lock, and refuses that elsewhere', async () => {
    const { store } = world.subject;
    const locked = { teamId: world.one, name: `t${world.one}-locked` };
    const retention = { mode: 'GOVERNANCE', unit: 'days', period: 1 } as const;
    await store.ensureBucket(locked, true, { retention });
    const { objectLock, versioning, retention: kept } = await seen(locked);
    assert.deepEqual([objectLock, versioning, kept], [true, 'enabled', retention]);
    await refuses(store.ensureBucket(world.bucket, false, { retention }), 'invalid');
    await store.ensureBucket(locked, true, { retention: null });
    assert.equal((await seen(locked)).retention, null);
    await store.removeBucket(locked);
  });

  it('gives a name to one owner only', async () => {
    await refuses(
      world.subject.store.ensureBucket({ ...world.bucket, teamId: world.two }, false, {}),
      'invalid',
    );
    assert.equal(await world.subject.store.describeBucket({ ...world.bucket, teamId: world.two }), null);
  });
}

function testTeamKeys(world: World): void {
  it('lets a key of the team into all its buckets, and into those that come later', async () => {
    const { store } = world.subject;
    const key = await makeKey(world, keyOf(world.one, 'team'));
    assert.deepEqual(await store.describeKey(key.ref), { ref: key.ref, scope: 'team', expiresAt: null });
    assert.ok((await store.listKeys()).some(({ accessKeyId }) => accessKeyId === key.ref.accessKeyId));
    const all = await outcomes(world, key.credentials, world.bucket, [PUT, GET, LIST, DELETE]);
    assert.deepEqual(all, ['ok', 'ok', 'ok', 'ok']);
    await store.ensureBucket(world.later, false, {});
    assert.deepEqual(await outcomes(world, key.credentials, world.later, [PUT, GET]), ['ok', 'ok']);
    assert.deepEqual(await outcomes(world, key.credentials, world.foreign, [PUT, GET, LIST]), DENIED);
    const wrong = { ...key.credentials, secretAccessKey: 'wrong' };
    assert.notEqual((await outcomes(world, wrong, world.bucket, [LIST]))[0], 'ok');
    assert.deepEqual(await outcomes(world, null, world.bucket, [PUT, GET, LIST]), DENIED);
    await store.removeKey(key.ref);
  });
}

const DENIED: Outcome[] = ['AccessDenied', 'AccessDenied', 'AccessDenied'];

function testBucketKeys(world: World): void {
  it('lets a key of buckets do what its level allows, there only', async () => {
    const { bucket, later, foreign } = world;
    const [read, write, full] = await Promise.all(
      (['read', 'readwrite', 'full'] as const).map((level) =>
        makeKey(world, keyOf(world.one, [grant(bucket, level)])),
      ),
    );
    const every = [PUT, GET, LIST, POLICY, DELETE];
    const no = 'AccessDenied';
    assert.deepEqual(await outcomes(world, full!.credentials, bucket, every), ['ok', 'ok', 'ok', 'ok', 'ok']);
    assert.deepEqual(await outcomes(world, write!.credentials, bucket, every), ['ok', 'ok', 'ok', no, 'ok']);
    assert.deepEqual(await outcomes(world, write!.credentials, bucket, [PUT]), ['ok']);
    assert.deepEqual(await outcomes(world, read!.credentials, bucket, every), [no, 'ok', 'ok', no, no]);
    for (const key of [read!, write!, full!]) {
      assert.deepEqual(await outcomes(world, key.credentials, later, [PUT, GET, LIST]), DENIED);
      assert.deepEqual(await outcomes(world, key.credentials, foreign, [PUT, GET, LIST]), DENIED);
      await world.subject.store.removeKey(key.ref);
    }
  });

  it('keeps a key with a prefix to that prefix', async () => {
    const { bucket } = world;
    const key = await makeKey(world, keyOf(world.one, [grant(bucket, 'readwrite', 'a/')]));
    const scope = (await world.subject.store.describeKey(key.ref))?.scope;
    assert.deepEqual(scope, [grant(bucket, 'readwrite', 'a/')]);
    const inside: Request[] = [PUT, GET, { action: 'list', prefix: 'a/' }];
    assert.deepEqual(await outcomes(world, key.credentials, bucket, inside), ['ok', 'ok', 'ok']);
    const outside: Request[] = [{ ...PUT, key: 'b/one' }, { action: 'get', key: 'b/one' }, LIST];
    assert.deepEqual(await outcomes(world, key.credentials, bucket, outside), DENIED);
    await world.subject.store.removeKey(key.ref);
  });
}

function testEndsOfKeys(world: World): void {
  it('takes another scope, and refuses a key from the moment that it is removed', async () => {
    const { store } = world.subject;
    const { bucket, later } = world;
    const key = await makeKey(world, keyOf(world.one, [grant(bucket, 'read')]));
    await makeKey(world, { ...key, scope: [grant(later, 'read')] });
    assert.deepEqual(await outcomes(world, key.credentials, bucket, [LIST]), ['AccessDenied']);
    assert.deepEqual(await outcomes(world, key.credentials, later, [LIST]), ['ok']);
    // Its only bucket was deleted, for example: the end that it had stays.
    const expiresAt = new Date(Date.now() + 3_600_000);
    await makeKey(world, { ...key, scope: [], expiresAt });
    assert.deepEqual(await store.describeKey(key.ref), { ref: key.ref, scope: [], expiresAt });
    assert.deepEqual(await outcomes(world, key.credentials, later, [LIST]), ['AccessDenied']);
    await makeKey(world, { ...key, scope: [grant(later, 'read')] });
    await store.removeKey({ ...key.ref, teamId: world.two });
    assert.deepEqual(await outcomes(world, key.credentials, later, [LIST]), ['ok']);
    for (const _ of [1, 2]) await store.removeKey(key.ref);
    assert.deepEqual(await outcomes(world, key.credentials, later, [LIST]), ['InvalidAccessKeyId']);
    assert.equal(await store.describeKey(key.ref), null);
  });

  it('refuses a key once it has expired, without being told again', async () => {
    const { store } = world.subject;
    const soon = new Date(Math.ceil(Date.now() / 1000) * 1000 + 4000);
    for (const scope of ['team' as const, [grant(world.bucket, 'read')]]) {
      const lasting = await makeKey(world, keyOf(world.one, scope, new Date(soon.getTime() + 3_600_000)));
      assert.deepEqual(await outcomes(world, lasting.credentials, world.bucket, [LIST]), ['ok']);
      assert.deepEqual((await store.describeKey(lasting.ref))?.expiresAt, lasting.expiresAt);
      await makeKey(world, { ...lasting, expiresAt: soon });
      await waitFor('the key to expire', async () => {
        const [outcome] = await outcomes(world, lasting.credentials, world.bucket, [LIST]);
        return outcome !== 'ok';
      });
      assert.ok(Date.now() >= soon.getTime(), 'It was refused before its time.');
      await store.removeKey(lasting.ref);
    }
  });
}

function testPolicies(world: World): void {
  it('lets anybody read a public bucket, but not list it, and keeps what the customer has set by S3', async () => {
    const { store } = world.subject;
    const { bucket, one } = world;
    const key = await makeKey(world, keyOf(one, 'team'));
    await outcomes(world, key.credentials, bucket, [PUT]);
    await store.ensureBucket(bucket, false, { publicRead: true });
    const statement = {
      Sid: 'Mine',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:GetObject'],
      Resource: [`arn:aws:s3:::${bucket.name}/private/*`],
    };
    await world.subject.customize(key.credentials, bucket, { statement, tags: { mine: 'kept' } });
    for (const publicRead of [true, true, false, true]) {
      await store.ensureBucket(bucket, false, { publicRead, maxBytes: null });
      const report = await store.describeBucket(bucket);
      assert.equal(report?.publicRead, publicRead);
      assert.deepEqual(report?.tags, { mine: 'kept' });
      assert.deepEqual(
        report?.customStatements.map((one) => (one as typeof statement).Sid),
        ['Mine'],
      );
      const expected = publicRead ? 'ok' : 'AccessDenied';
      const anonymous = await outcomes(world, null, bucket, [GET, LIST, PUT]);
      assert.deepEqual(anonymous, [expected, 'AccessDenied', 'AccessDenied']);
    }
    await store.removeKey(key.ref);
  });
}

function testLimits(world: World): void {
  it('refuses what goes beyond the limit of a bucket or of the team', async () => {
    const { store } = world.subject;
    const { later, one } = world;
    const key = await makeKey(world, keyOf(one, 'team'));
    const large: Request = { action: 'put', key: 'large', sizeBytes: 200_000 };
    // A gateway may count what was written with a delay of its own, but a single object it compares at once.
    await store.ensureBucket(later, false, { maxBytes: 100_000 });
    assert.deepEqual(await outcomes(world, key.credentials, later, [large]), ['QuotaExceeded']);
    await store.ensureBucket(later, false, { maxBytes: null });
    await store.ensureTeam(teamOf(one, { maxBytes: 100_000 }));
    assert.deepEqual(await outcomes(world, key.credentials, later, [large]), ['QuotaExceeded']);
    await store.ensureTeam(teamOf(one));
    assert.deepEqual(await outcomes(world, key.credentials, later, [large]), ['ok']);
    await store.removeKey(key.ref);
  });
}

function testStatistics(world: World): void {
  it('counts what buckets hold and what is asked of them', async () => {
    const { store } = world.subject;
    const { later, one } = world;
    const key = await makeKey(world, keyOf(one, 'team'));
    const begun = new Date();
    await outcomes(world, key.credentials, later, [{ action: 'put', key: 'small', sizeBytes: 50 }]);
    await outcomes(world, key.credentials, later, [
      { action: 'get', key: 'large' },
      { action: 'get', key: 'none' },
    ]);
    await waitFor('the bucket to be counted', async () => {
      const size = await store.measureBucket(later);
      return size !== null && size.objectCount >= 2 && size.sizeBytes >= 200_050;
    });
    const listed = (await store.listBuckets()).filter(({ ref }) => ref.name === later.name);
    assert.deepEqual(
      listed.map(({ ref }) => ref),
      [later],
    );
    const largest = await store.listLargest(later, 1);
    assert.deepEqual(largest, [{ objectKey: 'large', sizeBytes: 200_000 }]);
    assert.deepEqual(await store.describeUploads(later), { count: 0, sizeBytes: 0 });
    await testRequests(world, key, begun);
    await store.removeKey(key.ref);
  });
}

async function testRequests({ subject: { store }, later }: World, key: Key, begun: Date): Promise<void> {
  await waitFor('the usage to be counted', async () => {
    const hours = (await store.readUsage(begun)).filter(({ bucket }) => bucket === later.name);
    const read = hours.filter(({ method }) => method === 'GET');
    return read.some(({ requests, egressBytes }) => requests > 0 && egressBytes >= 200_000);
  });
  if ((await store.readRequests(null, 1)) === null) return;
  const found = await waitFor('the requests to be logged', async () => {
    let position: string | null = null;
    const all = [];
    for (;;) {
      const page: RequestPage = (await store.readRequests(position, 3))!;
      all.push(...page.requests);
      position = page.position;
      if (!page.isPartial) break;
    }
    const ours = all.filter(
      ({ at, bucket }) => bucket === later.name && at >= new Date(begun.getTime() - 1000),
    );
    return ours.some(({ status }) => status === 404) && ours;
  });
  const large = found.find(({ objectKey, method }) => objectKey === 'large' && method === 'GET');
  assert.ok(large && large.status === 200 && large.egressBytes >= 200_000);
  assert.equal(large.accessKeyId, key.ref.accessKeyId);
}

function testRemoval(world: World): void {
  it('deletes no bucket that holds something, but empties it when asked', async () => {
    const { store } = world.subject;
    const { one, later, bucket, foreign } = world;
    await refuses(store.removeBucket(later), 'invalid');
    await refuses(store.removeTeam(one), 'invalid');
    for (const ref of [later, bucket, foreign]) {
      for (const _ of [1, 2]) await store.emptyBucket(ref, () => {});
      for (const _ of [1, 2]) await store.removeBucket(ref);
      assert.equal(await store.describeBucket(ref), null);
    }
    for (const _ of [1, 2]) await store.removeTeam(one);
    assert.equal(await store.describeTeam(one), null);
  });

  it('leaves what object lock retains, and says so', async () => {
    const { store } = world.subject;
    const locked = { teamId: world.two, name: `t${world.two}-retained` };
    const retention = { mode: 'GOVERNANCE', unit: 'days', period: 1 } as const;
    await store.ensureBucket(locked, true, {});
    const key = await makeKey(world, keyOf(world.two, 'team'));
    await outcomes(world, key.credentials, locked, [{ action: 'put', key: 'free', sizeBytes: 5 }]);
    await store.ensureBucket(locked, true, { retention });
    await outcomes(world, key.credentials, locked, [{ action: 'put', key: 'kept', sizeBytes: 5 }]);
    await refuses(
      store.emptyBucket(locked, () => {}),
      'invalid',
    );
    assert.deepEqual(await outcomes(world, key.credentials, locked, [{ action: 'get', key: 'kept' }]), [
      'ok',
    ]);
    await refuses(store.removeBucket(locked), 'invalid');
  });
}
