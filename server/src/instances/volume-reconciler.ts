import { sql } from 'kysely';
import type { Volumes } from '../dataplane/contract/volumes.ts';
import type { Database } from '../db/database.ts';
import type { Log } from '../lib/log.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import { forEachRow } from '../reconcilers/rows.ts';
import { parseVolumeName } from './volumes.ts';

/**
 * Removes volumes whose database, cache or restore drill is gone. One that the database has never known is reported and
 * left alone: after a restore of an old database backup it may hold a customer's data.
 */
export function volumeReconciler({ db }: Database, plane: Volumes, log: Log): Reconciler {
  return {
    name: 'volumes',
    everySeconds: 60,
    async run() {
      const listed = (await plane.listVolumes()).flatMap((ref) => {
        const id = parseVolumeName(ref.name);
        return id === null ? [] : [{ id, ref }];
      });
      if (listed.length === 0) return;
      const result = await sql<{ id: string; known: boolean }>`
        select listed.id::text,
          (volumes.id is not null or drills.id is not null) as known
        from unnest(${listed.map(({ id }) => id)}::uuid[]) as listed (id)
        left join volumes on volumes.id = listed.id
        left join operations drills on drills.id = listed.id
        where volumes.member_id is null
          and coalesce(drills.state, '') not in ('queued', 'pending', 'running')`.execute(db);
      const leaks = new Map(result.rows.map((row) => [row.id, row.known]));
      await forEachRow(
        listed,
        ({ ref }) => ref.name,
        async ({ id, ref }) => {
          const known = leaks.get(id);
          if (known === undefined) return;
          log.warn({ volume: ref, removed: known }, known ? 'removing a leaked volume' : 'unknown volume');
          // Fails while an instance uses it; the instance reconciler removes that instance first.
          if (known) await plane.removeVolume(ref);
        },
      );
    },
  };
}
