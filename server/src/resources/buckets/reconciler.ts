import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import type { Log } from '../../lib/log.ts';
import type { BucketReport, BucketStatistics, ObjectStore } from '../../object-store/contract.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow, inTurn } from '../../reconcilers/rows.ts';
import { storeTeamOf } from '../object-storage/team.ts';
import { CUSTOMERS, columnsOf, differing, OURS, pick, settingsOf, toStore } from './columns.ts';
import { bucketEvents, MISSING } from './events.ts';
import { RESOURCE_TYPE } from './states.ts';
import { type Bucket, bucketRef, getBucket, lockBucket, updateBucket } from './store.ts';

/** Name of the reconciler, by which others ask when it last ran. */
export const BUCKET_RECONCILER = 'buckets';

/** Buckets that a pass compares although nothing tells that they have changed. */
const ROTATED = 50;

/** What a pass reads of every bucket. */
type Known = Pick<Bucket, 'id' | 'team_id' | 's3_name' | 'status' | 'compared_version'> & {
  changed: boolean;
};

/**
 * Compares buckets and the limits of teams with the store. What customers can set by S3 as well, the rows follow; what
 * only Danube sets, the store follows. Buckets that no row names are reported and left alone.
 *
 * One listing tells which buckets have changed. Only these are looked at closely, and a few more in rotation.
 */
export function bucketReconciler(
  database: Database,
  objects: ObjectStore,
  log: Log,
  rotate = ROTATED,
): Reconciler {
  const applied = new Map<number, string>();
  return {
    name: BUCKET_RECONCILER,
    everySeconds: 60,
    async run() {
      const rows = await readKnown(database);
      // An install that does not use object storage has none, and the first one makes the store.
      if (rows.length === 0 || !(await objects.isMade())) return;
      const listed = new Map((await objects.listBuckets()).map((one) => [one.ref.name, one]));
      const active = rows.filter(({ status }) => status === 'active');
      const versionOf = ({ s3_name }: Known): string | null => listed.get(s3_name)?.version ?? null;
      const rotated = new Set(active.slice(0, rotate));
      const close = active.filter((row) => {
        const version = versionOf(row);
        return version === null || row.changed || row.compared_version !== version || rotated.has(row);
      });
      await inTurn(
        () =>
          forEachRow(
            new Set(active.map(({ team_id }) => team_id)),
            (teamId) => teamId,
            (teamId) => mendTeam(database, objects, teamId, applied, close),
          ),
        () =>
          forEachRow(
            close,
            ({ id }) => id,
            (row) => compare(database, objects, row.id, versionOf(row)),
          ),
        async () => reportLeaks([...listed.values()], rows, log),
      );
    },
  };
}

/** All buckets, those first that were not compared for longest. */
const readKnown = ({ db }: Database): Promise<Known[]> =>
  db
    .selectFrom('buckets')
    .select(['id', 'team_id', 's3_name', 'status', 'compared_version'])
    .select(sql<boolean>`compared_at is null or updated_at > compared_at`.as('changed'))
    .orderBy('compared_at', (order) => order.asc().nullsFirst())
    .orderBy('id')
    .execute();

/** Limits that were `applied` are looked at again with one of the team’s buckets. */
async function mendTeam(
  { db }: Database,
  objects: ObjectStore,
  teamId: number,
  applied: Map<number, string>,
  close: readonly Known[],
): Promise<void> {
  const wanted = await storeTeamOf(db, teamId);
  const text = JSON.stringify(wanted);
  if (applied.get(teamId) === text && !close.some(({ team_id }) => team_id === teamId)) return;
  if (!isDeepStrictEqual(await objects.describeTeam(teamId), wanted)) await objects.ensureTeam(wanted);
  applied.set(teamId, text);
}

/** `version`: the store’s before it is asked, so that what changes meanwhile is seen by the next pass. */
async function compare(
  database: Database,
  objects: ObjectStore,
  id: string,
  version: string | null,
): Promise<void> {
  const seen = await getBucket(database.db, id);
  if (seen?.status !== 'active') return;
  const report = await objects.describeBucket(bucketRef(seen));
  const isSettled = (report && isAsIn(seen, report)) || (await settle(database, objects, seen, report));
  if (!isSettled) return;
  const compared = { compared_version: version, compared_at: sql<Date>`clock_timestamp()` };
  await database.db.updateTable('buckets').set(compared).where('id', '=', id).execute();
}

/** Brings row and store in line. Whether that was possible now. */
function settle(
  database: Database,
  objects: ObjectStore,
  seen: Bucket,
  report: BucketReport | null,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const row = await lockBucket(tx, seen.id);
    // Somebody else changed it since, and another pass comes.
    if (row?.status !== 'active' || (await hasUnfinished(tx, seen.id))) return false;
    if (row.updated_at.getTime() !== seen.updated_at.getTime()) return false;
    const subject = { teamId: row.team_id, resourceType: RESOURCE_TYPE, resourceId: row.id };
    if (!report) {
      await updateBucket(tx, row.id, { status: 'error', error: JSON.stringify(MISSING) });
      await record(tx, bucketEvents.missing, subject, {});
      return true;
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
    if (ours.length === 0) return true;
    await objects.ensureBucket(bucketRef(row), row.object_lock, toStore(pick(settingsOf(row), ours)));
    await record(tx, bucketEvents.mended, subject, { settings: ours });
    return true;
  });
}

const isAsIn = (row: Bucket, report: BucketReport): boolean =>
  differing([...CUSTOMERS, ...OURS], settingsOf(row), report).length === 0 &&
  isDeepStrictEqual(row.custom_statements, report.customStatements);

/** Buckets of our teams that customers made by S3, or that an old backup of the database does not know. */
function reportLeaks(listed: readonly BucketStatistics[], rows: readonly Known[], log: Log): void {
  const known = new Set(rows.map(({ s3_name }) => s3_name));
  for (const { ref } of listed) {
    if (ref.teamId !== null && !known.has(ref.name)) log.warn({ bucket: ref }, 'unknown bucket');
  }
}
