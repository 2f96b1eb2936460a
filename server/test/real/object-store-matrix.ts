import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { waitFor } from '../harness.ts';
import { makeAccessKey, makeBucket, succeeded } from '../object-storage.ts';
import { actions, type Buckets, ownOf, send, WRITERS } from './object-store-actions.ts';
import { type Keys, outcomeOf, type StoreCustomers } from './object-store-customers.ts';

/**
 * What each key may do: `+` succeeds, `-` is `AccessDenied`, `x` is `InvalidAccessKeyId`. Keys of buckets are for the bucket
 * `one`, that with a prefix for `in/` there; the expired and the revoked keys could do everything of `readwrite`, or all of the team.
 */
const MATRIX = `
                              team read readwrite full prefix expired expiredTeam revoked others anonymous
  list objects                +    +    +         +    -      -       -           x       -      -
  list objects of the prefix  +    +    +         +    +      -       -           x       -      -
  get                         +    +    +         +    -      -       -           x       -      -
  get in the prefix           +    +    +         +    +      -       -           x       -      -
  get what it wrote           +    +    +         +    +      -       -           x       -      -
  put                         +    -    +         +    -      -       -           x       -      -
  put in the prefix           +    -    +         +    +      -       -           x       -      -
  delete                      +    -    +         +    -      -       -           x       -      -
  delete in the prefix        +    -    +         +    +      -       -           x       -      -
  multipart                   +    -    +         +    -      -       -           x       -      -
  multipart in the prefix     +    -    +         +    +      -       -           x       -      -
  read policy                 +    -    -         +    -      -       -           x       -      -
  set policy                  +    -    -         +    -      -       -           x       -      -
  read ACL of the bucket      +    -    -         +    -      -       -           x       -      -
  set ACL of the bucket       +    -    -         +    -      -       -           x       -      -
  read ACL of an object       +    +    +         +    +      -       -           x       -      -
  set ACL of an object        +    -    -         +    -      -       -           x       -      -
  share what it wrote         +    -    -         +    -      -       -           x       -      -
  list another bucket         +    -    -         -    -      -       -           x       -      -
  get of another bucket       +    -    -         -    -      -       -           x       -      -
  put to another bucket       +    -    -         -    -      -       -           x       -      -
  get of another team         -    -    -         -    -      -       -           x       +      -
  put to another team         -    -    -         -    -      -       -           x       +      -
  make a bucket               +    -    -         -    -      -       -           x       +      -
  admin API                   -    -    -         -    -      -       -           -       -      -
  policies of users           -    -    -         -    -      -       -           x       -      -
`;
/** What each key sees when it lists buckets: nothing else of the store, and the names of nobody else. */
const LISTED: Record<string, string> = {
  ...{ team: 'one two', read: '', readwrite: '', full: '', prefix: '' },
  ...{
    expired: 'AccessDenied',
    expiredTeam: 'AccessDenied',
    revoked: 'InvalidAccessKeyId',
    others: 'foreign',
  },
  // Nobody has no buckets.
  anonymous: '',
};
const MARKS: Record<string, string> = { '+': 'ok', '-': 'AccessDenied', x: 'InvalidAccessKeyId' };

/** Asserts each cell of the matrix, with the SDK through the customers' endpoint. */
export function testMatrix(customers: StoreCustomers): void {
  describe('each kind of key', { concurrency: 1 }, () => {
    const [header = '', ...lines] = MATRIX.trim().split('\n');
    const columns = header.trim().split(/\s+/);
    const clients: Record<string, S3Client> = {};
    const keys: Record<string, Keys | null> = {};
    const buckets = {} as Buckets;

    before(async () => {
      Object.assign(keys, await makeKeys(customers, buckets));
      for (const column of columns) clients[column] = customers.world.client(keys[column] ?? null);
      await seed(clients, buckets);
      await end(customers, keys, clients, buckets);
    });
    after(() => {
      for (const client of Object.values(clients)) client.destroy();
    });

    it('lists the buckets that it may', async () => {
      const seen: Record<string, string> = {};
      for (const column of columns) seen[column] = await listed(clients[column]!, buckets);
      assert.deepEqual(seen, LISTED);
    });

    const asked = actions(buckets, customers, keys);
    it('has a line for each action', () => {
      assert.deepEqual(lines.map(nameOf), Object.keys(asked));
    });
    for (const line of lines) {
      it(`${nameOf(line)}: who may`, async () => {
        const marks = line
          .trim()
          .split(/\s{2,}/)
          .slice(1);
        const expected = Object.fromEntries(columns.map((column, index) => [column, MARKS[marks[index]!]]));
        const seen: Record<string, string> = {};
        for (const column of columns) seen[column] = await asked[nameOf(line)]!(clients[column]!, column);
        assert.deepEqual(seen, expected);
      });
    }

    it('has left what nobody was allowed to change', async () => {
      const team = clients.team!;
      const { Contents = [] } = await team.send(
        new ListObjectsV2Command({ Bucket: buckets.one, Prefix: 'out/' }),
      );
      const names = Contents.map(({ Key }) => Key!).filter((name) => !/^out\/(put|own)-/.test(name));
      // Of those that were to be deleted, the ones of keys that might not are left.
      const left = columns.filter((column) => !['team', 'readwrite', 'full'].includes(column));
      assert.deepEqual(names, [...left.map((column) => `out/delete-${column}`), 'out/seed'].sort());
      const { Body } = await team.send(new GetObjectCommand({ Bucket: buckets.one, Key: 'out/seed' }));
      assert.equal(await Body!.transformToString(), 'seed');
    });
  });
}

