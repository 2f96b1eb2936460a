import type { ConsistencyCheck } from '../../module.ts';

const UNDER_WAY = new Set(['creating', 'restoring', 'destroying']);

/** Rows match what the data plane has one to one, nothing is under way, and few states before a restore are kept. */
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
  // One, and the one that it went back to.
  if (counts.some(({ length }) => length > 2)) problems.push('an instance has three states before a restore');
  return problems;
}
