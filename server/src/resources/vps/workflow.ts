import { sql } from 'kysely';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { EventType, NOTHING } from '../../events/catalogue.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import { untilItAnswers } from '../../instances/boot.ts';
import { endInstance, instanceWorkflow, markDeployed, settle } from '../../instances/lifecycle.ts';
import { memberName } from '../../instances/naming.ts';
import { updateInstance, updateMember } from '../../instances/store.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { asOperation } from '../../operations/arguments.ts';
import type {
  Operation,
  OperationError,
  OperationStep,
  OperationWorkflow,
} from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { unlessSuperseded } from '../../operations/superseded.ts';
import { forgetInstance } from '../firewalls/defaults.ts';
import { applyTeamFirewalls } from '../firewalls/enforcement.ts';
import { instanceSnapshotWorkflows } from '../snapshots/instance-operations.ts';
import type { instanceSnapshotOperations } from '../snapshots/operations.ts';
import { removeSnapshotsOf } from '../snapshots/retirement.ts';
import { originOf, type Snapshot } from '../snapshots/store.ts';
import { vpsEvents } from './events.ts';
import { type ImageArgs, type ReinstallArgs, type UpdateArgs, vpsOperations } from './operations.ts';
import { instanceSpec, NOTHING_PUBLISHED, SSH_TIMEOUT_SECONDS } from './spec.ts';
import { getVps, updateVps } from './store.ts';

/** Operations that make waiting for the guest pointless. */
const SUPERSEDING = new Set(['stop', 'reinstall', 'restore', 'delete']);
/** Seconds that a guest gets to shut down before it is powered off. */
const STOP_GRACE_SECONDS = 30;

export interface VpsWorkflowDependencies {
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
}

type Kind = keyof typeof vpsOperations | keyof typeof instanceSnapshotOperations;

/** The workflows of VPS, by kind of operation. */
export function vpsWorkflows(dependencies: VpsWorkflowDependencies): Record<Kind, OperationWorkflow> {
  const steps = vpsSteps(dependencies);
  const { create, start, stop, reboot, reinstall, update, delete: remove } = vpsOperations;
  return {
    create: instanceWorkflow(create, {
      steps: [steps.network, steps.image, steps.instance, steps.ssh],
      undo: [steps.remove],
      succeed: becomes('running', vpsEvents.created),
      isRepeatable: true,
    }),
    start: instanceWorkflow(start, {
      steps: [steps.start, steps.ssh],
      succeed: becomes('running', vpsEvents.started),
      isRepeatable: true,
    }),
    stop: instanceWorkflow(stop, {
      steps: [steps.stop],
      succeed: becomes('stopped', vpsEvents.stopped),
      isRepeatable: true,
    }),
    reboot: instanceWorkflow(reboot, {
      steps: [steps.stop, steps.start, steps.ssh],
      succeed: becomes('running', vpsEvents.rebooted),
      isRepeatable: true,
    }),
    reinstall: instanceWorkflow(reinstall, {
      begin: beginReinstall,
      // The image comes first: if it is unavailable, the old system still exists.
      steps: [steps.image, steps.remove, steps.network, steps.instance, steps.ssh],
      succeed: becomes('running', vpsEvents.reinstalled),
    }),
    update: instanceWorkflow(update, { steps: [steps.settings], succeed: finishUpdate, fail: revertUpdate }),
    ...instanceSnapshotWorkflows({
      ...dependencies,
      graceSeconds: STOP_GRACE_SECONDS,
      // No image: the snapshot contains the whole system.
      prepare: [steps.network],
      instance: steps.instance,
      ready: steps.ssh,
      revertUpdate: revertWaiting,
      adopt,
    }),
    delete: instanceWorkflow(remove, {
      steps: [steps.remove, steps.firewalls, steps.snapshots],
      succeed: finishDelete,
      isRepeatable: true,
    }),
  };
}

