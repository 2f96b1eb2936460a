import { isDeepStrictEqual } from 'node:util';
import { countOf } from '../../identity/teams/quotas.ts';
import type { ConsistencyCheck } from '../../module.ts';
import { getKey, KEY_QUOTA, storeKeyOf } from './store.ts';

/** Checks that the store has the team’s active keys as their rows say, and no others, and that the quota is right. */
export async function findKeyInconsistencies({ db, objects, teamId }: ConsistencyCheck): Promise<string[]> {
  const problems: string[] = [];
  const rows = await db
    .selectFrom('access_keys')
    .select(['id', 'access_key_id', 'status'])
    .where('team_id', '=', teamId)
    .execute();
  for (const { id, status } of rows) {
    if (status === 'creating' || status === 'revoking') problems.push(`access key ${id} is ${status}`);
  }
  const counted = rows.filter(({ status }) => status !== 'revoked').length;
  const used = await countOf(db, teamId, KEY_QUOTA);
  if (used !== counted) problems.push(`the quota counts ${used} of ${counted} access keys`);
  if (!objects || !(await objects.isMade())) return problems;

  const statuses = new Map(rows.map(({ access_key_id, status }) => [access_key_id, status]));
  for (const { accessKeyId } of (await objects.listKeys()).filter((ref) => ref.teamId === teamId)) {
    const status = statuses.get(accessKeyId);
    if (status !== 'active' && status !== 'error')
      problems.push(`the store has the key ${accessKeyId}: ${status}`);
  }
  for (const { id, status } of rows.filter((row) => row.status === 'active')) {
    const wanted = storeKeyOf((await getKey(db, id))!);
    const present = await objects.describeKey(wanted.ref);
    if (!isDeepStrictEqual(present, wanted)) {
      problems.push(`access key ${id} is ${status}, but in the store ${JSON.stringify(present)}`);
    }
  }
  return problems;
}