const nameOf = (line: string): string => line.trim().split(/\s{2,}/)[0]!;

async function makeKeys(customers: StoreCustomers, buckets: Buckets): Promise<Record<string, Keys | null>> {
  const { call, others } = customers;
  const { id, minio_bucket_name: one } = await makeBucket(call, 'one');
  const two = (await makeBucket(call, 'two')).minio_bucket_name;
  const foreign = (await makeBucket(others, 'foreign')).minio_bucket_name;
  Object.assign(buckets, { one, two, foreign });
  const key = (level: string, changes: object = {}, prefix: string | null = null) =>
    customers.key({ scope: 'buckets', bucket_permissions: [{ bucket_id: id, level, prefix }], ...changes });
  const team = (changes: object = {}) => customers.key({ scope: 'team', ...changes });
  // Its end comes once it has written something.
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  return {
    team: await team(),
    read: await key('read'),
    readwrite: await key('readwrite'),
    full: await key('full'),
    prefix: await key('readwrite', {}, 'in/'),
    expired: await key('readwrite', { expires_at }),
    expiredTeam: await team({ expires_at }),
    revoked: await team(),
    others: (await makeAccessKey(others, { scope: 'team' })).credentials,
    anonymous: null,
  };
}

/** What the keys find: something of the team, and something of each key that may write. */
async function seed(clients: Record<string, S3Client>, { one, two, foreign }: Buckets): Promise<void> {
  const put = (who: string, Bucket: string, Key: string) =>
    clients[who]!.send(new PutObjectCommand({ Bucket, Key, Body: 'seed' }));
  // Those that expire first.
  for (const who of WRITERS.toReversed()) await put(who, one, ownOf(who));
  for (const key of ['in/seed', 'out/seed']) await put('team', one, key);
  for (const who of Object.keys(clients))
    for (const folder of ['in', 'out']) await put('team', one, `${folder}/delete-${who}`);
  await put('team', two, 'seed');
  await put('others', foreign, 'seed');
}

/** Revokes what is to be revoked, and lets expire what is to expire. */
async function end(
  { call, team, world }: StoreCustomers,
  keys: Record<string, Keys | null>,
  clients: Record<string, S3Client>,
  { one }: Buckets,
): Promise<void> {
  const { id } = keys.revoked as Keys & { id: string };
  await succeeded(call, await call('DELETE', `/storage/access-keys/${id}`));
  const list = new ListObjectsV2Command({ Bucket: one });
  for (const who of ['expired', 'expiredTeam']) {
    const { accessKeyId, secretAccessKey } = keys[who]!;
    assert.equal(await send(clients[who]!, list), 'ok');
    const key = await world.store.describeKey({ teamId: team.teamId, accessKeyId });
    await world.store.ensureKey({ ...key!, expiresAt: new Date(Date.now() + 2000) }, secretAccessKey);
    await waitFor(`${who} to end`, async () => (await send(clients[who]!, list)) === 'AccessDenied');
  }
}

async function listed(client: S3Client, buckets: Buckets): Promise<string> {
  let names = '';
  const outcome = await outcomeOf(
    client.send(new ListBucketsCommand()).then(({ Buckets = [] }) => {
      names = Buckets.map(
        ({ Name }) => Object.entries(buckets).find(([, name]) => name === Name)?.[0] ?? Name,
      )
        .sort()
        .join(' ');
    }),
  );
  return outcome === 'ok' ? names : outcome;
}
