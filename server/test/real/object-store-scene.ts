import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { makeAccessKey, makeBucket } from '../object-storage.ts';
import { type Keys, outcomeOf, type StoreCustomers } from './object-store-customers.ts';

/** In the objects of the attacked team. */
export const SECRET = 'only for the team';

/** Two teams with buckets, and keys of several kinds. */
export interface Scene {
  /** Of the first team: a private bucket with `in/` and `out/`, and one that anybody may read. */
  own: string;
  open: string;
  openId: string;
  /** Of the other team. */
  foreign: string;
  keys: Record<'team' | 'read' | 'prefix' | 'others', Keys & { id?: string }>;
  team: S3Client;
  prefix: S3Client;
  others: S3Client;
  anonymous: S3Client;
}

/** Makes buckets, objects and keys. */
export async function setScene(customers: StoreCustomers): Promise<Scene> {
  const { call, others: otherCall, world } = customers;
  const { id, minio_bucket_name: own } = await makeBucket(call, 'attacked');
  const { id: openId, minio_bucket_name: open } = await makeBucket(call, 'open', { public_access: true });
  const { minio_bucket_name: foreign } = await makeBucket(otherCall, 'attacker');
  const ofBucket = (level: string, prefix: string | null) =>
    customers.key({ scope: 'buckets', bucket_permissions: [{ bucket_id: id, level, prefix }] });
  const keys = {
    team: await customers.key({ scope: 'team' }),
    read: await ofBucket('read', null),
    prefix: await ofBucket('readwrite', 'in/'),
    others: (await makeAccessKey(otherCall, { scope: 'team' })).credentials,
  };
  const [team, prefix, others, anonymous] = [
    ...[keys.team, keys.prefix, keys.others].map((key) => world.client(key)),
    world.client(null),
  ] as [S3Client, S3Client, S3Client, S3Client];
  for (const [Bucket, Key] of [
    [own, 'in/one'],
    [own, 'out/one'],
    [open, 'one'],
  ])
    await team.send(new PutObjectCommand({ Bucket, Key, Body: SECRET }));
  await others.send(new PutObjectCommand({ Bucket: foreign, Key: 'one', Body: 'theirs' }));
  return { own, open, openId, foreign, keys, team, prefix, others, anonymous };
}

/** The outcome of reading an object. */
export const readAs = (client: S3Client, Bucket: string, Key: string): Promise<string> =>
  outcomeOf(
    client.send(new GetObjectCommand({ Bucket, Key })).then(({ Body }) => Body!.transformToByteArray()),
  );
