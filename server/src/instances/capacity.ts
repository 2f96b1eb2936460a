import { sql } from 'kysely';
import type { CapacityPolicy } from '../config.ts';
import type { Capacity, CapacityReport } from '../dataplane/contract/capacity.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { Database, Queryable, Tx } from '../db/database.ts';
import type { Log } from '../lib/log.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import {
  type Claim,
  isNearlyFull,
  type Limits,
  nearlyFull,
  type Room,
  refusalOf,
  storageRefuses,
} from './room.ts';
import type { StorageGuard } from './storage-guard.ts';

/**
 * What instances are promised, and what the host has for it. Promises are counted in the row `capacity` by triggers, so
 * whatever changes or removes an instance needs nothing of this; who promises more asks here first.
 */

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** The columns of an instance that it is promised. */
export interface Size {
  memory_mb: number;
  disk_gb: number;
}

/**
 * Promises a team an instance of this size, or where it has one of the size `present`, what is more than that. Throws
 * `not_available` where no instance can be so large here, `quota_exceeded` where the team has too much storage, and
 * `no_capacity` where the host has no room; and what {@link StorageGuard} does. `field` of the request is what asks for it.
 *
 * Nobody waits here. Where another transaction is promised the same room first, the commit of this one conflicts with it,
 * and the transaction is begun again and gets its refusal here.
 */
export async function promiseInstance(
  tx: Tx,
  storage: StorageGuard,
  teamId: number,
  next: Size,
  {
    present = { memory_mb: 0, disk_gb: 0 },
    field = 'resource_profile',
  }: { present?: Size; field?: string } = {},
): Promise<void> {
  const memoryMb = Math.max(0, next.memory_mb - present.memory_mb);
  const diskGb = Math.max(0, next.disk_gb - present.disk_gb);
  if (memoryMb === 0 && diskGb === 0) return;
  const size = { memoryMb: next.memory_mb, diskGb: next.disk_gb };
  await promise(tx, storage, teamId, { memoryMb, diskGb, storageGb: diskGb, whole: { ...size, field } });
}

/** The same for a snapshot of an instance: it may come to hold as much as the disk can. */
export const promiseSnapshot = (
  tx: Tx,
  storage: StorageGuard,
  teamId: number,
  { disk_gb }: Size,
): Promise<void> => promise(tx, storage, teamId, { memoryMb: 0, diskGb: 0, storageGb: disk_gb });

/** The same for the throwaway instance of a restore drill, which is nobody's storage. */
export const promiseDrill = (
  tx: Tx,
  storage: StorageGuard,
  teamId: number,
  { memory_mb, disk_gb }: Size,
): Promise<void> => promise(tx, storage, teamId, { memoryMb: memory_mb, diskGb: disk_gb, storageGb: 0 });

async function promise(tx: Tx, storage: StorageGuard, teamId: number, claim: Claim): Promise<void> {
  const found = await sql<{ room: Room }>`select ask_capacity(${teamId}) as room`.execute(tx);
  const refusal = refusalOf(found.rows[0]!.room, claim);
  if (refusal) throw refusal;
  await storage.assertTakesWrites();
}

/** Whether the pool takes writes, and has so little free, as of the last look at it, that nothing new is to be stored. */
export async function poolState(db: Queryable): Promise<'ok' | 'nearly_full' | 'read_only' | 'unknown'> {
  const limits = await readLimits(db);
  if (limits.pool_mb === null) return 'unknown';
  if (limits.pool_refusal !== null) return 'read_only';
  return isNearlyFull(limits) ? 'nearly_full' : 'ok';
}

/** Throws `unavailable` or `no_capacity` where that is so. */
export async function assertPoolHasRoom(db: Queryable, storage: StorageGuard): Promise<void> {
  const limits = await readLimits(db);
  if (limits.pool_refusal !== null) throw storageRefuses(limits.pool_refusal);
  if (isNearlyFull(limits)) throw nearlyFull(limits);
  await storage.assertTakesWrites();
}

/**
 * Asks the pool itself, which a guest may have filled since. For steps that are about to store something: throws
 * `no_capacity`, and nothing is begun.
 */
export async function askPool(db: Queryable, plane: Capacity): Promise<void> {
  const [{ pool }, refusal, known] = await Promise.all([
    plane.describeCapacity(),
    plane.findWriteRefusal(),
    readLimits(db),
  ]);
  // To be tried again: the pool is mended without anybody's doing once there is room.
  if (refusal) throw new DataPlaneError('read_only', storageRefuses(refusal).message, { detail: refusal });
  const limits = { ...known, pool_mb: pool.totalBytes / MIB, pool_free_mb: pool.freeBytes / MIB };
  if (!isNearlyFull(limits)) return;
  throw new DataPlaneError('no_capacity', nearlyFull(limits).message, { retryable: false });
}

const readLimits = (db: Queryable): Promise<Limits> =>
  db.selectFrom('capacity').selectAll().executeTakeFirstOrThrow();

/** What may be promised of a host that has this. */
export function limitsOf({ memoryMb, pool }: CapacityReport, policy: CapacityPolicy) {
  const memory = Math.max(0, memoryMb - policy.memoryReserveMb);
  const reserve = (pool.totalBytes * policy.diskReservePercent) / 100;
  return {
    memory_mb: Math.floor(memory),
    memory_limit_mb: Math.floor(memory * policy.memoryFactor),
    disk_gb: Math.floor((pool.totalBytes - reserve) / GIB),
    disk_limit_gb: Math.floor((pool.totalBytes / GIB) * policy.diskFactor),
    pool_mb: Math.floor(pool.totalBytes / MIB),
    pool_free_mb: Math.floor(pool.freeBytes / MIB),
    pool_reserve_mb: Math.ceil(reserve / MIB),
    storage_quota_gb: Math.floor(policy.storageQuotaGb),
  };
}

/** Asks the data plane what there is, and writes down what may be promised of it. Throws as the data plane does. */
export async function observeCapacity(
  { db }: Database,
  plane: Capacity,
  policy: CapacityPolicy,
): Promise<Limits> {
  const [report, refusal] = await Promise.all([plane.describeCapacity(), plane.findWriteRefusal()]);
  const limits = { ...limitsOf(report, policy), pool_refusal: refusal };
  await db
    .updateTable('capacity')
    .set({ ...limits, observed_at: sql<Date>`now()` })
    .execute();
  return limits;
}

/** Keeps what is known of the host up to date, and says in the log where its pool fills up. */
export function capacityObserver(
  database: Database,
  plane: Capacity,
  policy: CapacityPolicy,
  log: Log,
): Reconciler {
  let wasNearlyFull = false;
  let refused: string | null = null;
  return {
    name: 'capacity',
    everySeconds: 5,
    async run() {
      const limits = await observeCapacity(database, plane, policy);
      const now = isNearlyFull(limits);
      const said = { freeMb: limits.pool_free_mb, ofMb: limits.pool_mb, reserveMb: limits.pool_reserve_mb };
      if (now && !wasNearlyFull) log.warn(said, 'the storage pool is nearly full: nothing new is stored');
      if (!now && wasNearlyFull) log.info(said, 'the storage pool has room again');
      wasNearlyFull = now;
      const refusal = limits.pool_refusal;
      if (refusal && refusal !== refused) {
        log.error(
          { ...said, refusal },
          'the storage pool takes no writes: nothing is promised until it does',
        );
      }
      if (!refusal && refused) log.info(said, 'the storage pool takes writes again');
      refused = refusal;
    },
  };
}
