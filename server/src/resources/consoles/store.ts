import { type Selectable, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { Consoles } from '../../db/schema.gen.ts';
import { lockForTeam } from '../../db/transaction-locks.ts';
import type { Credential, TeamPrincipal } from '../../http/principal.ts';
import { recordAudit } from '../../identity/audit/record.ts';
import type { EndReason } from './messages.ts';

export type ConsoleRow = Selectable<Consoles>;

/** How a credential is stored. */
const columnsOf = (via: Credential) => ({
  credential: via.kind,
  credential_id: via.kind === 'token' ? String(via.tokenId) : via.sessionId,
});

/** Whether a console belongs to this credential. */
export function isOwn(row: ConsoleRow, accountId: number, via: Credential): boolean {
  const { credential, credential_id } = columnsOf(via);
  return row.user_id === accountId && row.credential === credential && row.credential_id === credential_id;
}

/** How many consoles are open, of a team and of one server of it; the team opens no other until the transaction ends. */
export async function lockCounts(
  tx: Tx,
  teamId: number,
  instanceId: string,
): Promise<{ team: number; instance: number }> {
  await lockForTeam(tx, 'consoles', teamId);
  const { team, instance } = await tx
    .selectFrom('consoles')
    .select(({ fn }) => [
      fn.countAll<number>().as('team'),
      fn.countAll<number>().filterWhere('instance_id', '=', instanceId).as('instance'),
    ])
    .where('team_id', '=', teamId)
    .executeTakeFirstOrThrow();
  return { team: Number(team), instance: Number(instance) };
}

export const insertConsole = (
  tx: Tx,
  principal: TeamPrincipal,
  values: { id: string; instanceId: string; address: string },
): Promise<ConsoleRow> =>
  tx
    .insertInto('consoles')
    .values({
      id: values.id,
      team_id: principal.team.id,
      instance_id: values.instanceId,
      user_id: principal.accountId,
      address: values.address,
      ...columnsOf(principal.via),
    })
    .returningAll()
    .executeTakeFirstOrThrow();

export const findConsole = (db: Queryable, id: string, instanceId: string): Promise<ConsoleRow | undefined> =>
  db
    .selectFrom('consoles')
    .selectAll()
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst();

/** Makes this process the one that holds the shell; false where another one does, or the console has ended. */
export async function claimConsole(db: Queryable, id: string, process: string): Promise<boolean> {
  const result = await db
    .updateTable('consoles')
    .set({ process, seen_at: sql`now()` })
    .where('id', '=', id)
    .where('process', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Says that this process still has its shells. Returns the ids of those that others take for ended. */
export async function renewConsoles(
  db: Queryable,
  process: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const renewed = await db
    .updateTable('consoles')
    .set({ seen_at: sql`now()` })
    .where('process', '=', process)
    .where('id', 'in', ids)
    .returning('id')
    .execute();
  const found = new Set(renewed.map(({ id }) => id));
  return ids.filter((id) => !found.has(id));
}

/** Ends the row, and writes that into the audit log; once, whoever calls it. */
export const closeConsole = (
  database: Database,
  id: string,
  end: { reason: EndReason; status: number | null },
): Promise<void> =>
  database.transaction(async (tx) => {
    const row = await tx.deleteFrom('consoles').where('id', '=', id).returningAll().executeTakeFirst();
    if (row) await recordEnd(tx, row, end);
  });

/** Ends rows whose process has not been heard of for so many seconds. */
export const closeForgotten = (database: Database, seconds: number): Promise<void> =>
  database.transaction(async (tx) => {
    const rows = await tx
      .deleteFrom('consoles')
      .where('seen_at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`)
      .returningAll()
      .execute();
    for (const row of rows)
      await recordEnd(tx, row, { reason: row.process === null ? 'unused' : 'lost', status: null });
  });

async function recordEnd(
  tx: Tx,
  row: ConsoleRow,
  { reason, status }: { reason: EndReason; status: number | null },
): Promise<void> {
  const via: Credential =
    row.credential === 'token'
      ? { kind: 'token', tokenId: Number(row.credential_id) }
      : { kind: 'session', sessionId: row.credential_id, provedAt: 0 };
  const seconds = Math.round((Date.now() - row.opened_at.getTime()) / 1000);
  await recordAudit(tx, {
    actor: { accountId: row.user_id, via, address: row.address },
    teamId: row.team_id,
    action: 'closeVpsConsole',
    resource: { type: 'vps', id: row.instance_id },
    after: { console: row.id, reason, seconds, ...(status === null ? {} : { status }) },
  });
}
