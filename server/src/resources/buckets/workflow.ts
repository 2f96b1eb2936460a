import type { Tx } from '../../db/database.ts';
import { releaseQuota } from '../../identity/teams/quotas.ts';
import type {
  Operation,
  OperationError,
  OperationStep,
  OperationWorkflow,
} from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { withdrawGrants } from '../access-keys/grants.ts';
import type { KeyWorkflowDependencies } from '../access-keys/workflow.ts';
import { BUCKET_QUOTA, ensureStoreTeam } from '../object-storage/team.ts';
import { columnsOf, type Settings, settingsOf, toStore } from './columns.ts';
import { bucketEvents } from './events.ts';
import { bucketOperations, type DeleteArgs, type UpdateArgs } from './operations.ts';
import { bucketRef, deleteBucket, getBucket, updateBucket } from './store.ts';

export type BucketWorkflowDependencies = KeyWorkflowDependencies;

/** The workflows of buckets, by kind of operation. */
export function bucketWorkflows(dependencies: BucketWorkflowDependencies): {
  create: OperationWorkflow;
  update: OperationWorkflow<UpdateArgs>;
  delete: OperationWorkflow<DeleteArgs>;
} {
  const { database, objects } = dependencies;
  const { db } = database;
  const prepare: OperationStep[] = [
    { name: 'store', run: (_operation, progress) => objects.ensureReady(progress) },
    { name: 'team', run: ({ teamId }) => ensureStoreTeam(db, objects, teamId) },
  ];
  /** Applies these settings, or all of the row where the store does not have the bucket. */
  async function apply({ resourceId }: Operation, named: Partial<Settings> | null): Promise<void> {
    const row = (await getBucket(db, resourceId))!;
    const ref = bucketRef(row);
    const settings = named && (await objects.describeBucket(ref)) ? named : settingsOf(row);
    await objects.ensureBucket(ref, row.object_lock, toStore(settings));
  }
  return {
    create: {
      args: bucketOperations.create.args,
      begin: (on, { resourceId }) => updateBucket(on, resourceId, { status: 'creating' }),
      steps: [...prepare, { name: 'bucket', run: (operation) => apply(operation, null) }],
      undo: [{ name: 'remove', run: ({ resourceId }) => removeBucket(dependencies, resourceId) }],
      succeed: (tx, operation) => settle(tx, operation, 'created'),
      fail,
      reject: fail,
      isRepeatable: true,
    },
    update: {
      args: bucketOperations.update.args,
      begin: (on, { resourceId }) => updateBucket(on, resourceId, { status: 'updating' }),
      steps: [
        ...prepare,
        {
          name: 'settings',
          run: (operation) => apply(operation, operation.args.settings as Partial<Settings>),
        },
      ],
      undo: [{ name: 'look', run: ({ resourceId }) => followStore(dependencies, resourceId) }],
      succeed: (tx, operation) => settle(tx, operation, 'updated'),
      fail: failUpdate,
      reject: fail,
      abandon: fail,
    },
    delete: deleteWorkflow(dependencies, prepare),
  };
}

const deleteWorkflow = (
  dependencies: BucketWorkflowDependencies,
  prepare: readonly OperationStep[],
): OperationWorkflow<DeleteArgs> => ({
  args: bucketOperations.delete.args,
  begin: (on, { resourceId }) => updateBucket(on, resourceId, { status: 'destroying' }),
  steps: [
    ...prepare,
    {
      name: 'empty',
      async run({ resourceId, args }, progress) {
        const row = await getBucket(dependencies.database.db, resourceId);
        if (row && args.force) await dependencies.objects.emptyBucket(bucketRef(row), progress);
      },
    },
    { name: 'remove', run: ({ resourceId }) => removeBucket(dependencies, resourceId) },
    { name: 'keys', run: ({ resourceId }) => withdrawGrants(dependencies, resourceId) },
  ],
  undo: [],
  async succeed(tx, operation) {
    const row = (await getBucket(tx, operation.resourceId))!;
    await recordOutcome(tx, operation, bucketEvents.deleted, row);
    if (await deleteBucket(tx, row.id)) await releaseQuota(tx, row.team_id, BUCKET_QUOTA);
  },
  fail,
  reject: fail,
  isRepeatable: true,
});

async function removeBucket({ database, objects }: BucketWorkflowDependencies, id: string): Promise<void> {
  const row = await getBucket(database.db, id);
  if (row) await objects.removeBucket(bucketRef(row));
}

/** After a failed update: the row says again what the store has. */
async function followStore({ database, objects }: BucketWorkflowDependencies, id: string): Promise<void> {
  const row = await getBucket(database.db, id);
  const report = row && (await objects.describeBucket(bucketRef(row)));
  if (report) await updateBucket(database.db, id, { ...columnsOf(report), status: 'active', error: null });
}

async function settle(tx: Tx, operation: Operation, outcome: 'created' | 'updated'): Promise<void> {
  await updateBucket(tx, operation.resourceId, { status: 'active', error: null });
  await recordOutcome(tx, operation, bucketEvents[outcome], (await getBucket(tx, operation.resourceId))!);
}

/** The bucket is as it was where the undo has seen that. */
async function failUpdate(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  const row = await getBucket(tx, operation.resourceId);
  if (row?.status !== 'active') return fail(tx, operation, error);
  await recordOutcome(tx, operation, bucketEvents.failed, { operation: operation.kind, error });
}

/** A bucket with an error keeps its row: the customer sees why, and can delete it or try again. */
async function fail(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateBucket(tx, operation.resourceId, { status: 'error', error: JSON.stringify(error) });
  await recordOutcome(tx, operation, bucketEvents.failed, { operation: operation.kind, error });
}
