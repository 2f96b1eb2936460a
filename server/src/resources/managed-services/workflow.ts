import { sql } from 'kysely';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database, Tx } from '../../db/database.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import { endInstance, markDeployed, settle, settleFailure, showWork } from '../../instances/lifecycle.ts';
import { instanceRef } from '../../instances/naming.ts';
import { updateInstance } from '../../instances/store.ts';
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
import { originOf, type Snapshot } from '../snapshots/store.ts';
import { type Changes, writeChanges } from './columns.ts';
import { KINDS, type Kind } from './kinds.ts';
import { beginPublish, failPublish, finishPublish } from './publication.ts';
import { waitUntilReady } from './readiness.ts';
import {
  imageName,
  instanceSettings,
  instanceSpec,
  type SettingsDependencies,
  settingsFiles,
} from './settings.ts';
import { type ServiceOperationKind, STATUS_DURING } from './states.ts';
import { getService, type ManagedService, updateService } from './store.ts';

/** Seconds that an engine gets to end in good order before its instance is switched off. */
const STOP_GRACE_SECONDS = 120;
/** Operations that make it pointless to wait for the engine. */
const SUPERSEDING = new Set(['stop', 'force-stop', 'restore', 'delete']);

export interface ServiceWorkflowDependencies extends SettingsDependencies {
  database: Database;
  plane: DataPlane;
}

/** Arguments of an update; recorded with the operation. */
export interface UpdateArgs {
  /** The instance is to be running once the operations before this one are done. */
  running: boolean;
  /** Restart the engine where a change needs it, instead of leaving that to the customer. */
  restart: boolean;
  /** What changes, for the event. */
  what: string;
  /** The columns as they were, to go back to. */
  previous: UpdatableColumns;
}

const UPDATABLE = [
  'plan',
  'vcpu',
  'memory_mb',
  'disk_gb',
  'price_cents',
  'parameters',
  'parameter_group_id',
  'effective_parameters',
] as const;

export type UpdatableColumns = Pick<ManagedService, (typeof UPDATABLE)[number]>;

/** The columns that an update may change in the engine. */
export const updatableColumns = (row: ManagedService): UpdatableColumns =>
  Object.fromEntries(UPDATABLE.map((column) => [column, row[column]])) as UpdatableColumns;

/** The operations on a database or a cache, by kind. */
export function managedServiceWorkflows(
  dependencies: ServiceWorkflowDependencies,
): Record<ServiceOperationKind, OperationWorkflow> {
  const steps = serviceSteps(dependencies);
  const workflow = (
    kind: Exclude<ServiceOperationKind, 'snapshot' | 'restore'>,
    parts: Pick<OperationWorkflow, 'steps' | 'succeed'> & Partial<OperationWorkflow>,
  ): OperationWorkflow => ({
    undo: [],
    begin: (db, operation) => showWork(db, operation, STATUS_DURING[kind]),
    fail: settleFailure,
    ...parts,
  });
  return {
    create: workflow('create', {
      steps: [steps.network, steps.image, steps.instance, steps.ready],
      undo: [steps.remove],
      succeed: becomes('running'),
    }),
    // An instance that was lost is built again on its data volume.
    start: workflow('start', {
      // One that runs although something failed is stopped first: then it reads all of its settings.
      steps: [steps.network, steps.image, steps.halt, steps.settings, steps.instance, steps.ready],
      succeed: becomes('running'),
    }),
    stop: workflow('stop', { steps: [steps.stop], succeed: becomes('stopped') }),
    'force-stop': workflow('force-stop', { steps: [steps.kill], succeed: becomes('stopped') }),
    update: workflow('update', {
      steps: [steps.settings, steps.apply],
      undo: [steps.revert, steps.settings, steps.reapply],
      succeed: finishUpdate,
      fail: failUpdate,
    }),
    publish: workflow('publish', {
      begin: beginPublish,
      steps: [steps.ports],
      succeed: finishPublish,
      fail: failPublish,
    }),
    ...snapshotOperations({
      ...dependencies,
      graceSeconds: STOP_GRACE_SECONDS,
      prepare: [steps.network, steps.newImage],
      instance: steps.instance,
      ready: steps.ready,
      revertUpdate: (tx, { resourceId, args }) =>
        writeChanges(tx, resourceId, previousColumns(args as unknown as UpdateArgs)),
      adopt,
    }),
    delete: workflow('delete', {
      steps: [steps.remove, steps.firewalls, steps.snapshots],
      succeed: finishDelete,
    }),
  };
}

