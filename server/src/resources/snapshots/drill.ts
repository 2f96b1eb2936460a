import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSpec } from '../../dataplane/contract/compute.ts';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { Database } from '../../db/database.ts';
import { createNetworkReader } from '../../instances/addresses.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Operation, OperationStep } from '../../operations/operation.ts';
import type { EngineVerification } from '../../services/provider.ts';
import { waitUntilReady } from '../managed-services/readiness.ts';
import {
  imageName,
  type SettingsDependencies,
  instanceSpec as serviceSpec,
} from '../managed-services/settings.ts';
import { getService } from '../managed-services/store.ts';
import { getVps } from '../vps/store.ts';
import { instanceSpec as vpsSpec } from '../vps/workflow.ts';
import { getSnapshot, type Snapshot, snapshotRef, updateSnapshot } from './store.ts';

export interface DrillDependencies extends SettingsDependencies {
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
}

/** Seconds from the start of the throwaway instance until it must answer. */
const SSH_TIMEOUT_SECONDS = 180;
/** How often a drill looks whether its snapshot is being deleted. */
const CHECK_MS = 1000;
/** Characters of the checker's complaint that are kept. */
const MAX_COMPLAINT = 500;

/** The throwaway instance of a drill. It bears the id of the operation, so that no two drills share one. */
export const drillRef = ({ teamId, id }: Pick<Operation, 'teamId' | 'id'>): InstanceRef => ({
  teamId,
  name: `drill-${id}`,
});

/**
 * The steps of a restore drill: an instance without any network is made from the snapshot, has to answer, has its data
 * checked by the engine's own checker, and goes. What is found out is written to the snapshot's row.
 */
export function drillSteps(dependencies: DrillDependencies) {
  const { database, plane } = dependencies;
  const { db } = database;
  const networkOf = createNetworkReader(db);
  const step = (
    name: string,
    run: (snapshot: Snapshot, ...rest: Parameters<OperationStep['run']>) => Promise<void>,
  ): OperationStep => ({
    name,
    run: async (...parameters) => run(await needSnapshot(database, parameters[0].resourceId), ...parameters),
  });
  return {
    image: step('image', async (snapshot, _operation, progress) => {
      // A server's snapshot holds its whole system.
      if (snapshot.kind !== 'vps') await plane.ensureImage(await imageFor(database, snapshot), progress);
    }),
    // One step, and from nothing at each attempt: what is measured is a restore.
    restore: step('restore', async (snapshot, operation) => {
      const ref = drillRef(operation);
      await plane.ensureTenant({ teamId: ref.teamId, network: await networkOf(ref.teamId) });
      await plane.removeInstance(ref);
      const spec = await drillSpec(dependencies, snapshot, ref, await networkOf(ref.teamId));
      const startedAt = Date.now();
      await plane.ensureInstance(spec, snapshotRef(snapshot));
      await unlessDeleted(database, snapshot.uid, waitUntilAnswers(plane, snapshot, ref));
      await updateSnapshot(db, snapshot.uid, {
        restore_ms: Date.now() - startedAt,
        verified_items: null,
        verify_message: snapshot.kind === 'vps' ? 'Its SSH server answered.' : 'It answered a query.',
      });
    }),
    check: step('check', async (snapshot, operation) => {
      if (snapshot.kind === 'vps') return;
      const answer = plane.control(drillRef(operation), 'verify');
      const found = JSON.parse(await unlessDeleted(database, snapshot.uid, answer)) as EngineVerification;
      if (!found.ok) throw new DataPlaneError('failed', complaintOf(found), { retryable: false });
      await updateSnapshot(db, snapshot.uid, {
        verified_items: found.items,
        ...(found.checks.length === 0 ? {} : { verify_message: praiseOf(found) }),
      });
    }),
    remove: { name: 'remove', run: (operation: Operation) => plane.removeInstance(drillRef(operation)) },
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

/** Who deletes an instance need not wait for a drill: it gives up as soon as it learns of it. */
async function unlessDeleted<T>(database: Database, uid: string, work: Promise<T>): Promise<T> {
  let waiting = true;
  const deleted = (async () => {
    while (waiting) {
      await delay(CHECK_MS, undefined, { ref: false });
      // A question that fails is asked again.
      if (waiting) await needSnapshot(database, uid).catch(onlyDataPlaneErrors);
    }
    return new Promise<never>(() => {});
  })();
  try {
    return await Promise.race([work, deleted]);
  } finally {
    waiting = false;
    // Either may still fail; nobody waits for them any more.
    work.catch(() => {});
    deleted.catch(() => {});
  }
}

const waitUntilAnswers = (plane: DataPlane, { kind }: Snapshot, ref: InstanceRef): Promise<void> =>
  kind === 'vps' ? plane.waitForSsh(ref, SSH_TIMEOUT_SECONDS) : waitUntilReady(plane, ref);

async function imageFor({ db }: Database, { instance_id, version }: Snapshot): Promise<string> {
  const row = await getService(db, instance_id);
  return imageName({ ...row, version: version ?? row.version });
}

/** The instance as a restore would make it now, but for its name, and with no way in or out. */
async function drillSpec(
  dependencies: DrillDependencies,
  snapshot: Snapshot,
  ref: InstanceRef,
  network: InstanceSpec['network'],
): Promise<InstanceSpec> {
  const spec = await specOf(dependencies, snapshot, network);
  return {
    ...spec,
    ref,
    addresses: { ipv4: null, ipv6: null },
    publish: [],
    autoStart: false,
    generation: 1,
  };
}

async function specOf(
  dependencies: DrillDependencies,
  snapshot: Snapshot,
  network: InstanceSpec['network'],
): Promise<InstanceSpec> {
  const { db } = dependencies.database;
  if (snapshot.kind === 'vps') {
    // Under its new name cloud-init would carry out the customer's commands once more.
    const vps = { ...(await getVps(db, snapshot.instance_id)), custom_cloud_init_sealed: null };
    return vpsSpec(vps, network, dependencies.secrets, { ref: snapshotRef(snapshot), snapshot });
  }
  const row = await getService(db, snapshot.instance_id);
  return serviceSpec({ ...row, version: snapshot.version ?? row.version }, network, dependencies);
}

function complaintOf({ checks }: EngineVerification): string {
  const found = checks.find(({ complaint }) => complaint !== null);
  const text = found ? `${found.name}: ${found.complaint}` : 'The engine’s checker found a fault.';
  return text.slice(0, MAX_COMPLAINT);
}

const praiseOf = ({ checks }: EngineVerification): string =>
  `${checks.map(({ name }) => name).join(', ')} found nothing wrong.`.slice(0, MAX_COMPLAINT);
