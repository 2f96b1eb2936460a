import { type Kysely, sql } from 'kysely';

/** Operations and events. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table operations (
  id uuid primary key,
  seq bigint generated always as identity unique,
  team_id bigint not null references teams (id),
  user_id bigint references users (id),
  resource_type text not null,
  resource_id uuid not null,
  -- The same, where the resource is an instance that is still there.
  instance_id uuid references instances (id) on delete set null,
  kind text not null,
  -- queued: waits behind another operation of the resource. pending: its workflow is enqueued.
  state text not null check (state in ('queued', 'pending', 'running', 'succeeded', 'failed')),
  args jsonb not null default '{}',
  step text,
  percent integer not null default 0,
  error jsonb,
  request_id text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
-- At most one operation of a resource is at work: the rest wait in order.
create unique index operations_current on operations (resource_id) where state in ('pending', 'running');
create index operations_queued on operations (resource_id, seq) where state = 'queued';
create index operations_resource on operations (resource_id, seq desc);
create index operations_instance on operations (instance_id) where instance_id is not null;
-- Operations of other resources that read or write a snapshot name it in their arguments.
create index operations_snapshot on operations ((args ->> 'snapshot')) where args ? 'snapshot';
-- What is under way or waits in the whole install: few among all that ever were.
create index operations_unfinished on operations (kind) where state in ('queued', 'pending', 'running');

create table events (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams (id),
  resource_type text not null,
  resource_id uuid not null,
  operation_id uuid,
  -- One of a catalogue, for example vps.created.
  type text not null,
  severity text not null check (severity in ('Normal', 'Warning')),
  reason text not null,
  message text not null,
  payload jsonb not null,
  -- Where it stands in the order of all events; null until it was given a place, after the commit.
  position bigint unique,
  created_at timestamptz not null default now()
);
create index events_resource on events (resource_id, id desc);
create index events_unplaced on events (id) where position is null;
create sequence event_positions;
`;
