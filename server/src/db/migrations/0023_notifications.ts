import { type Kysely, sql } from 'kysely';

/** What members of teams are told of events, and what they want to be told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table notifications (
  id uuid primary key,
  user_id bigint not null references users (id) on delete cascade,
  team_id bigint not null references teams (id) on delete cascade,
  -- The position of the event that it tells of.
  event_position bigint not null,
  event_type text not null,
  category text not null,
  severity text not null,
  resource_type text not null,
  resource_id text not null,
  -- As it was called then.
  resource_name text,
  message text not null,
  payload jsonb not null,
  -- Whether it is in the list, or only in a digest.
  listed boolean not null,
  -- When it is to be mailed with others; null: it is not, or has been.
  digest_at timestamptz,
  read_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, event_position)
);
create index notifications_list on notifications (user_id, team_id, event_position desc) where listed;
create index notifications_unread on notifications (user_id, team_id, resource_type) where listed and read_at is null;
create index notifications_digest on notifications (digest_at) where digest_at is not null;
create index notifications_created on notifications (created_at);
create index notifications_resource on notifications (resource_id, event_position desc);

-- What a member has changed; the defaults are in notifications/categories.ts.
create table notification_preferences (
  user_id bigint not null references users (id) on delete cascade,
  team_id bigint not null references teams (id) on delete cascade,
  category text not null,
  channel text not null check (channel in ('database', 'mail')),
  enabled boolean not null,
  digest_frequency text not null check (digest_frequency in ('instant', 'daily', 'weekly', 'disabled')),
  primary key (user_id, team_id, category, channel)
);

-- The position in the log of events up to which notifications were made.
create table notification_progress (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into notification_progress (position) select coalesce(max(position), 0) from events;
`;
