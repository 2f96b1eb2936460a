import { sql } from 'kysely';
import type { Volumes } from '../dataplane/contract/volumes.ts';
import type { Database } from '../db/database.ts';
import type { Log } from '../lib/log.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';

/** Names in the data plane that may be ours, see `volumeOf`. */
const NAME = /^volume-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const idOf = (name: string): string => name.slice('volume-'.length);

/**
 * Removes volumes whose database, cache or restore drill is gone. One that the database has never heard of is reported
 * and left alone: after a restore of an old database it may be all that somebody has.
 */
export function volumeReconciler({ db }: Database, plane: Volumes, log: Log): Reconciler {
  return {
    name: 'volumes',
    everySeconds: 60,
    async run() {
      const listed = (await plane.listVolumes()).filter(({ name }) => NAME.test(name));
      if (listed.length === 0) return;
      const result = await sql<{ id: string; known: boolean }>`
        select listed.id::text,
          exists (select from operations o where o.resource_id = listed.id or o.id = listed.id) as known
        from unnest(${listed.map(({ name }) => idOf(name))}::uuid[]) as listed (id)
        where not exists (select from members where members.id = listed.id)
          and not exists (select from operations o where (o.resource_id = listed.id or o.id = listed.id)
            and o.state in ('queued', 'pending', 'running'))`.execute(db);
      const leaks = new Map(result.rows.map((row) => [row.id, row.known]));
      for (const ref of listed) {
        const known = leaks.get(idOf(ref.name));
        if (known === undefined) continue;
        log.warn({ volume: ref, removed: known }, known ? 'removing a leaked volume' : 'unknown volume');
        // Refused where an instance still has it, which the reconciler of instances removes first.
        if (known) await plane.removeVolume(ref);
      }
    },
  };
}
