import { type Selectable, sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import type { Announcements } from '../db/schema.gen.ts';
import { parseTime } from '../http/schema.ts';
import { AppError, invalid, notFound } from '../lib/errors.ts';
import type { Announce } from './schema.ts';

/** Most of them at once, with those to come: more would be read by nobody. */
const MAX = 20;

const view = (row: Selectable<Announcements>) => ({
  id: row.id,
  severity: row.severity as 'info' | 'warning',
  text: row.text,
  starts_at: row.starts_at.toISOString(),
  ends_at: row.ends_at?.toISOString() ?? null,
});

const notOver = (db: Queryable) =>
  db
    .selectFrom('announcements')
    .selectAll()
    .where(sql<boolean>`coalesce(ends_at > now(), true)`)
    .orderBy('starts_at', 'desc')
    .orderBy('id', 'desc');

/** What customers are told at this moment, the newest first. */
export async function currentAnnouncements(db: Queryable) {
  return (await notOver(db).where('starts_at', '<=', sql<Date>`now()`).execute()).map(view);
}

/** The same with those that are still to come. */
export const listAnnouncements = async (db: Queryable) => (await notOver(db).execute()).map(view);

/** Tells all customers something. Throws `validation_failed` where it would end before it begins, and `quota_exceeded`. */
export async function announce(tx: Tx, { severity, text, starts_at: from, ends_at: until }: Announce) {
  const startsAt = from == null ? new Date() : new Date(parseTime(from));
  const endsAt = until == null ? null : new Date(parseTime(until));
  if (endsAt !== null && endsAt <= startsAt) throw invalid({ ends_at: ['The end must be after the start.'] });
  const present = await listAnnouncements(tx);
  if (present.length >= MAX) {
    throw new AppError('quota_exceeded', `There are ${MAX} announcements. Delete one first.`, {
      extra: { quota: 'announcement', limit: MAX, used: present.length },
    });
  }
  const row = await tx
    .insertInto('announcements')
    .values({ severity, text: text.trim(), starts_at: startsAt, ends_at: endsAt })
    .returningAll()
    .executeTakeFirstOrThrow();
  return view(row);
}

/** Ends an announcement. Throws `not_found`. */
export async function removeAnnouncement(tx: Tx, id: number | null): Promise<void> {
  const gone =
    id !== null &&
    (await tx.deleteFrom('announcements').where('id', '=', id).returning('id').executeTakeFirst());
  if (!gone) throw notFound('Announcement');
}
