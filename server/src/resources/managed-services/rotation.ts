import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { acceptForInstance, instanceWorkflow, settleFailure } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { updateInstance } from '../../instances/store.ts';
import { randomText, type SecretBox } from '../../lib/crypto.ts';
import type {
  Operation,
  OperationError,
  OperationStep,
  OperationWorkflow,
} from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { eventsFor } from './events.ts';
import { type RotateArgs, serviceOperations } from './operations.ts';
import { type ServiceWorkflowDependencies, stepTools } from './steps.ts';
import { getService, type ManagedService, type ServiceChanges, updateService } from './store.ts';

/** A day. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

const PASSWORD_LENGTH = 24;

export const newPassword = (secrets: SecretBox): Buffer => secrets.seal(randomText(PASSWORD_LENGTH));

interface Rotation {
  secrets: SecretBox;
  overlapSeconds: number;
  noun: string;
}

/** Accepts a rotation. An instance with a problem gets the new password at once, and applies it when it starts. */
export async function requestRotation(
  tx: Tx,
  principal: TeamPrincipal,
  row: ManagedService,
  { secrets, overlapSeconds, noun }: Rotation,
) {
  if (row.status === 'error') {
    await updateService(tx, row.id, replaced(row, newPassword(secrets), overlapSeconds));
    return {
      message: `The ${noun} has a new password, which takes effect when it starts.`,
      status: row.status as 'error',
      operation_id: null,
    };
  }
  const operation = await acceptForInstance(tx, principal, row, serviceOperations.rotate, {
    running: row.desired === 'running',
    overlapSeconds,
  });
  return {
    message: `The ${noun} is getting a new password.`,
    status: serviceOperations.rotate.during,
    operation_id: operation.id,
  };
}

/** The columns once the new password has replaced the present one. */
const replaced = (row: ManagedService, next: Buffer, overlapSeconds: number): ServiceChanges => ({
  ...NO_ROTATION,
  password_sealed: next,
  previous_password_sealed: overlapSeconds === 0 ? null : row.password_sealed,
  previous_password_until:
    overlapSeconds === 0 ? null : sql<Date>`now() + make_interval(secs => ${overlapSeconds})`,
});

const NO_ROTATION = { next_password_sealed: null, next_overlap_seconds: null };

/**
 * Changes the password. Until the engine has taken the new one, it is kept beside the present one, which `credentials`
 * shows as long as the rotation may fail. `settings` is the step that gives both to the instance.
 */
export function rotationWorkflow(
  dependencies: ServiceWorkflowDependencies,
  settings: OperationStep,
): OperationWorkflow<RotateArgs> {
  const { database, plane, secrets } = dependencies;
  const { step, ready } = stepTools(dependencies);
  const reload = async (row: ManagedService): Promise<void> => {
    const waiting = (await plane.control(instanceRef(row), 'reload')).split('\n').filter(Boolean);
    await ready(row);
    await updateService(database.db, row.id, { pending_restart: waiting });
  };
  return instanceWorkflow(serviceOperations.rotate, {
    begin: (db, operation) => begin(db, operation, secrets),
    steps: [
      settings,
      step<RotateArgs>('apply', async (row, { args }) => {
        if (args.running) await reload(row);
      }),
    ],
    undo: [
      step<RotateArgs>('forget', (row) => updateService(database.db, row.id, NO_ROTATION)),
      settings,
      step<RotateArgs>('reapply', async (row, { args: { running } }) => {
        if (running) await reload(row);
        await updateInstance(database.db, row.id, { status: running ? 'running' : 'stopped' });
      }),
    ],
    succeed,
    fail,
  });
}

async function begin(db: Queryable, { resourceId, args }: Operation<RotateArgs>, secrets: SecretBox) {
  const row = await getService(db, resourceId);
  await updateInstance(db, resourceId, { status: serviceOperations.rotate.during });
  // It may run again after an interruption: the engine may have the password by then.
  if (row.next_password_sealed !== null) return;
  await updateService(db, resourceId, {
    next_password_sealed: newPassword(secrets),
    next_overlap_seconds: args.overlapSeconds,
  });
}

async function succeed(tx: Tx, operation: Operation<RotateArgs>): Promise<void> {
  const { running, overlapSeconds } = operation.args;
  const row = await getService(tx, operation.resourceId);
  await updateService(tx, row.id, replaced(row, row.next_password_sealed!, overlapSeconds));
  await updateInstance(tx, row.id, { status: running ? 'running' : 'stopped' });
  await recordOutcome(tx, operation, eventsFor(operation).passwordRotated, {
    overlap_seconds: overlapSeconds,
  });
}

/** Where going back succeeded, the present password stays. */
async function fail(tx: Tx, operation: Operation<RotateArgs>, error: OperationError): Promise<void> {
  await updateService(tx, operation.resourceId, NO_ROTATION);
  const row = await getService(tx, operation.resourceId);
  if (row.status === serviceOperations.rotate.during) return settleFailure(tx, operation, error);
  await recordOutcome(tx, operation, eventsFor(operation).rotationFailed, { error });
}
