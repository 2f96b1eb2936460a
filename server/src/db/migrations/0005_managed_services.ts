import { type Kysely, sql } from 'kysely';

/** Managed databases and caches, their parameter groups, and the certificate authority of the install. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- The install's own certificate authority: one row at most.
create table certificate_authorities (
  id boolean primary key default true check (id),
  certificate text not null,
  key_sealed bytea not null,
  created_at timestamptz not null default now()
);

create table parameter_groups (
  id bigint generated always as identity primary key,
  -- Null: a group of the system, which every team sees and none changes.
  team_id bigint references teams (id) on delete cascade,
  name text not null,
  type text not null check (type in ('database', 'cache')),
  provider text not null,
  -- A version of the engine; null: the group is for all of them.
  family text,
  description text,
  parameters jsonb not null default '{}',
  locked_parameters jsonb not null default '[]',
  is_default boolean not null default false,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index parameter_groups_system on parameter_groups (provider) where team_id is null;
create index parameter_groups_team on parameter_groups (team_id, id desc);

-- Databases and caches: what they are to Danube is the same. Their instances' members are the machines.
create table managed_services (
  id uuid primary key references instances (id) on delete cascade,
  provider text not null,
  version text not null,
  database_name text,
  username text not null,
  password_sealed bytea not null,
  -- What the customer set on the instance itself.
  parameters jsonb not null default '{}',
  parameter_group_id bigint references parameter_groups (id),
  -- Group and instance together: what the engine is given.
  effective_parameters jsonb not null default '{}',
  -- Parameters whose new values wait for the next start of the engine.
  pending_restart text[] not null default '{}',
  -- The host's port that leads here while published. Once given it is kept until the row is gone: a rule of the host
  -- that outlived a withdrawal must never lead to somebody else's instance.
  public_port integer unique check (public_port between 1 and 65535),
  published boolean not null default false check (not published or public_port is not null),
  autoscale_enabled boolean not null default false,
  autoscale_threshold_percent integer not null default 80,
  autoscale_increment_gb integer not null default 10,
  autoscaled_at timestamptz,
  autoscale_checked_at timestamptz
);
create index managed_services_group on managed_services (parameter_group_id) where parameter_group_id is not null;

-- Seeds of the price list (contract notes, "Plans"); the operator may edit them.
insert into plans (kind, name, vcpu, memory_mb, disk_gb, price_cents, cpu_allocation_type, position) values
  ('database', 'micro',  1, 1024,  10,  999, 'shared', 1),
  ('database', 'small',  1, 2048,  20, 1999, 'shared', 2),
  ('database', 'medium', 2, 4096,  50, 3999, 'shared', 3),
  ('database', 'large',  4, 8192, 100, 7999, 'shared', 4),
  ('cache', 'micro',  1,  256,  2,  299, 'shared', 1),
  ('cache', 'small',  1, 1024,  4,  499, 'shared', 2),
  ('cache', 'medium', 1, 3072, 16, 1499, 'shared', 3),
  ('cache', 'large',  1, 6144, 32, 2999, 'shared', 4);
`;