function serviceSteps(dependencies: ServiceWorkflowDependencies) {
  const { database, plane, publicAddress } = dependencies;
  const { db } = database;
  const networkOf = createNetworkReader(db);
  const step = (
    name: string,
    run: (row: ManagedService, ...rest: Parameters<OperationStep['run']>) => Promise<void>,
  ) => ({
    name,
    run: async (...parameters: Parameters<OperationStep['run']>) =>
      run(await getService(db, parameters[0].resourceId), ...parameters),
  });
  const exists = async (row: ManagedService) => (await plane.describeInstance(instanceRef(row))) !== null;
  /** What is made from a snapshot is of its version. */
  const asMade = async (row: ManagedService): Promise<ManagedService> => {
    const origin = await originOf(db, row);
    return { ...row, version: origin?.snapshot?.version ?? row.version };
  };
  const ready = (row: ManagedService) =>
    unlessSuperseded(database, row.id, SUPERSEDING, waitUntilReady(plane, instanceRef(row)));
  /** Makes new settings take effect; returns the parameters that still wait for a restart. */
  const apply = async (row: ManagedService, restart: boolean): Promise<string[]> => {
    const ref = instanceRef(row);
    const waiting = (await plane.control(ref, 'reload')).split('\n').filter(Boolean);
    if (!restart || waiting.length === 0) return waiting;
    await plane.control(ref, 'restart');
    return [];
  };
  return {
    network: step('network', async ({ team_id }) => {
      await plane.ensureTenant({ teamId: team_id, network: await networkOf(team_id) });
      // Before there is an instance: it must not be reachable in any other way for a moment.
      await applyTeamFirewalls(database, plane, team_id);
    }),
    // Needed only where the instance is to be made: one that is there may be of an older image.
    image: step('image', async (row, _operation, progress) => {
      if (!(await exists(row))) await plane.ensureImage(imageName(await asMade(row)), progress);
    }),
    // A restore makes the instance anew, whether there is one or not.
    newImage: step('image', async (row, _operation, progress) => {
      await plane.ensureImage(imageName(await asMade(row)), progress);
    }),
    instance: step('instance', async (row) => {
      const spec = await instanceSpec(await asMade(row), await networkOf(row.team_id), dependencies);
      await plane.ensureInstance(spec, (await originOf(db, row))?.ref);
    }),
    ready: step('ready', ready),
    stop: step('stop', (row) => plane.ensureStopped(instanceRef(row), STOP_GRACE_SECONDS)),
    halt: step('halt', async (row) => {
      if (await exists(row)) await plane.ensureStopped(instanceRef(row), STOP_GRACE_SECONDS);
    }),
    kill: step('kill', (row) => plane.ensureStopped(instanceRef(row), 0)),
    settings: step('settings', async (row) => {
      if (!(await exists(row))) return;
      await plane.ensureSettings(instanceRef(row), instanceSettings(row, publicAddress));
      await plane.ensureFiles(instanceRef(row), await settingsFiles(row, dependencies));
    }),
    // Ports are the host's: the engine inside is not asked, whatever state it is in.
    ports: step('ports', async (row) => {
      if (await exists(row)) {
        await plane.ensureSettings(instanceRef(row), instanceSettings(row, publicAddress));
      }
    }),
    apply: step('apply', async (row, { args }) => {
      const { running, restart } = args as unknown as UpdateArgs;
      if (!running) return;
      const waiting = await apply(row, restart);
      await ready(row);
      await updateService(db, row.id, { pending_restart: waiting });
    }),
    revert: step('revert', async (row, { args }) => {
      const { previous } = args as unknown as UpdateArgs;
      const detail = await plane.describeInstance(instanceRef(row));
      await writeChanges(db, row.id, {
        ...previousColumns(args as unknown as UpdateArgs),
        // A volume that has grown does not shrink.
        disk_gb: Math.max(previous.disk_gb, detail?.limits.diskGb ?? 0),
      });
    }),
    reapply: step('reapply', async (row, { args }) => {
      const { running } = args as unknown as UpdateArgs;
      if (running) {
        await apply(row, true);
        await ready(row);
      }
      await updateInstance(db, row.id, { status: running ? 'running' : 'stopped' });
      await updateService(db, row.id, { pending_restart: [] });
    }),
    remove: step('remove', (row) => plane.removeInstance(instanceRef(row))),
    // Its address is free afterwards, and nothing may be left that is for the instance.
    firewalls: step('firewalls', ({ team_id }) => applyTeamFirewalls(database, plane, team_id)),
    snapshots: step('snapshots', (_row, operation) => removeSnapshotsOf(db, plane, operation)),
  };
}

/** The columns as they were before an update. */
const previousColumns = ({ previous }: UpdateArgs): Changes => ({
  ...previous,
  parameters: JSON.stringify(previous.parameters),
  effective_parameters: JSON.stringify(previous.effective_parameters),
  // It may be gone since nothing uses it.
  parameter_group_id: sql<
    number | null
  >`(select id from parameter_groups where id = ${previous.parameter_group_id})`,
});

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

async function finishUpdate(tx: Tx, operation: Operation): Promise<void> {
  const { running, what } = operation.args as unknown as UpdateArgs;
  await updateInstance(tx, operation.resourceId, { status: running ? 'running' : 'stopped' });
  const [reason, message] = outcome(operation);
  await recordOutcome(tx, operation, 'Normal', [reason, `${message} ${what}`]);
}

/** Where going back worked too, the instance is as it was, and so is what the customer pays for. */
async function failUpdate(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  const row = await getService(tx, operation.resourceId);
  if (row.status === 'updating') return settleFailure(tx, operation, error);
  await recordOutcome(tx, operation, 'Warning', ['UpdateFailed', `Nothing was changed: ${error.message}`]);
}

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
