import { sql } from 'kysely';
import type { Database, Queryable } from '../../../db/database.ts';
import type { ObjectStore } from '../../../object-store/contract.ts';
import type { Reconciler } from '../../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../../reconcilers/rows.ts';
import { type Bucket, bucketRef } from '../store.ts';
import { tellOfLimits } from './limits.ts';
import { addUp } from './sums.ts';
import { forgetOld, writeSizes, writeSums, writeUsage } from './writing.ts';

/** Requests that are read from the log at once. */
const PAGE = 5000;
/** Hours whose sums are read again: a gateway writes its usage with a delay. */
const USAGE_HOURS = 3;
/** Buckets that one pass looks at more closely, so that its length does not grow with their number. */
const LOOKS = 20;

/** How often requests and sizes are read, in seconds. */
export const REQUESTS_EVERY = 15;
export const SIZES_EVERY = 60;

/** The reconcilers that read the store’s statistics. */
export const bucketCollectors = (database: Database, objects: ObjectStore): Reconciler[] => [
  {
    name: 'bucket-requests',
    everySeconds: REQUESTS_EVERY,
    run: (stopping) =>
      whereUsed(database, objects, (ids) => collectRequests(database, objects, ids, stopping)),
  },
  {
    name: 'bucket-sizes',
    everySeconds: SIZES_EVERY,
    run: () => whereUsed(database, objects, (ids) => collectSizes(database, objects, ids)),
  },
  {
    name: 'bucket-health',
    everySeconds: SIZES_EVERY,
    run: () => whereUsed(database, objects, () => lookAtBuckets(database, objects)),
  },
];

/** Gives the ids of all buckets by S3 name, where there are any in a store that was made. */
async function whereUsed(
  { db }: Database,
  objects: ObjectStore,
  work: (ids: ReadonlyMap<string, string>) => Promise<void>,
): Promise<void> {
  const rows = await db.selectFrom('buckets').select(['id', 's3_name']).execute();
  if (rows.length === 0 || !(await objects.isMade())) return;
  await work(new Map(rows.map(({ id, s3_name }) => [s3_name, id])));
}

/**
 * Adds new requests to the rows, together with the position in the log up to which that was done: each counts once,
 * whatever is interrupted.
 */
async function collectRequests(
  database: Database,
  objects: ObjectStore,
  ids: ReadonlyMap<string, string>,
  stopping?: AbortSignal,
): Promise<void> {
  for (;;) {
    const { position } = await database.db
      .selectFrom('bucket_collection')
      .select('position')
      .executeTakeFirstOrThrow();
    const page = await objects.readRequests(position, PAGE);
    if (page === null) return collectUsage(database, objects, ids);
    await database.transaction(async (tx) => {
      await writeSums(tx, addUp(page.requests, ids));
      await tx
        .updateTable('bucket_collection')
        .set({ position: page.position, has_log: true, ...(page.isPartial ? {} : NOW) })
        .execute();
    });
    if (!page.isPartial || stopping?.aborted) return;
  }
}

const NOW = { requests_at: sql<Date>`now()` };

async function collectUsage(
  database: Database,
  objects: ObjectStore,
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const since = new Date(Date.now() - USAGE_HOURS * 3_600_000);
  const usage = await objects.readUsage(since);
  await database.transaction(async (tx) => {
    await writeUsage(tx, usage, ids);
    await tx
      .updateTable('bucket_collection')
      .set({ has_log: false, ...NOW })
      .execute();
  });
}

async function collectSizes(
  database: Database,
  objects: ObjectStore,
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const sizes = (await objects.listBuckets()).flatMap(({ ref, sizeBytes, objectCount }) => {
    const id = ids.get(ref.name);
    return id === undefined ? [] : [{ id, sizeBytes, objectCount }];
  });
  await database.transaction(async (tx) => {
    await writeSizes(tx, sizes);
    await tellOfLimits(tx);
    await tx.updateTable('bucket_collection').set({ sizes_at: sql<Date>`now()` }).execute();
  });
  await forgetOld(database.db);
}

/** Looks at the buckets that were not looked at for longest: whether they answer, and which uploads are incomplete. */
async function lookAtBuckets({ db }: Database, objects: ObjectStore): Promise<void> {
  const rows = await db
    .selectFrom('buckets')
    .selectAll()
    .where('status', '=', 'active')
    .orderBy('health_checked_at', (order) => order.asc().nullsFirst())
    .limit(LOOKS)
    .execute();
  await forEachRow(
    rows,
    ({ id }) => id,
    (row) => look(db, objects, row),
  );
}

async function look(db: Queryable, objects: ObjectStore, row: Bucket): Promise<void> {
  const write = (changes: {
    health_status: string;
    upload_count?: number | null;
    upload_bytes?: number | null;
  }) =>
    db
      .updateTable('buckets')
      .set({ ...changes, health_checked_at: sql<Date>`now()` })
      .where('id', '=', row.id)
      .execute();
  try {
    const uploads = await objects.describeUploads(bucketRef(row));
    const counted = { upload_count: uploads?.count ?? null, upload_bytes: uploads?.sizeBytes ?? null };
    await write({ health_status: uploads ? 'ok' : 'skipped', ...counted });
  } catch (error) {
    await write({ health_status: 'error' });
    throw error;
  }
}
