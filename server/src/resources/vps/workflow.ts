import { sql } from 'kysely';
import type { InstanceSettings, InstanceSpec } from '../../dataplane/contract/compute.ts';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { TenantNetwork } from '../../dataplane/contract/networks.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { buildUserData } from '../../images/cloud-init.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import { endInstance, markDeployed, settle, settleFailure, showWork } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { updateInstance, updateMember } from '../../instances/store.ts';
import type { SecretBox } from '../../lib/crypto.ts';
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
import { snapshotOperations } from '../snapshots/instance-operations.ts';
import { removeSnapshotsOf } from '../snapshots/retirement.ts';
import { type Origin, originOf, type Snapshot } from '../snapshots/store.ts';
import { STATUS_DURING, type VpsOperationKind } from './states.ts';
import { getVps, updateVps, type Vps } from './store.ts';

/** Operations that make it pointless to wait for the guest. */
const SUPERSEDING = new Set(['stop', 'reinstall', 'restore', 'delete']);
/** Seconds that a guest gets to shut down before it is switched off. */
const STOP_GRACE_SECONDS = 30;
/** Seconds from the start of a guest until its SSH server must answer; first boots run the customer's cloud-init. */
export const SSH_TIMEOUT_SECONDS = 180;

export interface VpsWorkflowDependencies {
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
}

/** Arguments of the operations that take any; recorded with the operation. */
export interface ImageArgs {
  image: string;
}

export interface ReinstallArgs extends ImageArgs {
  /** Sealed, in base64. */
  customCloudInitSealed: string | null;
}

export interface UpdateArgs {
  settings: InstanceSettings;
  /** The columns as they were, to go back to. */
  previous: PlanColumns & Pick<Vps, 'auto_start'>;
}

export type PlanColumns = Pick<
  Vps,
  'plan' | 'cpu_allocation_type' | 'vcpu' | 'memory_mb' | 'disk_gb' | 'price_cents'
>;

/** The operations on a VPS, by kind. */
export function vpsWorkflows(
  dependencies: VpsWorkflowDependencies,
): Record<VpsOperationKind, OperationWorkflow> {
  const steps = vpsSteps(dependencies);
  const workflow = (
    kind: VpsOperationKind,
    parts: Pick<OperationWorkflow, 'steps' | 'succeed'> & Partial<OperationWorkflow>,
  ): OperationWorkflow => ({
    undo: [],
    begin: (db, operation) => showWork(db, operation, STATUS_DURING[kind]),
    fail: settleFailure,
    ...parts,
  });
  const becomes = (status: 'running' | 'stopped') => async (tx: Tx, operation: Operation) => {
    await settle(tx, operation, status);
    await recordOutcome(tx, operation, 'Normal', EVENTS[operation.kind]!);
  };
  return {
    create: workflow('create', {
      steps: [steps.network, steps.image, steps.instance, steps.ssh],
      undo: [steps.remove],
      succeed: becomes('running'),
    }),
    start: workflow('start', { steps: [steps.start, steps.ssh], succeed: becomes('running') }),
    stop: workflow('stop', { steps: [steps.stop], succeed: becomes('stopped') }),
    reboot: workflow('reboot', { steps: [steps.stop, steps.start, steps.ssh], succeed: becomes('running') }),
    reinstall: workflow('reinstall', {
      begin: beginReinstall,
      // The image comes first: where it cannot be had, the old system is still there.
      steps: [steps.image, steps.remove, steps.network, steps.instance, steps.ssh],
      succeed: becomes('running'),
    }),
    update: workflow('update', { steps: [steps.settings], succeed: finishUpdate, fail: revertUpdate }),
    ...snapshotOperations({
      ...dependencies,
      graceSeconds: STOP_GRACE_SECONDS,
      // No image: the snapshot holds the whole system.
      prepare: [steps.network],
      instance: steps.instance,
      ready: steps.ssh,
      revertUpdate: putBack,
      adopt,
    }),
    delete: workflow('delete', {
      steps: [steps.remove, steps.firewalls, steps.snapshots],
      succeed: finishDelete,
    }),
  };
}

