import { countOf } from '../../identity/teams/quotas.ts';
import type { ConsistencyCheck } from '../../module.ts';
import { BUCKET_QUOTA } from '../object-storage/team.ts';
import { CUSTOMERS, differing, OURS, settingsOf } from './columns.ts';
import { bucketRef } from './store.ts';

/** Checks that the store has the team’s buckets as their rows say, and no others, and that the quota is right. */
export async function findBucketInconsistencies({
  db,
  objects,
  teamId,
}: ConsistencyCheck): Promise<string[]> {
  const problems: string[] = [];
  const rows = await db.selectFrom('buckets').selectAll().where('team_id', '=', teamId).execute();
  for (const { id, status } of rows) {
    if (status !== 'active' && status !== 'error') problems.push(`bucket ${id} is ${status}`);
  }
  const used = await countOf(db, teamId, BUCKET_QUOTA);
  if (used !== rows.length) problems.push(`the quota counts ${used} of ${rows.length} buckets`);
  if (!objects || !(await objects.isMade())) return problems;
  const known = new Set(rows.map(({ s3_name }) => s3_name));
  for (const { ref } of await objects.listBuckets()) {
    if (ref.teamId === teamId && !known.has(ref.name)) problems.push(`the store has the bucket ${ref.name}`);
  }
  for (const row of rows.filter(({ status }) => status === 'active')) {
    const report = await objects.describeBucket(bucketRef(row));
    const different = report && differing([...CUSTOMERS, ...OURS], settingsOf(row), report);
    if (!different) problems.push(`the store does not have bucket ${row.id}`);
    else if (different.length > 0)
      problems.push(`bucket ${row.id} is otherwise in the store: ${different.join(', ')}`);
  }
  return problems;
}
