import type { Config } from '../../config.ts';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { Database } from '../../db/database.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import { untilItAnswers } from '../../instances/boot.ts';
import { askPool } from '../../instances/capacity.ts';
import { instanceRef } from '../../instances/naming.ts';
import { ensureWithVolume, removeWithVolume, volumeOf } from '../../instances/volumes.ts';
import type { Progress } from '../../lib/progress.ts';
import type { Operation, OperationStep } from '../../operations/operation.ts';
import { unlessSuperseded } from '../../operations/superseded.ts';
import { applyTeamFirewalls } from '../firewalls/enforcement.ts';
import { removeSnapshotsOf } from '../snapshots/retirement.ts';
import { originOf } from '../snapshots/store.ts';
import { waitUntilReady } from './readiness.ts';
import {
  imageName,
  instanceSettings,
  instanceSpec,
  providerOf,
  type SettingsDependencies,
  settingsFiles,
} from './settings.ts';
import { getService, type ManagedService } from './store.ts';

/** Seconds that an engine gets for a clean shutdown before its instance is powered off. */
export const STOP_GRACE_SECONDS = 120;
/** Operations that make waiting for the engine pointless. */
const SUPERSEDING = new Set(['stop', 'force-stop', 'restore', 'delete']);

export interface ServiceWorkflowDependencies extends SettingsDependencies {
  config: Pick<Config, 'storagePriceCents'>;
  database: Database;
  plane: DataPlane;
}

/** What steps have in common: reading their row, and waiting for its instance. */
export function stepTools({ database, plane }: ServiceWorkflowDependencies) {
  return {
    /** A step that gets the operation's row. The row exists as long as it has unfinished operations. */
    step: <Args = unknown>(
      name: string,
      run: (row: ManagedService, operation: Operation<Args>, progress: Progress) => Promise<void>,
    ): OperationStep<Args> => ({
      name,
      run: async (operation, progress) =>
        run(await getService(database.db, operation.resourceId), operation, progress),
    }),
    exists: async (row: ManagedService): Promise<boolean> =>
      (await plane.describeInstance(instanceRef(row))) !== null,
    /** Waits until the engine answers, or no longer has to. */
    ready: (row: ManagedService): Promise<void> =>
      unlessSuperseded(database, row.id, SUPERSEDING, (superseded) => {
        const wait = (ref: InstanceRef) => waitUntilReady(plane, ref, providerOf(row));
        return untilItAnswers(plane, instanceRef(row), wait, superseded);
      }),
  };
}

/** The steps that most operations consist of. */
export function serviceSteps(dependencies: ServiceWorkflowDependencies) {
  const { database, plane, publicAddress } = dependencies;
  const { db } = database;
  const { step, exists, ready } = stepTools(dependencies);
  const networkOf = createNetworkReader(db);
  /** Uses the version of the snapshot that an instance is made from. */
  const asMade = async (row: ManagedService): Promise<ManagedService> => {
    const origin = await originOf(db, row);
    return { ...row, version: origin?.snapshot?.version ?? row.version };
  };
  return {
    network: step('network', async ({ team_id }) => {
      await plane.ensureTenant({ teamId: team_id, network: await networkOf(team_id) });
      // Before the instance exists, so that it is never reachable in any other way.
      await applyTeamFirewalls(database, plane, team_id);
    }),
    // Only needed to create the instance: an existing one may be of an older image.
    image: step('image', async (row, _operation, progress) => {
      if (!(await exists(row))) await plane.ensureImage(imageName(await asMade(row)), progress);
    }),
    // A restore recreates the instance in any case.
    newImage: step('image', async (row, _operation, progress) => {
      await plane.ensureImage(imageName(await asMade(row)), progress);
    }),
    instance: step('instance', async (row, { kind }) => {
      const origin = await originOf(db, row);
      // A clone is about to store a copy. A restore has asked before it stopped anything.
      if (origin && kind === 'create') await askPool(db, plane);
      const spec = await instanceSpec(await asMade(row), await networkOf(row.team_id), dependencies);
      await ensureWithVolume(plane, spec, row.disk_gb, origin?.ref);
    }),
    ready: step('ready', ready),
    stop: step('stop', (row) => plane.ensureStopped(instanceRef(row), STOP_GRACE_SECONDS)),
    halt: step('halt', async (row) => {
      const found = await plane.describeInstance(instanceRef(row));
      if (found && found.power !== 'stopped') await plane.ensureStopped(found.ref, STOP_GRACE_SECONDS);
    }),
    kill: step('kill', (row) => plane.ensureStopped(instanceRef(row), 0)),
    settings: step('settings', async (row) => {
      if (!(await exists(row))) return;
      await plane.ensureVolume({ ref: volumeOf(row), sizeGb: row.disk_gb });
      await plane.ensureSettings(instanceRef(row), instanceSettings(row, publicAddress));
      await plane.ensureFiles(instanceRef(row), await settingsFiles(row, dependencies));
    }),
    // Ports belong to the host, so this works in any state of the engine.
    ports: step('ports', async (row) => {
      if (await exists(row)) {
        await plane.ensureSettings(instanceRef(row), instanceSettings(row, publicAddress));
      }
    }),
    remove: step('remove', (row) => removeWithVolume(plane, instanceRef(row), volumeOf(row))),
    // Its address is then free for reuse, so no rule for it may be left.
    firewalls: step('firewalls', ({ team_id }) => applyTeamFirewalls(database, plane, team_id)),
    snapshots: step('snapshots', (_row, operation) => removeSnapshotsOf(db, plane, operation)),
  };
}
