import { sql } from 'kysely';
import type { Tx } from '../../../db/database.ts';
import { recordAll } from '../../../events/store.ts';
import { bucketEvents } from '../events.ts';
import { NEAR_PERCENT } from '../figures.ts';
import { RESOURCE_TYPE } from '../states.ts';

/** Percent of its limit below which a bucket is told of again when it fills up once more. */
const CLEAR_PERCENT = 75;

/** Writes an event for each bucket that has come near its limit since the last time. */
export async function tellOfLimits(tx: Tx): Promise<void> {
  const { rows } = await sql<NearlyFull>`
    update buckets set nearly_full = not nearly_full
    where case
      when nearly_full then coalesce(size_bytes < size_limit_bytes * ${CLEAR_PERCENT / 100}::float8, true)
      else size_bytes >= size_limit_bytes * ${NEAR_PERCENT / 100}::float8 and status = 'active' end
    returning id, team_id, name, size_bytes, size_limit_bytes, nearly_full`.execute(tx);
  await recordAll(
    tx,
    bucketEvents.nearlyFull,
    rows
      .filter(({ nearly_full }) => nearly_full)
      .map(({ id, team_id, name, size_bytes, size_limit_bytes }) => ({
        subject: { teamId: team_id, resourceType: RESOURCE_TYPE, resourceId: id },
        payload: { name, size_bytes, limit_bytes: size_limit_bytes },
      })),
  );
}

interface NearlyFull {
  id: string;
  team_id: number;
  name: string;
  size_bytes: number;
  size_limit_bytes: number;
  nearly_full: boolean;
}
