import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetBucketPolicyCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  type ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { codeOf, type Keys, outcomeOf, type StoreCustomers } from './object-store-customers.ts';

/** S3 names of the buckets. */
export interface Buckets {
  one: string;
  two: string;
  foreign: string;
}

/** Those that write something before the test begins. */
export const WRITERS = ['team', 'readwrite', 'full', 'prefix', 'expired', 'expiredTeam', 'revoked'];
export const ownOf = (who: string): string => (WRITERS.includes(who) ? `in/own-${who}` : 'in/seed');

type Action = (client: S3Client, who: string) => Promise<string>;

/** What the matrix asks of each key, by the name of the line. */
export function actions(
  buckets: Buckets,
  customers: StoreCustomers,
  keys: Record<string, Keys | null>,
): Record<string, Action> {
  return {
    ...objectActions(buckets),
    ...settingActions(buckets),
    ...strangeActions(buckets, customers, keys),
  };
}

/** The outcome of one command of the SDK. */
export const send = (client: S3Client, command: object): Promise<string> =>
  outcomeOf(client.send(command as ListBucketsCommand));

const get = (client: S3Client, Bucket: string, Key: string): Promise<string> =>
  outcomeOf(
    client.send(new GetObjectCommand({ Bucket, Key })).then(({ Body }) => Body!.transformToByteArray()),
  );

function objectActions(buckets: Buckets): Record<string, Action> {
  const put = (client: S3Client, Key: string) =>
    send(client, new PutObjectCommand({ Bucket: buckets.one, Key, Body: 'x' }));
  const remove = (client: S3Client, Key: string) =>
    send(client, new DeleteObjectCommand({ Bucket: buckets.one, Key }));
  return {
    'list objects': (client) => send(client, new ListObjectsV2Command({ Bucket: buckets.one })),
    'list objects of the prefix': (client) =>
      send(client, new ListObjectsV2Command({ Bucket: buckets.one, Prefix: 'in/' })),
    get: (client) => get(client, buckets.one, 'out/seed'),
    'get in the prefix': (client) => get(client, buckets.one, 'in/seed'),
    'get what it wrote': (client, who) => get(client, buckets.one, ownOf(who)),
    put: (client, who) => put(client, `out/put-${who}`),
    'put in the prefix': (client, who) => put(client, `in/put-${who}`),
    delete: (client, who) => remove(client, `out/delete-${who}`),
    'delete in the prefix': (client, who) => remove(client, `in/delete-${who}`),
    multipart: (client) => multipart(client, buckets.one, 'out/parts'),
    'multipart in the prefix': (client) => multipart(client, buckets.one, 'in/parts'),
  };
}

/** Begins an upload, sends a part and gives it up. */
async function multipart(client: S3Client, Bucket: string, Key: string): Promise<string> {
  let UploadId: string | undefined;
  const begun = await outcomeOf(
    client.send(new CreateMultipartUploadCommand({ Bucket, Key })).then((answer) => {
      ({ UploadId } = answer);
    }),
  );
  if (begun !== 'ok') return begun;
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'part' };
  const sent = await send(client, new UploadPartCommand(part));
  const given = await send(client, new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  return sent === 'ok' ? given : sent;
}

function settingActions(buckets: Buckets): Record<string, Action> {
  const policy = () =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${buckets.one}/never/*`,
        },
      ],
    });
  const Private = { ACL: 'private' } as const;
  return {
    'read policy': async (client) => {
      const outcome = await send(client, new GetBucketPolicyCommand({ Bucket: buckets.one }));
      return outcome === 'NoSuchBucketPolicy' ? 'ok' : outcome;
    },
    'set policy': async (client) => {
      const set = await send(client, new PutBucketPolicyCommand({ Bucket: buckets.one, Policy: policy() }));
      const unset = await send(client, new DeleteBucketPolicyCommand({ Bucket: buckets.one }));
      return set === unset ? set : `${set}, and to delete it: ${unset}`;
    },
    'read ACL of the bucket': (client) => send(client, new GetBucketAclCommand({ Bucket: buckets.one })),
    'set ACL of the bucket': (client) =>
      send(client, new PutBucketAclCommand({ Bucket: buckets.one, ...Private })),
    'read ACL of an object': (client) =>
      send(client, new GetObjectAclCommand({ Bucket: buckets.one, Key: 'in/seed' })),
    'set ACL of an object': (client) =>
      send(client, new PutObjectAclCommand({ Bucket: buckets.one, Key: 'in/seed', ...Private })),
    'share what it wrote': (client, who) =>
      send(client, new PutObjectAclCommand({ Bucket: buckets.one, Key: ownOf(who), ACL: 'public-read' })),
  };
}

function strangeActions(
  buckets: Buckets,
  customers: StoreCustomers,
  keys: Record<string, Keys | null>,
): Record<string, Action> {
  /** As somebody would ask who knows how the platform does. */
  const platform = async (who: string, wanted: Parameters<StoreCustomers['signed']>[1]): Promise<string> => {
    const nobody = { accessKeyId: 'NOBODY', secretAccessKey: 'nothing' };
    const code = codeOf(await customers.signed(keys[who] ?? nobody, wanted));
    // An id that nobody has is refused as such, and that is as good.
    return keys[who] === null && code === 'InvalidAccessKeyId' ? 'AccessDenied' : code;
  };
  const ofUsers = {
    Action: 'GetUserPolicy',
    Version: '2010-05-08',
    UserName: 'danube',
    PolicyName: 'danube',
  };
  return {
    'list another bucket': (client) => send(client, new ListObjectsV2Command({ Bucket: buckets.two })),
    'get of another bucket': (client) => get(client, buckets.two, 'seed'),
    'put to another bucket': (client) =>
      send(client, new PutObjectCommand({ Bucket: buckets.two, Key: 'put', Body: 'x' })),
    'get of another team': (client) => get(client, buckets.foreign, 'seed'),
    'put to another team': (client) =>
      send(client, new PutObjectCommand({ Bucket: buckets.foreign, Key: 'put', Body: 'x' })),
    'make a bucket': async (client, who) => {
      const owner = who === 'others' ? buckets.foreign : buckets.one;
      const Bucket = `${owner}-by-s3`;
      const made = await send(client, new CreateBucketCommand({ Bucket }));
      if (made === 'ok') await client.send(new DeleteBucketCommand({ Bucket }));
      return made;
    },
    'admin API': (_client, who) => platform(who, { path: '/admin/user?uid=danube&format=json' }),
    'policies of users': (_client, who) =>
      platform(who, {
        method: 'POST',
        path: '/',
        service: 'iam',
        body: String(new URLSearchParams(ofUsers)),
      }),
  };
}
