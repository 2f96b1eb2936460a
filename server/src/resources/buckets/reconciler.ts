import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import type { Log } from '../../lib/log.ts';
import type { BucketReport, ObjectStore } from '../../object-store/contract.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow, inTurn } from '../../reconcilers/rows.ts';
import { storeTeamOf } from '../object-storage/team.ts';
import { CUSTOMERS, columnsOf, differing, OURS, pick, settingsOf, toStore } from './columns.ts';
import { bucketEvents, MISSING } from './events.ts';
import { RESOURCE_TYPE } from './states.ts';
import { type Bucket, bucketRef, lockBucket, updateBucket } from './store.ts';

/** Name of the reconciler, by which others ask when it last ran. */
export const BUCKET_RECONCILER = 'buckets';

/**
 * Compares buckets and the limits of teams with the store. What customers can set by S3 as well, the rows follow; what
 * only Danube sets, the store follows. Buckets that no row names are reported and left alone.
 */
export function bucketReconciler(database: Database, objects: ObjectStore, log: Log): Reconciler {
  return {
    name: BUCKET_RECONCILER,
    everySeconds: 60,
    async run() {
      const rows = await database.db.selectFrom('buckets').selectAll().orderBy('id').execute();
      // An install that does not use object storage has none.
      if (rows.length === 0) return;
      const active = rows.filter(({ status }) => status === 'active');
      await inTurn(
        () =>
          forEachRow(
            new Set(active.map(({ team_id }) => team_id)),
            (teamId) => teamId,
            (teamId) => mendTeam(database, objects, teamId),
          ),
        () =>
          forEachRow(
            active,
            ({ id }) => id,
            (row) => compare(database, objects, row),
          ),
        () => reportLeaks(objects, rows, log),
      );
    },
  };
}

async function mendTeam({ db }: Database, objects: ObjectStore, teamId: number): Promise<void> {
  const wanted = await storeTeamOf(db, teamId);
  if (!isDeepStrictEqual(await objects.describeTeam(teamId), wanted)) await objects.ensureTeam(wanted);
}

async function compare(database: Database, objects: ObjectStore, seen: Bucket): Promise<void> {
  const report = await objects.describeBucket(bucketRef(seen));
  if (report && isAsIn(seen, report)) return;
  await database.transaction(async (tx) => {
    const row = await lockBucket(tx, seen.id);
    // Somebody else changed it since, and another pass comes.
    if (row?.status !== 'active' || (await hasUnfinished(tx, seen.id))) return;
    if (row.updated_at.getTime() !== seen.updated_at.getTime()) return;
    const subject = { teamId: row.team_id, resourceType: RESOURCE_TYPE, resourceId: row.id };
    if (!report) {
      await updateBucket(tx, row.id, { status: 'error', error: JSON.stringify(MISSING) });
      return record(tx, bucketEvents.missing, subject, {});
    }
    const theirs = differing(CUSTOMERS, settingsOf(row), report);
    const ours = differing(OURS, settingsOf(row), report);
    await updateBucket(tx, row.id, {
      ...columnsOf(pick(report, theirs)),
      custom_statements: JSON.stringify(report.customStatements),
    });
    const policy = isDeepStrictEqual(row.custom_statements, report.customStatements) ? [] : ['policy'];
    const settings = [...theirs, ...policy];
    if (settings.length > 0) await record(tx, bucketEvents.changed, subject, { settings });
    if (ours.length === 0) return;
    await objects.ensureBucket(bucketRef(row), row.object_lock, toStore(pick(settingsOf(row), ours)));
    await record(tx, bucketEvents.mended, subject, { settings: ours });
  });
}

const isAsIn = (row: Bucket, report: BucketReport): boolean =>
  differing([...CUSTOMERS, ...OURS], settingsOf(row), report).length === 0 &&
  isDeepStrictEqual(row.custom_statements, report.customStatements);

/** Buckets of our teams that customers made by S3, or that an old backup of the database does not know. */
async function reportLeaks(objects: ObjectStore, rows: readonly Bucket[], log: Log): Promise<void> {
  const known = new Set(rows.map(({ s3_name }) => s3_name));
  for (const { ref } of await objects.listBuckets()) {
    if (ref.teamId !== null && !known.has(ref.name)) log.warn({ bucket: ref }, 'unknown bucket');
  }
}
