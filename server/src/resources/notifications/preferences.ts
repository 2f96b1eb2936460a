import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { AVAILABLE, isMailedByDefault } from './categories.ts';

/** What v1 calls the list of notifications. */
export const IN_APP = 'database';
export const CHANNELS = [IN_APP, 'mail'] as const;
export type Channel = (typeof CHANNELS)[number];

export const FREQUENCIES = ['instant', 'daily', 'weekly', 'disabled'] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** Whether and how a member is told of a category on a channel. */
export interface Preference {
  category: string;
  channel: Channel;
  enabled: boolean;
  digest_frequency: Frequency;
}

/** A member of a team. */
export interface Member {
  user_id: number;
  team_id: number;
}

const keyOf = (member: Member, category: string, channel: string): string =>
  `${member.user_id} ${member.team_id} ${category} ${channel}`;

/** What members have chosen, with the defaults where they have not. */
export type Chosen = (member: Member, category: string, channel: Channel) => Preference;

/** Reads the choices of all members of some teams. */
export async function readPreferences(db: Queryable, teamIds: readonly number[]): Promise<Chosen> {
  const rows = await db
    .selectFrom('notification_preferences')
    .selectAll()
    .where(sql<boolean>`team_id = any(${teamIds}::bigint[])`)
    .execute();
  const saved = new Map(rows.map((row) => [keyOf(row, row.category, row.channel), row]));
  return (member, category, channel) => {
    const row = saved.get(keyOf(member, category, channel));
    const enabled = row?.enabled ?? (channel === IN_APP || isMailedByDefault(category));
    const digest_frequency = (row?.digest_frequency ?? 'instant') as Frequency;
    return { category, channel, enabled, digest_frequency };
  };
}

/** The choices of one member, for each category and channel. */
export async function listPreferences(db: Queryable, member: Member): Promise<Preference[]> {
  const chosen = await readPreferences(db, [member.team_id]);
  return AVAILABLE.flatMap(({ value }) => CHANNELS.map((channel) => chosen(member, value, channel)));
}

/** Saves choices of a member. Without a frequency, the present one stays. */
export async function savePreferences(
  tx: Tx,
  member: Member,
  preferences: readonly (Omit<Preference, 'digest_frequency'> & { digest_frequency?: Frequency })[],
): Promise<void> {
  const chosen = await readPreferences(tx, [member.team_id]);
  const rows = preferences.map((one) => ({
    ...member,
    digest_frequency: chosen(member, one.category, one.channel).digest_frequency,
    ...one,
  }));
  // The last one counts where a request names one twice.
  const last = new Map(rows.map((row) => [keyOf(member, row.category, row.channel), row]));
  if (last.size === 0) return;
  await tx
    .insertInto('notification_preferences')
    .values([...last.values()])
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'team_id', 'category', 'channel']).doUpdateSet((row) => ({
        enabled: row.ref('excluded.enabled'),
        digest_frequency: row.ref('excluded.digest_frequency'),
      })),
    )
    .execute();
}

/** Forgets what a member has chosen: the defaults apply again. */
export async function resetPreferences(tx: Tx, { user_id, team_id }: Member): Promise<void> {
  await tx
    .deleteFrom('notification_preferences')
    .where('user_id', '=', user_id)
    .where('team_id', '=', team_id)
    .execute();
}

/** Hour of the day, in UTC, at which digests are sent; weekly ones on Mondays. */
const DIGEST_HOUR = 7;

/** When a digest is sent next. */
export function nextDigest(frequency: 'daily' | 'weekly', now: Date): Date {
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), DIGEST_HOUR));
  if (next <= now) next.setUTCDate(next.getUTCDate() + 1);
  if (frequency === 'weekly') next.setUTCDate(next.getUTCDate() + ((8 - next.getUTCDay()) % 7));
  return next;
}