function vpsSteps({ database, plane, secrets }: VpsWorkflowDependencies) {
  const networkOf = createNetworkReader(database.db);
  const step = (name: string, run: OperationStep['run']): OperationStep => ({ name, run });
  /** A step that needs the row. A row outlives every operation on it. */
  const stepOf = (name: string, run: (vps: Vps, operation: Operation) => Promise<void>): OperationStep =>
    step(name, async (operation) => run(await getVps(database.db, operation.resourceId), operation));
  return {
    network: step('network', async ({ teamId }) => {
      await plane.ensureTenant({ teamId, network: await networkOf(teamId) });
      // Before there is an instance: it must not be reachable in any other way for a moment.
      await applyTeamFirewalls(database, plane, teamId);
    }),
    image: step('image', ({ args }, progress) =>
      plane.ensureImage((args as unknown as ImageArgs).image, progress),
    ),
    instance: stepOf('instance', async (vps) => {
      const origin = await originOf(database.db, vps);
      const spec = await instanceSpec(vps, await networkOf(vps.team_id), secrets, origin);
      await plane.ensureInstance(spec, origin?.ref);
    }),
    // A guest that never gets there must not hold up who has given up on it.
    ssh: stepOf('ssh', (vps) =>
      unlessSuperseded(
        database,
        vps.id,
        SUPERSEDING,
        plane.waitForSsh(instanceRef(vps), SSH_TIMEOUT_SECONDS),
      ),
    ),
    start: stepOf('start', (vps) => plane.ensureRunning(instanceRef(vps))),
    stop: stepOf('stop', (vps) => plane.ensureStopped(instanceRef(vps), STOP_GRACE_SECONDS)),
    settings: stepOf('settings', (vps, { args }) =>
      plane.ensureSettings(instanceRef(vps), (args as unknown as UpdateArgs).settings),
    ),
    remove: stepOf('remove', (vps) => plane.removeInstance(instanceRef(vps))),
    // Its address is free afterwards, and nothing may be left that is for the instance.
    firewalls: step('firewalls', ({ teamId }) => applyTeamFirewalls(database, plane, teamId)),
    snapshots: step('snapshots', (operation) => removeSnapshotsOf(database.db, plane, operation)),
  };
}

/** What the data plane is to give a VPS with these columns. */
export const settingsOf = (
  vps: Pick<Vps, 'vcpu' | 'memory_mb' | 'disk_gb' | 'auto_start'>,
): InstanceSettings => ({
  limits: { vcpu: vps.vcpu, memoryMb: vps.memory_mb, diskGb: vps.disk_gb },
  publish: [],
  autoStart: vps.auto_start,
});

/**
 * The whole instance. One that is made from a snapshot has the image of that, and the customer's own cloud-init has done its
 * work there: it does not run a second time.
 */
export async function instanceSpec(
  vps: Vps,
  network: TenantNetwork,
  secrets: SecretBox,
  origin?: Origin,
): Promise<InstanceSpec> {
  const custom = origin ? null : vps.custom_cloud_init_sealed;
  const hostname = vps.name.slice(0, 63).replace(/-+$/, '');
  return {
    ref: instanceRef(vps),
    image: origin?.snapshot?.image ?? vps.image,
    ...settingsOf(vps),
    network,
    addresses: { ipv4: vps.ipv4, ipv6: vps.ipv6 },
    hostname,
    userData: await buildUserData({
      hostname,
      authorizedKey: vps.authorized_key,
      rootPassword: secrets.open(vps.password_sealed),
      allowPasswordLogin: vps.auth_method === 'password',
      custom: custom && secrets.open(custom),
    }),
    dataVolume: false,
    files: [],
    generation: vps.generation,
  };
}

/** A new generation makes the data plane replace the instance. Counting up twice does no harm: it must only differ. */
async function beginReinstall(db: Queryable, operation: Operation): Promise<void> {
  const args = operation.args as unknown as ReinstallArgs;
  await updateInstance(db, operation.resourceId, { status: 'reinstalling' });
  await updateVps(db, operation.resourceId, {
    image: args.image,
    custom_cloud_init_sealed:
      args.customCloudInitSealed === null ? null : Buffer.from(args.customCloudInitSealed, 'base64'),
  });
  await updateMember(db, operation.resourceId, { generation: sql<number>`generation + 1`, made_from: null });
}

async function finishUpdate(tx: Tx, operation: Operation): Promise<void> {
  await recordOutcome(tx, operation, 'Normal', EVENTS.update!);
}

/** The columns as they were before an update. */
async function putBack(tx: Tx, { resourceId, args }: Operation): Promise<void> {
  const { cpu_allocation_type, auto_start, ...shared } = (args as unknown as UpdateArgs).previous;
  await updateInstance(tx, resourceId, shared);
  await updateVps(tx, resourceId, { cpu_allocation_type, auto_start });
}

/** A restored server is of the image that the snapshot is of. */
async function adopt(tx: Tx, id: string, { image }: Snapshot): Promise<void> {
  if (image !== null) await updateVps(tx, id, { image });
  await markDeployed(tx, id);
}

/** The instance is as it was, and so is what the customer pays for. */
async function revertUpdate(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await putBack(tx, operation);
  await recordOutcome(tx, operation, 'Warning', ['UpdateFailed', `Nothing was changed: ${error.message}`]);
}

async function finishDelete(tx: Tx, operation: Operation): Promise<void> {
  await recordOutcome(tx, operation, 'Normal', EVENTS.delete!);
  await forgetInstance(tx, operation.teamId, { type: 'vps', id: operation.resourceId });
  await endInstance(tx, operation);
}

/** Reason and message of the event that an operation leaves behind. */
const EVENTS: Record<string, [string, string]> = {
  create: ['Created', 'The server was created and accepts SSH.'],
  start: ['Started', 'The server was started.'],
  stop: ['Stopped', 'The server was stopped.'],
  reboot: ['Rebooted', 'The server was rebooted.'],
  reinstall: ['Reinstalled', 'The server was reinstalled.'],
  update: ['Updated', 'Plan and settings of the server were changed.'],
  delete: ['Deleted', 'The server was deleted.'],
};
