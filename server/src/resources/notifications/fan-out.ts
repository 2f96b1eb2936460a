import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import { consumeEvents } from '../../events/consumer.ts';
import { type PlacedEvent, subjectOf } from '../../events/store.ts';
import { type Role, readScopeOf, scopesOfRole } from '../../http/scopes.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { isMailAddress } from '../../mail/address.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { type Category, categoryOf, severityOf } from './categories.ts';
import { letterOf } from './letters.ts';
import { MailBudget } from './mail-budget.ts';
import { namesOf } from './names.ts';
import {
  type Channel,
  type Chosen,
  IN_APP,
  type Member,
  nextDigest,
  readPreferences,
} from './preferences.ts';

/** Events that become notifications in one transaction. */
const BATCH = 200;

/** A member with the address that mail goes to. */
interface Reader extends Member {
  email: string;
  role: string;
  /** The operator has disabled the account: it keeps its list, and gets no e-mail. */
  disabled_at: Date | null;
}

/** A notification that is to be written. */
interface NewNotification {
  id: string;
  user_id: number;
  team_id: number;
  event_position: number;
  event_type: string;
  category: Category;
  severity: string;
  resource_type: string;
  resource_id: string;
  resource_name: string | null;
  message: string;
  payload: unknown;
  listed: boolean;
  digest_at: string | null;
  created_at: string;
}

/** Makes notifications of the events since the last time, in order, and queues e-mails. Returns whether there may be more. */
export const notifyMembers = (database: Database, mail: Mailer): Promise<boolean> =>
  consumeEvents(database, 'notification_progress', BATCH, (tx, events) => notify(tx, events, mail));

async function notify(tx: Tx, events: readonly PlacedEvent[], mail: Mailer): Promise<void> {
  const told = events.flatMap((event) => {
    const category = categoryOf(event);
    return category === null ? [] : [{ event, category }];
  });
  if (told.length === 0) return;
  const teams = [...new Set(told.map(({ event }) => event.team_id))];
  const members = await readMembers(tx, teams);
  const readers = Map.groupBy(members, ({ team_id }) => team_id);
  const chosen = await readPreferences(tx, teams);
  const nameOf = await namesOf(tx, events);
  const budget = await MailBudget.read(
    tx,
    members.map(({ user_id }) => user_id),
  );
  const rows: NewNotification[] = [];
  for (const { event, category } of told) {
    const name = nameOf(event);
    for (const reader of readers.get(event.team_id) ?? []) {
      if (!mayKnow(reader, event)) continue;
      const { listed, mailed, digestAt } = waysOf(event, category, reader, chosen);
      const isMailed = mailed && mail.mailEnabled && mayBeMailed(reader);
      const later = isMailed ? budget.take(reader.user_id) : digestAt;
      if (isMailed && later === null)
        await mail.queueMail(tx, { to: reader.email, ...letterOf(event, name) });
      if (listed || later) rows.push(rowOf(event, category, reader, { name, listed, digestAt: later }));
    }
  }
  await budget.save(tx);
  await insertNotifications(tx, rows);
}

const readMembers = (tx: Tx, teams: readonly number[]): Promise<Reader[]> =>
  tx
    .selectFrom('team_members')
    .innerJoin('users', 'users.id', 'team_members.user_id')
    .select(['team_members.user_id', 'team_members.team_id', 'team_members.role'])
    .select(['users.email', 'users.disabled_at'])
    .where('team_members.team_id', 'in', teams)
    .where('users.disabled_at', 'is', null)
    .orderBy('team_members.user_id')
    .execute();

const mayBeMailed = ({ email, disabled_at }: Reader): boolean => disabled_at === null && isMailAddress(email);

/** Whether the role of a member lets it read what an event is about. */
const mayKnow = ({ role }: Reader, event: PlacedEvent): boolean =>
  scopesOfRole(role as Role).has(readScopeOf(subjectOf(event)));

/** How a member is told of an event. An event that names channels goes to those only. */
function waysOf({ payload }: PlacedEvent, category: Category, reader: Reader, chosen: Chosen) {
  const { channels } = payload as { channels?: readonly string[] };
  const on = (channel: Channel) => {
    const { enabled, digest_frequency } = chosen(reader, category, channel);
    const isOn = enabled && digest_frequency !== 'disabled' && (channels?.includes(channel) ?? true);
    return isOn ? digest_frequency : null;
  };
  const mailed = on('mail');
  return {
    listed: on(IN_APP) !== null,
    mailed: mailed === 'instant',
    digestAt: mailed === 'daily' || mailed === 'weekly' ? nextDigest(mailed, new Date()) : null,
  };
}

const rowOf = (
  event: PlacedEvent,
  category: Category,
  { user_id, team_id }: Reader,
  { name, listed, digestAt }: { name: string | null; listed: boolean; digestAt: Date | null },
): NewNotification => ({
  id: uuidv7(),
  user_id,
  team_id,
  event_position: event.position,
  event_type: event.type,
  category,
  severity: event.severity === 'Warning' ? severityOf(category) : 'info',
  resource_type: event.resource_type,
  resource_id: event.resource_id,
  resource_name: name,
  message: event.message,
  payload: event.payload,
  listed,
  digest_at: digestAt?.toISOString() ?? null,
  created_at: event.created_at.toISOString(),
});

async function insertNotifications(tx: Tx, rows: readonly NewNotification[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into notifications (id, user_id, team_id, event_position, event_type, category, severity, resource_type,
      resource_id, resource_name, message, payload, listed, digest_at, created_at)
    select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) n (id uuid, user_id bigint, team_id bigint,
      event_position bigint, event_type text, category text, severity text, resource_type text, resource_id text,
      resource_name text, message text, payload jsonb, listed boolean, digest_at timestamptz, created_at timestamptz)
    `.execute(tx);
}
