import { sql } from 'kysely';
import type { Networks } from '../../dataplane/contract/networks.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { Operation, OperationError, OperationWorkflow } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { applyTeamFirewalls, SETTLED } from './enforcement.ts';
import { firewallEvents } from './events.ts';
import { type ApplyArgs, firewallOperations } from './operations.ts';
import { lockFirewalls, NEXT_REVISION, updateFirewall } from './store.ts';

export interface FirewallWorkflowDependencies {
  database: Database;
  plane: Networks;
}

/** Shown until the operation ends with the actual error. */
const RESTORING: OperationError = {
  code: 'failed',
  message: 'The change failed; what was in force before is being restored.',
  retryable: true,
};

/** The workflows of firewalls, by kind of operation. Each applies the rows to the data plane. */
export function firewallWorkflows({ database, plane }: FirewallWorkflowDependencies): {
  apply: OperationWorkflow<ApplyArgs>;
} {
  return {
    apply: {
      args: firewallOperations.apply.args,
      begin: (db, { resourceId }) => updateFirewall(db, resourceId, { status: 'applying' }),
      steps: [{ name: 'apply', run: ({ teamId }) => applyTeamFirewalls(database, plane, teamId) }],
      undo: [
        {
          name: 'restore',
          async run(operation) {
            if (operation.args.rollback) return;
            await database.transaction((tx) => restore(tx, operation, RESTORING));
            await applyTeamFirewalls(database, plane, operation.teamId);
          },
        },
      ],
      succeed,
      fail,
      // Without `reject`: the status stays, and the reconciler retries.
    },
  };
}

async function succeed(tx: Tx, operation: Operation<ApplyArgs>): Promise<void> {
  await lockFirewalls(tx, operation.teamId);
  if (!operation.args.rollback) {
    await updateFirewall(tx, operation.resourceId, { status: SETTLED, error: null });
    return recordOutcome(tx, operation, firewallEvents.applied, {});
  }
  const message = firewallEvents.rolledBack.message({});
  const error: OperationError = { code: 'not_confirmed', message, retryable: true };
  await updateFirewall(tx, operation.resourceId, { status: SETTLED, error: JSON.stringify(error) });
  await recordOutcome(tx, operation, firewallEvents.rolledBack, {});
}

/**
 * Keeps the rules that were in force, and the customer's new rules for another attempt. A rollback is never given up:
 * the status stays, and the reconciler retries.
 */
async function fail(tx: Tx, operation: Operation<ApplyArgs>, error: OperationError): Promise<void> {
  if (operation.args.rollback) {
    return recordOutcome(tx, operation, firewallEvents.rollbackFailed, { error });
  }
  // Repeated because a request may have come since, and its operation fails together with this one.
  await restore(tx, operation, error);
  await recordOutcome(tx, operation, firewallEvents.applyFailed, { error });
}

/**
 * Makes what the data plane last enforced the intent again. With the status `error`, that includes attachments: newly
 * attached instances wait for another attempt, see `readIntent`.
 */
async function restore(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await lockFirewalls(tx, operation.teamId);
  await updateFirewall(tx, operation.resourceId, {
    status: 'error',
    error: JSON.stringify(error),
    effective_rules: sql`applied_rules`,
    confirm_by: null,
    rollback_rules: null,
    ...NEXT_REVISION,
  });
}
