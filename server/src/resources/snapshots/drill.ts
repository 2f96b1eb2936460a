import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSpec } from '../../dataplane/contract/compute.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef, VolumeRef } from '../../dataplane/contract/refs.ts';
import type { Database } from '../../db/database.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import { askPool } from '../../instances/capacity.ts';
import { type Blueprint, type BlueprintDependencies, kindOf } from '../../instances/kinds.ts';
import { getInstance } from '../../instances/store.ts';
import { dataMount, ensureWithVolume, removeWithVolume, volumeRef } from '../../instances/volumes.ts';
import type { Operation, OperationStep } from '../../operations/operation.ts';
import type { EngineVerification } from '../../services/provider.ts';
import { getSnapshot, type Snapshot, sizeOfDrill, snapshotRef, updateSnapshot } from './store.ts';

/** Interval at which a drill checks whether its snapshot is being deleted, in milliseconds. */
const CHECK_MS = 1000;
/** Characters of the checker's message that are stored. */
const MAX_COMPLAINT = 500;

/** The temporary instance of a drill, named with the operation's id so that no two drills share one. */
export const drillRef = ({ teamId, id }: Pick<Operation, 'teamId' | 'id'>): InstanceRef => ({
  teamId,
  name: `drill-${id}`,
});

/** Its volume, if it has one. */
const drillVolume = ({ teamId, id }: Pick<Operation, 'teamId' | 'id'>): VolumeRef => volumeRef(teamId, id);

/**
 * The steps of a restore drill: create an instance without network from the snapshot, wait until it answers, let the
 * engine's checker verify the data, and remove it. The result is written to the snapshot's row.
 */
export function drillSteps(dependencies: BlueprintDependencies) {
  const { database, plane } = dependencies;
  const { db } = database;
  const networkOf = createNetworkReader(db);
  const blueprintOf = ({ kind }: Snapshot): Blueprint => kindOf(kind).blueprint(dependencies);
  const step = (
    name: string,
    run: (snapshot: Snapshot, ...rest: Parameters<OperationStep['run']>) => Promise<void>,
  ): OperationStep => ({
    name,
    run: async (...parameters) => run(await needSnapshot(database, parameters[0].resourceId), ...parameters),
  });
  return {
    image: step('image', async (snapshot, _operation, progress) => {
      const image = await blueprintOf(snapshot).image(snapshot.instance_id, snapshot);
      if (image !== null) await plane.ensureImage(image, progress);
    }),
    // One step that starts from nothing at each attempt, since it measures the duration of a restore.
    restore: step('restore', async (snapshot, operation) => {
      const ref = drillRef(operation);
      await plane.ensureTenant({ teamId: ref.teamId, network: await networkOf(ref.teamId) });
      await removeWithVolume(plane, ref, drillVolume(operation));
      const instance = await getInstance(db, snapshot.instance_id);
      // It may have grown since the drill was asked for.
      await updateSnapshot(db, snapshot.uid, sizeOfDrill(instance));
      await askPool(db, plane);
      const blueprint = blueprintOf(snapshot);
      const spec = await drillSpec(blueprint, snapshot, operation, await networkOf(ref.teamId));
      const startedAt = Date.now();
      await ensureWithVolume(plane, spec, instance.disk_gb, snapshotRef(snapshot));
      await unlessDeleted(database, snapshot.uid, blueprint.waitUntilAnswers(ref));
      await updateSnapshot(db, snapshot.uid, {
        restore_ms: Date.now() - startedAt,
        verified_items: null,
        verify_message: blueprint.answered,
      });
    }),
    check: step('check', async (snapshot, operation) => {
      if (!blueprintOf(snapshot).verifies) return;
      const answer = plane.control(drillRef(operation), 'verify');
      const found = JSON.parse(await unlessDeleted(database, snapshot.uid, answer)) as EngineVerification;
      if (!found.ok) throw new DataPlaneError('failed', complaintOf(found), { retryable: false });
      await updateSnapshot(db, snapshot.uid, {
        verified_items: found.items,
        ...(found.checks.length === 0 ? {} : { verify_message: praiseOf(found) }),
      });
    }),
    remove: {
      name: 'remove',
      run: (operation: Operation) => removeWithVolume(plane, drillRef(operation), drillVolume(operation)),
    },
  } satisfies Record<string, OperationStep>;
}

async function needSnapshot(database: Database, uid: string): Promise<Snapshot> {
  const snapshot = await getSnapshot(database.db, uid);
  if (!snapshot || snapshot.status === 'destroying') throw beingDeleted();
  return snapshot;
}

const onlyDataPlaneErrors = (error: unknown): void => {
  if (error instanceof DataPlaneError) throw error;
};

const beingDeleted = (): DataPlaneError => new DataPlaneError('failed', 'The snapshot is being deleted.');

/** Deleting an instance must not wait for a drill, so the drill gives up as soon as it notices. */
async function unlessDeleted<T>(database: Database, uid: string, work: Promise<T>): Promise<T> {
  let waiting = true;
  const deleted = (async () => {
    while (waiting) {
      await delay(CHECK_MS, undefined, { ref: false });
      // A query that fails is repeated.
      if (waiting) await needSnapshot(database, uid).catch(onlyDataPlaneErrors);
    }
    return new Promise<never>(() => {});
  })();
  try {
    return await Promise.race([work, deleted]);
  } finally {
    waiting = false;
    // Their failures no longer matter, since no one waits for them.
    work.catch(() => {});
    deleted.catch(() => {});
  }
}

/** The instance as a restore would create it now, under another name and without network. */
async function drillSpec(
  blueprint: Blueprint,
  snapshot: Snapshot,
  operation: Operation,
  network: InstanceSpec['network'],
): Promise<InstanceSpec> {
  const spec = await blueprint.spec(snapshot.instance_id, snapshot, network);
  return {
    ...spec,
    volumes: spec.volumes.map(() => dataMount(drillVolume(operation))),
    ref: drillRef(operation),
    addresses: { ipv4: null, ipv6: null },
    publish: [],
    autoStart: false,
    generation: 1,
  };
}

function complaintOf({ checks }: EngineVerification): string {
  const found = checks.find(({ complaint }) => complaint !== null);
  const text = found ? `${found.name}: ${found.complaint}` : 'The engine’s checker found a fault.';
  return text.slice(0, MAX_COMPLAINT);
}

const praiseOf = ({ checks }: EngineVerification): string =>
  `${checks.map(({ name }) => name).join(', ')} found nothing wrong.`.slice(0, MAX_COMPLAINT);
