import { type Kysely, sql } from 'kysely';

/** Alerts on metrics of instances, and what became of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table metric_alerts (
  id uuid primary key,
  team_id bigint not null references teams (id),
  -- Danube made it together with the instance; no quota counts it.
  is_default boolean not null default false,
  name text,
  -- What lists are ordered by.
  sort_name text not null generated always as (coalesce(name, '')) stored,
  description text,
  -- The kind of the instance.
  resource_type text not null,
  resource_id uuid not null references instances (id) on delete cascade,
  metric text not null,
  comparison text not null check (comparison in ('gt', 'gte', 'lt', 'lte')),
  threshold float8 not null,
  duration_minutes integer not null,
  channels text[] not null,
  -- active: it has not fired yet. resolved: it has, and is over.
  status text not null default 'active' check (status in ('active', 'triggered', 'resolved', 'disabled')),
  -- Raised by whoever changes what it compares, so that an evaluation of what it was before counts for nothing.
  revision integer not null default 1,
  -- Since when each value breaches it; of one that has fired, since when none does.
  turning_since timestamptz,
  consecutive_breaches integer not null default 0,
  trigger_count integer not null default 0,
  last_value float8,
  -- Since when nothing was measured.
  no_data_since timestamptz,
  -- Whether the history says so: that takes two minutes.
  is_missed boolean not null default false,
  last_evaluated_at timestamptz,
  triggered_at timestamptz,
  resolved_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
)
-- Every evaluation writes every row: there is room for its next version on the same page.
with (fillfactor = 70);
create index metric_alerts_team on metric_alerts (team_id, created_at desc, id desc);
create index metric_alerts_resource on metric_alerts (resource_id);

create table metric_alert_history (
  id bigint generated always as identity primary key,
  alert_id uuid not null references metric_alerts (id) on delete cascade,
  event_type text not null
    check (event_type in ('triggered', 'resolved', 'no_data', 'data_returned', 'enabled', 'disabled', 'changed')),
  value float8,
  threshold float8,
  occurred_at timestamptz not null default now()
);
create index metric_alert_history_alert on metric_alert_history (alert_id, id desc);
create index metric_alert_history_occurred on metric_alert_history (occurred_at);

-- The position in the log of events up to which new databases got their alerts.
create table alert_progress (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into alert_progress (position) select coalesce(max(position), 0) from events;
`;
