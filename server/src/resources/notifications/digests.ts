import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import { isMailAddress } from '../../mail/address.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { digestOf, MOST_LISTED, type Told } from './letters.ts';
import type { Member } from './preferences.ts';

type Due = Told & { resource_name: string | null };

/**
 * Queues the digests that are due: for each member of a team one e-mail, in the transaction that marks its notifications. Those who
 * have left the team, or are disabled, get none.
 */
export async function sendDigests(database: Database, mail: Mailer, now = new Date()): Promise<void> {
  for (;;) {
    const due = await database.db
      .selectFrom('notifications')
      .select(['user_id', 'team_id'])
      .where('digest_at', '<=', now)
      .orderBy('digest_at')
      .limit(1)
      .executeTakeFirst();
    if (!due) return;
    await database.transaction((tx) => sendDigest(tx, due, mail, now));
  }
}

async function sendDigest(tx: Tx, { user_id, team_id }: Member, mail: Mailer, now: Date): Promise<void> {
  const { rows: told } = await sql<Due>`
    with due as (
      update notifications set digest_at = null where user_id = ${user_id} and team_id = ${team_id} and digest_at <= ${now}
      returning event_position, severity, resource_type, resource_id, resource_name, message, created_at)
    select * from due order by event_position`.execute(tx);
  const reader = await tx
    .selectFrom('team_members')
    .innerJoin('users', 'users.id', 'team_members.user_id')
    .select('users.email')
    .where('team_members.user_id', '=', user_id)
    .where('team_members.team_id', '=', team_id)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst();
  if (!reader || told.length === 0 || !isMailAddress(reader.email)) return;
  const listed = told.slice(0, MOST_LISTED).map((event) => ({ event, name: event.resource_name }));
  await mail.queueMail(tx, { to: reader.email, ...digestOf(listed, told.length) });
}
