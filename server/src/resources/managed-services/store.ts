import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DB, ManagedServices } from '../../db/schema.gen.ts';
import { lockInstall } from '../../db/transaction-locks.ts';
import { type Listed, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { countOf } from '../../identity/teams/quotas.ts';
import type { PortRange } from '../../instances/addresses.ts';
import { INSTANCES, type InstanceQuery } from '../../instances/listing.ts';
import { type Instance, type NewInstance, selectInstances } from '../../instances/store.ts';
import type { Kind } from './kinds.ts';

/** A database or cache: the columns of every instance, and those of managed services. */
export type ManagedService = Instance & Selectable<ManagedServices>;
export type ServiceChanges = UpdateObject<DB, 'managed_services'>;

/** The columns of a new service that do not follow from kind, owner and time. */
export type NewServiceColumns = Omit<NewInstance, 'id' | 'kind' | 'team_id' | 'user_id' | 'ipv4' | 'ipv6'> &
  Omit<Insertable<ManagedServices>, 'id' | 'password_sealed'>;

const select = (db: Queryable) =>
  selectInstances(db)
    .innerJoin('managed_services', 'managed_services.id', 'instances.id')
    .selectAll('managed_services');

const selectOf = (db: Queryable, teamId: number, kind: Kind) =>
  select(db).where('instances.team_id', '=', teamId).where('instances.kind', '=', kind);

/** The page of the team's services that is asked for. */
export function listServices(
  db: Queryable,
  teamId: number,
  kind: Kind,
  wanted: InstanceQuery,
): Promise<Listed<ManagedService>> {
  return readPage(selectOf(db, teamId, kind), INSTANCES, wanted, () => countOf(db, teamId, kind));
}

/** Warns of another of the team's services of its kind with the same name. */
export const warnOfName = (db: Queryable, service: ManagedService): Promise<string[]> =>
  warnOfNamesake(selectOf(db, service.team_id, service.kind as Kind), INSTANCES, service.kind, service);

export const findService = (
  db: Queryable,
  teamId: number,
  kind: Kind,
  id: string,
): Promise<ManagedService | undefined> =>
  selectOf(db, teamId, kind).where('instances.id', '=', id).executeTakeFirst();

/** The same, and locks its rows until the transaction ends. */
export const lockService = (
  tx: Tx,
  teamId: number,
  kind: Kind,
  id: string,
): Promise<ManagedService | undefined> =>
  selectOf(tx, teamId, kind).where('instances.id', '=', id).forUpdate().executeTakeFirst();

/**
 * Locks all instances that use a parameter group, in the order of their ids, so that concurrent callers cannot
 * deadlock.
 */
export const lockServicesOfGroup = (tx: Tx, groupId: number): Promise<ManagedService[]> =>
  select(tx)
    .where('managed_services.parameter_group_id', '=', groupId)
    .orderBy('instances.id')
    .forUpdate()
    .execute();

/** For workflows, which have the id from their own record. Throws when the row is gone. */
export const getService = (db: Queryable, id: string): Promise<ManagedService> =>
  select(db).where('instances.id', '=', id).executeTakeFirstOrThrow();

/** Instances with automatic growth of storage that can still grow. `maxGb`: the maximum size. */
export const listAutoscaled = (db: Queryable, maxGb: number): Promise<ManagedService[]> =>
  select(db)
    .where('managed_services.autoscale_enabled', '=', true)
    .where('instances.status', '=', 'running')
    .where('instances.desired', '=', 'running')
    .where('instances.disk_gb', '<', maxGb)
    .execute();

/** Instances that should be running and were not asked for `seconds`, those first that were not for longest. */
export const listUnwatched = (db: Queryable, seconds: number, limit: number): Promise<ManagedService[]> =>
  select(db)
    .where('instances.status', '=', 'running')
    .where('instances.desired', '=', 'running')
    .where(({ or, eb }) =>
      or([
        eb('engine_checked_at', 'is', null),
        eb('engine_checked_at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`),
      ]),
    )
    .orderBy('engine_checked_at', (order) => order.asc().nullsFirst())
    .limit(limit)
    .execute();

/** Instances whose previous password has expired. */
export const listExpiredPasswords = (db: Queryable): Promise<ManagedService[]> =>
  select(db)
    .where('managed_services.previous_password_until', '<=', sql<Date>`now()`)
    .where('instances.desired', '<>', 'deleted')
    .execute();

/** Updates the columns of managed services. */
export async function updateService(db: Queryable, id: string, changes: ServiceChanges): Promise<void> {
  await db.updateTable('managed_services').set(changes).where('id', '=', id).execute();
}

/** The lowest free public port of the range, or null. No other transaction can take one until this one ends. */
export async function takePublicPort(tx: Tx, { first, last }: PortRange): Promise<number | null> {
  await lockInstall(tx, 'public-ports');
  const result = await sql<{ port: number }>`
    select candidate as port from generate_series(${first}::int, ${last}::int) candidate
    where not exists (select from managed_services where public_port = candidate)
    order by candidate limit 1`.execute(tx);
  return result.rows[0]?.port ?? null;
}
