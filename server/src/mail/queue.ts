import { type Selectable, sql } from 'kysely';
import { deleteInBatches } from '../db/batches.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Mails } from '../db/schema.gen.ts';

export type QueuedMail = Selectable<Mails>;

/** Channel on which the database tells that mails were written. */
export const MAILS_CHANNEL = 'danube_mails';

/** Minutes for which a process has a mail; after that, another may send it again. Longer than an attempt takes. */
const LEASE_MINUTES = 10;

/** How an attempt ended. `again`: in so many seconds. `interrupted`: it counts for nothing, and is made again at once. */
export type MailOutcome =
  | { state: 'sent' }
  | { state: 'interrupted' }
  | { state: 'failed'; error: string }
  | { state: 'again'; error: string; pause: number };

type Outcome<State extends MailOutcome['state']> = Extract<MailOutcome, { state: State }>;

/** Claims up to `room` mails that are due, the oldest first. Gives those up whose time is over. */
export function claimMails(database: Database, room: number): Promise<QueuedMail[]> {
  return database.transaction(async (tx) => {
    await sql`
      update mails set state = 'failed', next_attempt_at = null, leased_until = null, body_sealed = null, ended_at = now(),
        error_message = coalesce(error_message, 'It could not be sent in time.')
      where id in (select id from mails where state = 'pending' and next_attempt_at <= now() and expires_at < now()
        and (leased_until is null or leased_until < now()) for update skip locked)`.execute(tx);
    const { rows } = await sql<QueuedMail>`
      update mails set leased_until = now() + make_interval(mins => ${LEASE_MINUTES}) where id in (
        select id from mails where state = 'pending' and next_attempt_at <= now()
          and (leased_until is null or leased_until < now())
        order by next_attempt_at, id limit ${room} for update skip locked)
      returning *`.execute(tx);
    return rows.toSorted((a, b) => a.id - b.id);
  });
}

/** Writes down how the attempt to send a mail ended. */
export async function settleMail(db: Queryable, id: number, outcome: MailOutcome): Promise<void> {
  const ended = { next_attempt_at: null, body_sealed: null, ended_at: sql<Date>`now()` };
  const tried = { attempts: sql<number>`attempts + 1` };
  const changes = {
    sent: () => ({ ...tried, ...ended, state: 'sent' }),
    interrupted: () => ({}),
    failed: ({ error }: Outcome<'failed'>) => ({ ...tried, ...ended, state: 'failed', error_message: error }),
    again: ({ error, pause }: Outcome<'again'>) => ({
      ...tried,
      next_attempt_at: sql<Date>`now() + make_interval(secs => ${pause})`,
      error_message: error,
    }),
  };
  await db
    .updateTable('mails')
    .set({ leased_until: null, ...changes[outcome.state](outcome as never) })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .execute();
}

/** Milliseconds until the next mail is due; null: there is none. */
export async function untilNextMail(db: Queryable): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select extract(epoch from min(greatest(next_attempt_at, leased_until)) - now())::float8 * 1000 as ms
    from (select next_attempt_at, leased_until from mails where state = 'pending' order by next_attempt_at limit 100) due
  `.execute(db);
  return rows[0]?.ms ?? null;
}

/** Deletes mails that ended so many days ago. */
export async function purgeMails(db: Queryable, days: number): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from mails where id in (select id from mails where state <> 'pending'
        and ended_at < now() - make_interval(days => ${days}) limit ${limit})`,
  );
}
