import {
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Credentials, Outcome, Request } from '../../src/object-store/sim/client.ts';
import type { StoreSubject } from '../contract/object-store.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';

const FIRST = slice.firstTeam + 700;

/** The contract's subject: S3 is asked through the customers' endpoint, with the SDK. */
export function realStoreSubject(world: StoreWorld, first = FIRST): StoreSubject {
  const teams = { one: first, two: first + 1 };
  return {
    store: world.store,
    teams,
    async request(credentials, bucket, wanted): Promise<Outcome> {
      const client = world.client(credentials);
      try {
        await send(client, bucket, wanted);
        return 'ok';
      } catch (error) {
        if (!(error instanceof S3ServiceException)) throw error;
        // Nothing is there to be read, and the question was allowed.
        return error.name === 'NoSuchBucketPolicy' ? 'ok' : (error.name as Outcome);
      } finally {
        client.destroy();
      }
    },
    async customize(credentials: NonNullable<Credentials>, { name }, { statement, tags }) {
      const client = world.client(credentials);
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
      const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await client.send(new PutBucketTaggingCommand({ Bucket: name, Tagging: { TagSet } }));
      client.destroy();
    },
    async clear() {
      const own: (number | null)[] = Object.values(teams);
      const buckets = (await world.store.listBuckets()).filter(({ ref }) => own.includes(ref.teamId));
      for (const { ref } of buckets) {
        const bucket = { teamId: ref.teamId ?? 0, name: ref.name };
        // What object lock retains goes with the instance.
        const emptied = await world.store
          .emptyBucket(bucket, () => undefined)
          .then(
            () => true,
            () => false,
          );
        if (emptied) await world.store.removeBucket(bucket);
      }
      const kept = (await world.store.listBuckets()).map(({ ref }) => ref.teamId);
      for (const team of Object.values(teams)) if (!kept.includes(team)) await world.store.removeTeam(team);
    },
    close: async () => undefined,
  };
}

function send(client: S3Client, Bucket: string, wanted: Request): Promise<unknown> {
  switch (wanted.action) {
    case 'put':
      return client.send(
        new PutObjectCommand({ Bucket, Key: wanted.key, Body: Buffer.alloc(wanted.sizeBytes, 'x') }),
      );
    case 'get':
      return client
        .send(new GetObjectCommand({ Bucket, Key: wanted.key }))
        .then(({ Body }) => Body?.transformToByteArray());
    case 'delete':
      return client.send(new DeleteObjectCommand({ Bucket, Key: wanted.key }));
    case 'list':
      return client.send(new ListObjectsV2Command({ Bucket, Prefix: wanted.prefix }));
    case 'policy':
      return client.send(new GetBucketPolicyCommand({ Bucket }));
  }
}
