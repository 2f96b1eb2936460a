import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { settleFailure } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { updateInstance } from '../../instances/store.ts';
import { volumeOf } from '../../instances/volumes.ts';
import { asOperation } from '../../operations/arguments.ts';
import type { Operation, OperationError } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { type Changes, writeChanges } from './columns.ts';
import { eventsFor } from './events.ts';
import { serviceOperations, type UpdateArgs } from './operations.ts';
import { priceWith } from './rules.ts';
import { type ServiceWorkflowDependencies, stepTools } from './steps.ts';
import { getService, type ManagedService, updateService } from './store.ts';

/** The steps of updates. The columns change when an update is accepted; the steps apply them, or revert them. */
export function updateSteps(dependencies: ServiceWorkflowDependencies) {
  const { config, database, plane } = dependencies;
  const { db } = database;
  const { step, ready } = stepTools(dependencies);
  /** Applies new settings; returns the parameters that wait for a restart. */
  const apply = async (row: ManagedService, restart: boolean): Promise<string[]> => {
    const ref = instanceRef(row);
    const waiting = (await plane.control(ref, 'reload')).split('\n').filter(Boolean);
    if (!restart || waiting.length === 0) return waiting;
    await plane.control(ref, 'restart');
    return [];
  };
  return {
    apply: step<UpdateArgs>('apply', async (row, { args: { running, restart } }) => {
      if (!running) return;
      const waiting = await apply(row, restart);
      await ready(row);
      await updateService(db, row.id, { pending_restart: waiting });
    }),
    revert: step<UpdateArgs>('revert', async (row, { args }) => {
      const volume = await plane.describeVolume(volumeOf(row));
      // A volume that has grown does not shrink.
      const disk_gb = Math.max(args.previous.disk_gb, volume?.sizeGb ?? 0);
      await writeChanges(db, row.id, {
        ...previousColumns(args),
        disk_gb,
        price_cents: priceWith(args.previous, disk_gb, config),
      });
    }),
    reapply: step<UpdateArgs>('reapply', async (row, { args: { running } }) => {
      if (running) {
        await apply(row, true);
        await ready(row);
      }
      await updateInstance(db, row.id, { status: running ? 'running' : 'stopped' });
      await updateService(db, row.id, { pending_restart: [] });
    }),
  };
}

/** The columns as they were before an update. */
const previousColumns = ({ previous }: UpdateArgs): Changes => ({
  ...previous,
  parameters: JSON.stringify(previous.parameters),
  effective_parameters: JSON.stringify(previous.effective_parameters),
  // The group may have been deleted, since nothing used it.
  parameter_group_id: sql<
    number | null
  >`(select id from parameter_groups where id = ${previous.parameter_group_id})`,
});

/** Reverts the columns of a waiting update that will not be executed. */
export async function revertWaiting(tx: Tx, waiting: Operation): Promise<void> {
  const update = asOperation(serviceOperations.update, waiting);
  if (update) await writeChanges(tx, update.resourceId, previousColumns(update.args));
}

/** Restores the status that the instance had before the update. */
export async function finishUpdate(tx: Tx, operation: Operation<UpdateArgs>): Promise<void> {
  const { running, what } = operation.args;
  await updateInstance(tx, operation.resourceId, { status: running ? 'running' : 'stopped' });
  await recordOutcome(tx, operation, eventsFor(operation).updated, { what });
}

/** Where reverting succeeded too, the instance and its price are as before. */
export async function failUpdate(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  const row = await getService(tx, operation.resourceId);
  if (row.status === serviceOperations.update.during) return settleFailure(tx, operation, error);
  await recordOutcome(tx, operation, eventsFor(operation).updateFailed, { error });
}
