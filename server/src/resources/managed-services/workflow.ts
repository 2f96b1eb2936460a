import type { Tx } from '../../db/database.ts';
import type { EventType, NOTHING } from '../../events/catalogue.ts';
import { endInstance, instanceWorkflow, markDeployed, settle } from '../../instances/lifecycle.ts';
import type { Operation, OperationWorkflow } from '../../operations/operation.ts';
import { forgetInstance } from '../firewalls/defaults.ts';
import { instanceSnapshotWorkflows } from '../snapshots/instance-operations.ts';
import type { instanceSnapshotOperations } from '../snapshots/operations.ts';
import type { Snapshot } from '../snapshots/store.ts';
import { eventsFor, type ServiceEvents } from './events.ts';
import type { Kind } from './kinds.ts';
import { serviceOperations } from './operations.ts';
import { beginPublish, failPublish, finishPublish } from './publication.ts';
import { rotationWorkflow } from './rotation.ts';
import { type ServiceWorkflowDependencies, STOP_GRACE_SECONDS, serviceSteps } from './steps.ts';
import { updateService } from './store.ts';
import { failUpdate, finishUpdate, revertWaiting, updateSteps } from './update.ts';

type OperationName = keyof typeof serviceOperations | keyof typeof instanceSnapshotOperations;

/** The workflows of databases or caches, by kind of operation. */
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
      succeed: becomes('running', ({ created }) => created),
      isRepeatable: true,
    }),
    // An instance that was lost is rebuilt on its data volume.
    start: instanceWorkflow(start, {
      // One that is running after a failure is stopped first, so that it reads all of its settings.
      steps: [steps.network, steps.image, steps.halt, steps.settings, steps.instance, steps.ready],
      succeed: becomes('running', ({ started }) => started),
      isRepeatable: true,
    }),
    stop: instanceWorkflow(stop, {
      steps: [steps.stop],
      succeed: becomes('stopped', ({ stopped }) => stopped),
      isRepeatable: true,
    }),
    'force-stop': instanceWorkflow(serviceOperations['force-stop'], {
      steps: [steps.kill],
      succeed: becomes('stopped', ({ forceStopped }) => forceStopped),
      isRepeatable: true,
    }),
    update: instanceWorkflow(update, {
      steps: [steps.settings, apply],
      undo: [revert, steps.settings, reapply],
      succeed: finishUpdate,
      fail: failUpdate,
    }),
    rotate: rotationWorkflow(dependencies, steps.settings),
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
      isRepeatable: true,
    }),
  };
}

/** A restored instance has the version of its snapshot. */
async function adopt(tx: Tx, id: string, { version }: Snapshot): Promise<void> {
  await updateService(tx, id, { ...(version === null ? {} : { version }), ...FRESHLY_STARTED });
  await markDeployed(tx, id);
}

/** The engine reads all of its settings when it starts. */
const FRESHLY_STARTED = { pending_restart: [] as string[] };

const becomes =
  (status: 'running' | 'stopped', pick: (events: ServiceEvents) => EventType<typeof NOTHING>) =>
  async (tx: Tx, operation: Operation): Promise<void> => {
    await settle(tx, operation, status, pick(eventsFor(operation)));
    if (status === 'running') await updateService(tx, operation.resourceId, FRESHLY_STARTED);
  };

async function finishDelete(tx: Tx, operation: Operation): Promise<void> {
  await forgetInstance(tx, operation.teamId, {
    type: operation.resourceType as Kind,
    id: operation.resourceId,
  });
  await endInstance(tx, operation);
}
