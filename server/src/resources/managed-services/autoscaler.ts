import { sql } from 'kysely';
import type { Compute } from '../../dataplane/contract/compute.ts';
import type { Database } from '../../db/database.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { lockInstance } from '../../instances/store.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import type { Log } from '../../lib/log.ts';
import { DANUBE } from '../../operations/accept.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { describeChanges } from './changes.ts';
import { writeChanges } from './columns.ts';
import { serviceOperations, updatableColumns } from './operations.ts';
import { getService, listAutoscaled, updateService } from './store.ts';
import { MAX_STORAGE_GB } from './view.ts';

const BYTES_PER_GB = 1024 ** 3;

/** Grows the storage of instances with automatic growth when it fills up. */
export function storageAutoscaler(database: Database, plane: Compute, log: Log): Reconciler {
  return {
    name: 'storage-autoscaler',
    everySeconds: 30,
    async run() {
      for (const row of await listAutoscaled(database.db, MAX_STORAGE_GB)) {
        const usage = await plane.describeUsage(instanceRef(row));
        const used = volumeBytes(usage) ?? 0;
        const threshold = (row.autoscale_threshold_percent / 100) * row.disk_gb * BYTES_PER_GB;
        if (used >= threshold && (await grow(database, row.id))) {
          log.info({ [row.kind]: row.id, used, diskGb: row.disk_gb }, 'growing storage');
        }
        await updateService(database.db, row.id, { autoscale_checked_at: sql<Date>`now()` });
      }
    },
  };
}

/** Accepts an update like a request would. False while another operation is unfinished; the next pass tries again. */
async function grow(database: Database, id: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await lockInstance(tx, id))) return false;
    const row = await getService(tx, id);
    if (!row.autoscale_enabled || row.status !== 'running' || (await hasUnfinished(tx, id))) return false;
    const changes = { disk_gb: Math.min(MAX_STORAGE_GB, row.disk_gb + row.autoscale_increment_gb) };
    const args = {
      running: true,
      restart: false,
      what: describeChanges(row, changes),
      previous: updatableColumns(row),
    };
    await acceptForInstance(tx, DANUBE, row, serviceOperations.update, args);
    await writeChanges(tx, id, { ...changes, autoscaled_at: sql<Date>`now()` });
    return true;
  });
}
