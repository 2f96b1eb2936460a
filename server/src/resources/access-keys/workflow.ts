import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { releaseQuota } from '../../identity/teams/quotas.ts';
import type { ModuleContext } from '../../module.ts';
import type { ObjectStore } from '../../object-store/contract.ts';
import type { Operation, OperationError, OperationWorkflow } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { ensureStoreTeam } from '../object-storage/team.ts';
import { accessKeyEvents } from './events.ts';
import { accessKeyOperations, type RevokeArgs } from './operations.ts';
import { getKey, KEY_QUOTA, lockKey, storeKeyOf, updateKey } from './store.ts';

export type KeyWorkflowDependencies = Pick<ModuleContext, 'database' | 'secrets'> & { objects: ObjectStore };

/** The workflows of access keys, by kind of operation. */
export function accessKeyWorkflows({ database, objects, secrets }: KeyWorkflowDependencies): {
  create: OperationWorkflow;
  delete: OperationWorkflow<RevokeArgs>;
} {
  const remove = async ({ resourceId }: Operation): Promise<void> => {
    const key = await getKey(database.db, resourceId);
    if (key) await objects.removeKey(storeKeyOf(key).ref);
  };
  return {
    create: {
      args: accessKeyOperations.create.args,
      begin: (db, { resourceId }) => updateKey(db, resourceId, { status: 'creating' }),
      steps: [
        { name: 'store', run: (_operation, progress) => objects.ensureReady(progress) },
        { name: 'team', run: ({ teamId }) => ensureStoreTeam(database.db, objects, teamId) },
        {
          name: 'key',
          async run({ resourceId }) {
            // Under the lock: a bucket that is deleted meanwhile takes its permission away under it.
            await database.transaction(async (tx) => {
              await lockKey(tx, resourceId);
              const key = (await getKey(tx, resourceId))!;
              await objects.ensureKey(storeKeyOf(key), secrets.open(key.secret_sealed!));
            });
          },
        },
      ],
      undo: [{ name: 'remove', run: remove }],
      async succeed(tx, operation) {
        await updateKey(tx, operation.resourceId, { status: 'active', error: null });
        await recordOutcome(
          tx,
          operation,
          accessKeyEvents.created,
          (await getKey(tx, operation.resourceId))!,
        );
      },
      fail,
      reject: fail,
      isRepeatable: true,
    },
    delete: {
      args: accessKeyOperations.delete.args,
      begin: (db, { resourceId }) => updateKey(db, resourceId, { status: 'revoking' }),
      steps: [{ name: 'revoke', run: remove }],
      undo: [],
      succeed: finishRevoke,
      fail,
      reject: fail,
      isRepeatable: true,
    },
  };
}

async function finishRevoke(tx: Tx, operation: Operation<RevokeArgs>): Promise<void> {
  const { resourceId, teamId, args } = operation;
  await updateKey(tx, resourceId, {
    status: 'revoked',
    error: null,
    revoked_at: sql<Date>`now()`,
    secret_sealed: null,
  });
  await releaseQuota(tx, teamId, KEY_QUOTA);
  const { expired, revoked } = accessKeyEvents;
  await recordOutcome(tx, operation, args.expired ? expired : revoked, (await getKey(tx, resourceId))!);
}

/** Whatever failed can be mended by revoking the key. */
async function fail(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateKey(tx, operation.resourceId, { status: 'error', error: JSON.stringify(error) });
  await recordOutcome(tx, operation, accessKeyEvents.failed, { operation: operation.kind, error });
}
