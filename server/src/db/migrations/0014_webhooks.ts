import { type Kysely, sql } from 'kysely';

/** Endpoints that are told of events, and what was sent to them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table webhook_endpoints (
  id uuid primary key,
  team_id bigint not null references teams (id),
  name text not null,
  -- The one of /webhooks/config.
  is_default boolean not null default false,
  url text not null,
  -- Types of events that it gets, such as vps.created or vps.*; empty: all.
  event_types text[] not null default '{}',
  enabled boolean not null default true,
  -- Why Danube disabled it: gone (it answered with 410), or failing (for three days).
  disabled_reason text check (disabled_reason in ('gone', 'failing')),
  -- Since when every delivery has failed.
  failing_since timestamptz,
  secret_sealed bytea not null,
  -- The secret before, and until when deliveries are signed with it as well.
  previous_secret_sealed bytea,
  previous_secret_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((previous_secret_sealed is null) = (previous_secret_until is null)),
  check (not (enabled and disabled_reason is not null))
);
create unique index webhook_endpoints_default on webhook_endpoints (team_id) where is_default;
create index webhook_endpoints_team on webhook_endpoints (team_id, created_at);

create table webhook_deliveries (
  id bigint generated always as identity primary key,
  endpoint_id uuid not null references webhook_endpoints (id) on delete cascade,
  team_id bigint not null references teams (id),
  -- The same for all attempts, and for all endpoints that are told of an event.
  message_id text not null,
  event_type text not null,
  resource_id text not null,
  url text not null,
  -- What is sent, byte for byte.
  body text not null,
  -- queued: waits behind an earlier one about the same resource. pending: is sent, or will be again.
  state text not null check (state in ('queued', 'pending', 'delivered', 'failed')),
  -- All there were; and those since it was last begun, which tell when the next one is.
  attempts integer not null default 0,
  tries integer not null default 0,
  next_attempt_at timestamptz,
  -- A server is sending it, until then.
  leased_until timestamptz,
  signature text,
  response_status integer,
  response_body text,
  error_message text,
  delivered_at timestamptz,
  failed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (endpoint_id, message_id),
  check ((state = 'pending') = (next_attempt_at is not null))
);
-- An endpoint gets the events of a resource one after the other.
create unique index webhook_deliveries_current on webhook_deliveries (endpoint_id, resource_id) where state = 'pending';
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at) where state = 'pending';
create index webhook_deliveries_queued on webhook_deliveries (endpoint_id, resource_id, id) where state = 'queued';
create index webhook_deliveries_team on webhook_deliveries (team_id, id);
create index webhook_deliveries_ended on webhook_deliveries (updated_at) where state in ('delivered', 'failed');

-- The position in the log of events up to which deliveries were made.
create table webhook_progress (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into webhook_progress (position) select coalesce(max(position), 0) from events;
`;
