import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DB, Firewalls } from '../../db/schema.gen.ts';
import { type Listed, type Listing, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import type { InstanceName, StoredRule } from './rule.ts';
import type { FirewallQuery } from './schema.ts';

export interface Firewall
  extends Omit<Selectable<Firewalls>, 'rules' | 'effective_rules' | 'applied_rules' | 'rollback_rules'> {
  rules: StoredRule[];
  effective_rules: StoredRule[];
  applied_rules: StoredRule[];
  rollback_rules: StoredRule[] | null;
}

export interface Attachment extends InstanceName {
  firewall_id: string;
}

/** Serialises a list for a `jsonb` column, as the driver needs it. */
export const jsonb = (value: readonly unknown[]): string => JSON.stringify(value);

/**
 * Serialises changes of a team's firewalls until the transaction ends: a change reads all firewalls of an instance, and
 * the end of an instance all firewalls of the team. Take this lock before locking any row.
 */
export async function lockFirewalls(tx: Tx, teamId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`danube.firewalls.${teamId}`}, 0))`.execute(tx);
}

const select = (db: Queryable, teamId: number) =>
  db.selectFrom('firewalls').selectAll().where('team_id', '=', teamId);

/** All firewalls of the team, newest first. */
export async function listFirewalls(db: Queryable, teamId: number): Promise<Firewall[]> {
  const all = select(db, teamId).orderBy('created_at', 'desc').orderBy('id', 'desc');
  return (await all.execute()) as unknown as Firewall[];
}

const FIREWALLS: Listing = {
  id: { column: 'id', form: 'uuid' },
  created: { value: sql.ref('created_at'), form: 'time' },
  name: 'name',
  status: 'status',
};

/** The page of the team's firewalls that is asked for. Default firewalls are among them. */
export async function pageOfFirewalls(
  db: Queryable,
  teamId: number,
  wanted: FirewallQuery,
): Promise<Listed<Firewall>> {
  return (await readPage(select(db, teamId), FIREWALLS, wanted)) as unknown as Listed<Firewall>;
}

/** Warns of another firewall of the team with the same name. */
export const warnOfName = (db: Queryable, firewall: Pick<Firewall, 'id' | 'name' | 'team_id'>) =>
  warnOfNamesake(select(db, firewall.team_id), FIREWALLS, 'firewall', firewall);

export async function findFirewall(db: Queryable, teamId: number, id: string): Promise<Firewall | undefined> {
  const row = await select(db, teamId).where('id', '=', id).executeTakeFirst();
  return row as unknown as Firewall | undefined;
}

export async function updateFirewall(
  db: Queryable,
  id: string,
  changes: UpdateObject<DB, 'firewalls'>,
): Promise<void> {
  await db
    .updateTable('firewalls')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** For an update that changes what the data plane must enforce. */
export const NEXT_REVISION = { revision: sql<number>`revision + 1` };

/** The attachments of all firewalls of the team. */
export const listAttachments = (db: Queryable, teamId: number): Promise<Attachment[]> =>
  db
    .selectFrom('firewall_attachments')
    .innerJoin('instances', 'instances.id', 'firewall_attachments.instance_id')
    .select(['firewall_id', 'instances.kind as type', 'instances.id'])
    .where('firewall_attachments.team_id', '=', teamId)
    .orderBy('firewall_id')
    .orderBy('instances.id')
    .execute();

/** Attaches a firewall to exactly these instances. */
export async function writeAttachments(
  tx: Tx,
  firewall: { id: string; team_id: number },
  attached: readonly { id: string }[],
): Promise<void> {
  const ids = attached.map(({ id }) => id);
  await sql`delete from firewall_attachments
    where firewall_id = ${firewall.id} and instance_id <> all (${ids}::uuid[])`.execute(tx);
  if (ids.length === 0) return;
  await tx
    .insertInto('firewall_attachments')
    .values(ids.map((id) => ({ firewall_id: firewall.id, team_id: firewall.team_id, instance_id: id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
