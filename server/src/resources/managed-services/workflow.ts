import type { Tx } from '../../db/database.ts';
import { endInstance, instanceWorkflow, markDeployed, settle } from '../../instances/lifecycle.ts';
import type { Operation, OperationWorkflow } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { forgetInstance } from '../firewalls/defaults.ts';
import { instanceSnapshotWorkflows } from '../snapshots/instance-operations.ts';
import type { instanceSnapshotOperations } from '../snapshots/operations.ts';
import type { Snapshot } from '../snapshots/store.ts';
import { KINDS, type Kind } from './kinds.ts';
import { serviceOperations } from './operations.ts';
import { beginPublish, failPublish, finishPublish } from './publication.ts';
import { type ServiceWorkflowDependencies, STOP_GRACE_SECONDS, serviceSteps } from './steps.ts';
import { updateService } from './store.ts';
import { failUpdate, finishUpdate, revertWaiting, updateSteps } from './update.ts';

type OperationName = keyof typeof serviceOperations | keyof typeof instanceSnapshotOperations;

/** The operations on a database or a cache, by kind. */
export function managedServiceWorkflows(
  dependencies: ServiceWorkflowDependencies,
): Record<OperationName, OperationWorkflow> {
  const steps = serviceSteps(dependencies);
  const { apply, revert, reapply } = updateSteps(dependencies);
  const { create, start, stop, update, publish } = serviceOperations;
  return {
    create: instanceWorkflow(create, {
      steps: [steps.network, steps.image, steps.instance, steps.ready],
      undo: [steps.remove],
      succeed: becomes('running'),
    }),
    // An instance that was lost is built again on its data volume.
    start: instanceWorkflow(start, {
      // One that runs although something failed is stopped first: then it reads all of its settings.
      steps: [steps.network, steps.image, steps.halt, steps.settings, steps.instance, steps.ready],
      succeed: becomes('running'),
    }),
    stop: instanceWorkflow(stop, { steps: [steps.stop], succeed: becomes('stopped') }),
    'force-stop': instanceWorkflow(serviceOperations['force-stop'], {
      steps: [steps.kill],
      succeed: becomes('stopped'),
    }),
    update: instanceWorkflow(update, {
      steps: [steps.settings, apply],
      undo: [revert, steps.settings, reapply],
      succeed: (tx, operation) => finishUpdate(tx, operation, outcome(operation)),
      fail: failUpdate,
    }),
    publish: instanceWorkflow(publish, {
      begin: beginPublish,
      steps: [steps.ports],
      succeed: finishPublish,
      fail: failPublish,
    }),
    ...instanceSnapshotWorkflows({
      ...dependencies,
      graceSeconds: STOP_GRACE_SECONDS,
      prepare: [steps.network, steps.newImage],
      instance: steps.instance,
      ready: steps.ready,
      revertUpdate: revertWaiting,
      adopt,
    }),
    delete: instanceWorkflow(serviceOperations.delete, {
      steps: [steps.remove, steps.firewalls, steps.snapshots],
      succeed: finishDelete,
    }),
  };
}

/** A restored database or cache is of the version that the snapshot is of. */
async function adopt(tx: Tx, id: string, { version }: Snapshot): Promise<void> {
  await updateService(tx, id, { ...(version === null ? {} : { version }), ...FRESHLY_STARTED });
  await markDeployed(tx, id);
}

/** The engine reads all of its settings when it starts. */
const FRESHLY_STARTED = { pending_restart: [] as string[] };

const becomes =
  (status: 'running' | 'stopped') =>
  async (tx: Tx, operation: Operation): Promise<void> => {
    await settle(tx, operation, status);
    if (status === 'running') await updateService(tx, operation.resourceId, FRESHLY_STARTED);
    await recordOutcome(tx, operation, 'Normal', outcome(operation));
  };

async function finishDelete(tx: Tx, operation: Operation): Promise<void> {
  await recordOutcome(tx, operation, 'Normal', outcome(operation));
  await forgetInstance(tx, operation.teamId, {
    type: operation.resourceType as Kind,
    id: operation.resourceId,
  });
  await endInstance(tx, operation);
}

/** Reason of the event that an operation leaves behind, and what became of the instance. */
const EVENTS: Record<string, [reason: string, done: string]> = {
  create: ['Created', 'was created and answers queries.'],
  start: ['Started', 'was started.'],
  stop: ['Stopped', 'was stopped.'],
  'force-stop': ['ForceStopped', 'was switched off.'],
  update: ['Updated', 'has new settings:'],
  delete: ['Deleted', 'was deleted.'],
};

function outcome({ kind, resourceType }: Operation): [reason: string, message: string] {
  const [reason, done] = EVENTS[kind]!;
  return [reason, `The ${KINDS[resourceType as Kind].noun} ${done}`];
}