function vpsSteps({ database, plane, secrets }: VpsWorkflowDependencies) {
  const networkOf = createNetworkReader(database.db);
  const step = <Args = unknown>(name: string, run: OperationStep<Args>['run']) => ({ name, run });
  return {
    network: step('network', async ({ teamId }) => {
      await plane.ensureTenant({ teamId, network: await networkOf(teamId) });
      // Before the instance exists, so that it is never reachable in any other way.
      await applyTeamFirewalls(database, plane, teamId);
    }),
    image: step<ImageArgs>('image', ({ args }, progress) => plane.ensureImage(args.image, progress)),
    instance: step('instance', async ({ resourceId }) => {
      // The row exists as long as it has unfinished operations.
      const vps = await getVps(database.db, resourceId);
      const origin = await originOf(database.db, vps);
      const spec = await instanceSpec(vps, await networkOf(vps.team_id), secrets, origin);
      await plane.ensureInstance(spec, origin?.ref);
    }),
    // A user who gives up on a guest that never boots must not have to wait for it.
    ssh: step('ssh', (operation) =>
      unlessSuperseded(database, operation.resourceId, SUPERSEDING, (superseded) => {
        const wait = (ref: InstanceRef) => plane.waitForSsh(ref, SSH_TIMEOUT_SECONDS);
        return untilItAnswers(plane, refOf(operation), wait, superseded);
      }),
    ),
    start: step('start', (operation) => plane.ensureRunning(refOf(operation))),
    stop: step('stop', (operation) => plane.ensureStopped(refOf(operation), STOP_GRACE_SECONDS)),
    settings: step<UpdateArgs>('settings', (operation) =>
      plane.ensureSettings(refOf(operation), { ...operation.args.settings, ...NOTHING_PUBLISHED }),
    ),
    remove: step('remove', (operation) => plane.removeInstance(refOf(operation))),
    // Its address is then free for reuse, so no rule for it may be left.
    firewalls: step('firewalls', ({ teamId }) => applyTeamFirewalls(database, plane, teamId)),
    snapshots: step('snapshots', (operation) => removeSnapshotsOf(database.db, plane, operation)),
  };
}

/** The only member of the operation's server, which has its id. */
const refOf = ({ teamId, resourceType, resourceId }: Operation): InstanceRef => ({
  teamId,
  name: memberName(resourceType, resourceId),
});

const becomes =
  (status: 'running' | 'stopped', event: EventType<typeof NOTHING>) =>
  async (tx: Tx, operation: Operation): Promise<void> => {
    await settle(tx, operation, status, event);
  };

/** A new generation makes the data plane replace the instance. Incrementing it twice is harmless. */
async function beginReinstall(db: Queryable, { resourceId, args }: Operation<ReinstallArgs>): Promise<void> {
  const { image, customCloudInitSealed, login } = args;
  await updateInstance(db, resourceId, { status: vpsOperations.reinstall.during });
  await updateVps(db, resourceId, {
    image,
    custom_cloud_init_sealed: fromBase64(customCloudInitSealed),
    auth_method: login.authMethod,
    // The key may have been deleted since the request.
    ssh_key_id: db.selectFrom('ssh_keys').select('id').where('id', '=', login.sshKeyId),
    authorized_key: login.authorizedKey,
    ...(login.passwordSealed === null ? {} : { password_sealed: fromBase64(login.passwordSealed)! }),
  });
  await updateMember(db, resourceId, { generation: sql<number>`generation + 1`, made_from: null });
}

const fromBase64 = (text: string | null): Buffer | null =>
  text === null ? null : Buffer.from(text, 'base64');

async function finishUpdate(tx: Tx, operation: Operation): Promise<void> {
  await recordOutcome(tx, operation, vpsEvents.updated, {});
}

/** Restores the columns as they were before an update. */
async function putBack(tx: Tx, { resourceId, args }: Operation<UpdateArgs>): Promise<void> {
  const { cpu_allocation_type, auto_start, ...shared } = args.previous;
  await updateInstance(tx, resourceId, shared);
  await updateVps(tx, resourceId, { cpu_allocation_type, auto_start });
}

/** The same for a waiting update that will not be executed. */
async function revertWaiting(tx: Tx, waiting: Operation): Promise<void> {
  const update = asOperation(vpsOperations.update, waiting);
  if (update) await putBack(tx, update);
}

/** A restored server has the image of its snapshot. */
async function adopt(tx: Tx, id: string, { image }: Snapshot): Promise<void> {
  if (image !== null) await updateVps(tx, id, { image });
  await markDeployed(tx, id);
}

/** Reverting succeeded: the instance and its price are as before. */
async function revertUpdate(tx: Tx, operation: Operation<UpdateArgs>, error: OperationError): Promise<void> {
  await putBack(tx, operation);
  await recordOutcome(tx, operation, vpsEvents.updateFailed, { error });
}

async function finishDelete(tx: Tx, operation: Operation): Promise<void> {
  await forgetInstance(tx, operation.teamId, { type: 'vps', id: operation.resourceId });
  await endInstance(tx, operation);
}
