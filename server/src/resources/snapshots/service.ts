import type { Queryable, Tx } from '../../db/database.ts';
import { lockForTeam } from '../../db/transaction-locks.ts';
import type { ListWanted } from '../../http/listing.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { assertQuotaWithin } from '../../identity/teams/quotas.ts';
import { assertPoolHasRoom, promiseSnapshot } from '../../instances/capacity.ts';
import { kindOf } from '../../instances/kinds.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import type { StorageGuard } from '../../instances/storage-guard.ts';
import { type Instance, lockInstance } from '../../instances/store.ts';
import { invalid, invalidState, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import type { ModuleContext } from '../../module.ts';
import { accept } from '../../operations/accept.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import { beginDrill, type LockedPair, lockPair } from './acceptance.ts';
import { instanceSnapshotOperations, type RestoreArgs, snapshotOperations } from './operations.ts';
import { deletionBlocker, readingBlocker, restoreBlocker, snapshotBlocker } from './rules.ts';
import type { SnapshotStatus } from './states.ts';
import { RESOURCE_TYPE } from './states.ts';
import {
  findSnapshot,
  insertSnapshot,
  type ListedSnapshot,
  listSnapshots,
  snapshotsOf,
  snapshotTarget,
  updateSnapshot,
  usesOf,
  warnOfName,
} from './store.ts';
import { viewSnapshot } from './view.ts';

export interface NewSnapshotRequest {
  instanceId: string;
  name: string;
  description: string | null;
}

/**
 * What principals can do with snapshots of a kind of instance. Methods with a transaction parameter write in that
 * transaction.
 */
export class SnapshotService {
  readonly kind: string;
  readonly #db: Queryable;
  readonly #storage: StorageGuard;
  readonly #noun: string;
  readonly #member: string;

  constructor(kind: string, { database, storage }: Pick<ModuleContext, 'database' | 'storage'>) {
    const { noun, snapshots } = kindOf(kind);
    const { member } = snapshots;
    this.kind = kind;
    this.#db = database.db;
    this.#storage = storage;
    this.#noun = noun;
    this.#member = member;
  }

  async find(principal: TeamPrincipal, id: number | null): Promise<ListedSnapshot> {
    const found = id === null ? undefined : await findSnapshot(this.#db, principal.team.id, this.kind, id);
    if (!found) throw notFound('Snapshot');
    return found;
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<LockedPair> {
    const found = id === null ? undefined : await findSnapshot(tx, principal.team.id, this.kind, id);
    const pair = found && (await lockPair(tx, found));
    if (!pair) throw notFound('Snapshot');
    return pair;
  }

  async list(principal: TeamPrincipal, query: ListWanted) {
    const page = await listSnapshots(this.#db, principal.team.id, this.kind, query);
    return pageOf(page.rows.map(viewSnapshot), page, query);
  }

  async show(principal: TeamPrincipal, id: number | null) {
    return {
      snapshot: viewSnapshot(await this.find(principal, id)),
    };
  }

  async create(tx: Tx, principal: TeamPrincipal, body: NewSnapshotRequest) {
    const instance = await ownInstance(tx, principal, this.kind, body.instanceId);
    if (!instance) {
      throw invalid({ [`${this.#member}_id`]: [`The selected ${this.#noun} does not exist in this team.`] });
    }
    const blocker = snapshotBlocker(instance);
    if (blocker) throw blocker;
    const present = await snapshotsOf(tx, instance.id);
    const used = present.filter(({ reason }) => reason === 'manual').length;
    await assertQuotaWithin(tx, principal.team.id, 'snapshot', this.#noun, used);
    const uid = uuidv7();
    const { name, description } = body;
    await insertSnapshot(tx, instance, {
      uid,
      user_id: principal.accountId,
      name,
      description,
      reason: 'manual',
    });
    const args = { snapshot: uid, reason: 'manual' as const };
    const operation = await acceptForInstance(
      tx,
      principal,
      instance,
      instanceSnapshotOperations.snapshot,
      args,
    );
    const snapshot = (await snapshotsOf(tx, instance.id)).find((row) => row.uid === uid)!;
    await promiseSnapshot(tx, this.#storage, principal.team.id, instance);
    return {
      message: 'The snapshot is being taken. Ask for its status until it is ready.',
      snapshot: viewSnapshot({ ...snapshot, instance_name: instance.name }),
      warnings: await warnOfName(tx, snapshot),
      operation_id: operation.id,
    };
  }

  async restore(tx: Tx, principal: TeamPrincipal, id: number | null) {
    const { snapshot, instance } = await this.#lock(tx, principal, id);
    const blocker = restoreBlocker(snapshot, instance);
    if (blocker) throw blocker;
    await assertPoolHasRoom(tx, this.#storage);
    const args: RestoreArgs = {
      snapshot: snapshot.uid,
      settled: instance.status === 'error' ? 'error' : instance.desired === 'running' ? 'running' : 'stopped',
    };
    const operation = await acceptForInstance(
      tx,
      principal,
      instance,
      instanceSnapshotOperations.restore,
      args,
      'running',
    );
    if (operation.state === 'pending') await updateSnapshot(tx, snapshot.uid, { status: 'restoring' });
    return {
      message: `The ${this.#noun} is going back to the snapshot. Its present state is kept as a snapshot of its own.`,
      status: 'restoring' as SnapshotStatus,
      operation_id: operation.id,
    };
  }

  async remove(tx: Tx, principal: TeamPrincipal, id: number | null) {
    const { snapshot, instance } = await this.#lock(tx, principal, id);
    const blocker = deletionBlocker(snapshot, instance, await usesOf(tx, [snapshot.uid]));
    if (blocker) throw blocker;
    const operation = await accept(tx, principal, snapshotTarget(snapshot), snapshotOperations.delete, {});
    await updateSnapshot(tx, snapshot.uid, { status: 'destroying' });
    return {
      message: 'The snapshot is being deleted.',
      status: 'destroying' as SnapshotStatus,
      operation_id: operation.id,
    };
  }

  async verify(tx: Tx, principal: TeamPrincipal, id: number | null) {
    // One at a time per team: the temporary instance takes memory that no one pays for.
    await lockForTeam(tx, 'drills', principal.team.id);
    const { snapshot, instance } = await this.#lock(tx, principal, id);
    const blocker = readingBlocker(snapshot, instance);
    if (blocker) throw blocker;
    const running = await drillOf(tx, principal.team.id);
    if (running) {
      throw invalidState(
        `A snapshot of this team is being verified. Ask again when operation ${running} has ended.`,
        snapshot.status,
      );
    }
    const operation = await beginDrill(tx, this.#storage, principal, { snapshot, instance });
    return {
      message: 'The snapshot is being restored to a throwaway instance, which is checked and removed.',
      status: snapshot.status as SnapshotStatus,
      operation_id: operation.id,
    };
  }
}

async function ownInstance(
  tx: Tx,
  { team }: TeamPrincipal,
  kind: string,
  id: string,
): Promise<Instance | null> {
  const instance = UUID.test(id) ? await lockInstance(tx, id, { kind, teamId: team.id }) : undefined;
  return instance ?? null;
}

/** The id of the team's unfinished restore drill; null where there is none. */
async function drillOf(tx: Tx, teamId: number): Promise<string | null> {
  const found = await tx
    .selectFrom('operations')
    .select('id')
    .where('team_id', '=', teamId)
    .where('resource_type', '=', RESOURCE_TYPE)
    .where('kind', '=', 'verify')
    .where(isUnfinished())
    .limit(1)
    .executeTakeFirst();
  return found?.id ?? null;
}
