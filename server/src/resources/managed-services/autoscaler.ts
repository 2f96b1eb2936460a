import { sql } from 'kysely';
import { promiseInstance } from '../../instances/capacity.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { lockInstance } from '../../instances/store.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import { AppError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { ModuleContext } from '../../module.ts';
import { DANUBE } from '../../operations/accept.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../reconcilers/rows.ts';
import { describeChanges } from './changes.ts';
import { writeChanges } from './columns.ts';
import { serviceOperations, updatableColumns } from './operations.ts';
import { priceWith } from './rules.ts';
import { getService, listAutoscaled, type ManagedService, updateService } from './store.ts';
import { MAX_STORAGE_GB } from './view.ts';

const BYTES_PER_GB = 1024 ** 3;

/** Grows the storage of instances with automatic growth when it fills up. */
export function storageAutoscaler(
  context: Pick<ModuleContext, 'config' | 'database' | 'plane' | 'storage'>,
  log: Log,
): Reconciler {
  const { database, plane } = context;
  return {
    name: 'storage-autoscaler',
    everySeconds: 30,
    async run() {
      await forEachRow(await listAutoscaled(database.db, MAX_STORAGE_GB), ({ id }) => id, look);
    },
  };

  async function look(row: ManagedService): Promise<void> {
    const usage = await plane.describeUsage(instanceRef(row));
    const used = volumeBytes(usage) ?? 0;
    const threshold = (row.autoscale_threshold_percent / 100) * row.disk_gb * BYTES_PER_GB;
    if (used >= threshold) await growOrSay(row, used);
    await updateService(database.db, row.id, { autoscale_checked_at: sql<Date>`now()` });
  }

  /** Growing obeys the team's quota and the host's room as requests do. Where it may not, the next pass asks again. */
  async function growOrSay({ kind, id, disk_gb: diskGb }: ManagedService, used: number): Promise<void> {
    const subject = { [kind]: id, used, diskGb };
    try {
      if (await grow(context, id)) log.info(subject, 'growing storage');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ ...subject, code: error.code, reason: error.message }, 'storage is not growing');
    }
  }
}

/** Accepts an update like a request would. False while another operation is unfinished; the next pass tries again. */
async function grow(
  { config, database, storage }: Pick<ModuleContext, 'config' | 'database' | 'storage'>,
  id: string,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await lockInstance(tx, id))) return false;
    const row = await getService(tx, id);
    if (!row.autoscale_enabled || row.status !== 'running' || (await hasUnfinished(tx, id))) return false;
    const disk_gb = Math.min(MAX_STORAGE_GB, row.disk_gb + row.autoscale_increment_gb);
    const changes = { disk_gb, price_cents: priceWith(row, disk_gb, config) };
    const args = {
      running: true,
      restart: false,
      what: describeChanges(row, changes),
      previous: updatableColumns(row),
    };
    await acceptForInstance(tx, DANUBE, row, serviceOperations.update, args);
    await writeChanges(tx, id, { ...changes, autoscaled_at: sql<Date>`now()` });
    await promiseInstance(
      tx,
      storage,
      row.team_id,
      { ...row, ...changes },
      { present: row, field: 'storage_size_gb' },
    );
    return true;
  });
}
