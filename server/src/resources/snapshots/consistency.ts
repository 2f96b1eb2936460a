import type { ConsistencyCheck } from '../../module.ts';

const UNDER_WAY = new Set(['creating', 'restoring', 'destroying']);

/**
 * Checks that rows match the data plane's snapshots one to one, none is in progress, and old safety snapshots are gone.
 */
export async function findSnapshotInconsistencies(check: ConsistencyCheck): Promise<string[]> {
  const problems: string[] = [];
  const rows = await check.db
    .selectFrom('snapshots')
    .select(['uid', 'instance_id', 'status', 'reason'])
    .where('team_id', '=', check.teamId)
    .execute();
  const kept = new Set(check.snapshots.map(({ name }) => name));
  for (const { uid, status } of rows) {
    const present = kept.delete(`snapshot-${uid}`);
    if (UNDER_WAY.has(status)) problems.push(`snapshot ${uid} is ${status}`);
    if (present !== (status !== 'failed')) problems.push(`snapshot ${uid} is ${status}, kept: ${present}`);
  }
  for (const name of kept) problems.push(`${name} has no row`);
  const owners = rows.filter(({ reason }) => reason === 'safety').map((row) => row.instance_id);
  const counts = Map.groupBy(owners, (owner) => owner).values();
  // At most the latest one, and the one that its restore went back to.
  if (counts.some(({ length }) => length > 2)) problems.push('an instance has three states before a restore');
  return problems;
}
