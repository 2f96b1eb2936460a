import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { Buckets, DB } from '../../db/schema.gen.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { countOf } from '../../identity/teams/quotas.ts';
import { UUID } from '../../lib/ids.ts';
import type { BucketRef } from '../../object-store/contract.ts';
import { BUCKET_QUOTA } from '../object-storage/team.ts';

export type Bucket = Selectable<Buckets>;

const BUCKETS: Listing = {
  id: { column: 'buckets.id', form: 'uuid' },
  created: { value: sql.ref('buckets.created_at'), form: 'time' },
  name: 'buckets.name',
  status: 'buckets.status',
};

/** The bucket as the object store knows it. */
export const bucketRef = ({ team_id, s3_name }: Pick<Bucket, 'team_id' | 's3_name'>): BucketRef => ({
  teamId: team_id,
  name: s3_name,
});

/** A bucket with how far the store’s statistics were read, which is the same for all of a page. */
export type ListedBucket = Bucket & { has_log: boolean | null; requests_at: Date | null };

export function pageOfBuckets(
  db: Queryable,
  teamId: number,
  wanted: ListWanted,
): Promise<Listed<ListedBucket>> {
  const all = db
    .selectFrom('buckets')
    .selectAll('buckets')
    // In the query of the page, because another one would cost as much as the page itself.
    .select((of) => [
      of.selectFrom('bucket_collection').select('has_log').as('has_log'),
      of.selectFrom('bucket_collection').select('requests_at').as('requests_at'),
    ])
    .where('buckets.team_id', '=', teamId);
  return readPage(all, BUCKETS, wanted, () => countOf(db, teamId, BUCKET_QUOTA));
}

/** The team’s bucket with this id, whatever text that is. */
export async function findBucket(db: Queryable, teamId: number, id: string): Promise<Bucket | undefined> {
  if (!UUID.test(id)) return undefined;
  return db
    .selectFrom('buckets')
    .selectAll()
    .where('id', '=', id)
    .where('team_id', '=', teamId)
    .executeTakeFirst();
}

/** For workflows, which have its id from their own record. */
export const getBucket = (db: Queryable, id: string): Promise<Bucket | undefined> =>
  db.selectFrom('buckets').selectAll().where('id', '=', id).executeTakeFirst();

/** Locks a bucket until the transaction ends. */
export const lockBucket = (tx: Tx, id: string): Promise<Bucket | undefined> =>
  tx.selectFrom('buckets').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** Inserts a bucket. Undefined where the team has one of that name. */
export const insertBucket = (tx: Tx, bucket: Insertable<Buckets>): Promise<Bucket | undefined> =>
  tx
    .insertInto('buckets')
    .values(bucket)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();

export async function updateBucket(
  db: Queryable,
  id: string,
  changes: UpdateObject<DB, 'buckets'>,
): Promise<void> {
  await db
    .updateTable('buckets')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** Deletes the row with all that belongs to it. Whether there was one. */
export async function deleteBucket(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom('buckets').where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
