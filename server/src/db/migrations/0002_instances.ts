import { type Kysely, sql } from 'kysely';

/** Instances: the columns that servers, databases and caches have in common. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- A team's network, allotted with its first instance. Subnets are stored, so that a changed pool moves nobody.
create table networks (
  team_id bigint primary key references teams (id) on delete cascade,
  ordinal integer not null unique,
  ipv4_subnet cidr not null unique,
  ipv6_subnet cidr not null unique,
  next_host integer not null default 10
);

-- What every instance has, whatever its kind: a server, a database, a cache. What only a kind has is in a table of that
-- kind with the same id.
create table instances (
  id uuid primary key,
  -- See InstanceKind; each kind checks its own statuses.
  kind text not null,
  team_id bigint not null references teams (id),
  user_id bigint not null references users (id),
  name text not null,
  status text not null,
  -- Where the instance is headed once every accepted operation is done.
  desired text not null check (desired in ('running', 'stopped', 'deleted')),
  error jsonb,
  datacenter text not null references datacenters (name),
  plan text not null,
  -- Limits of each member. disk_gb may have grown beyond the plan's.
  vcpu integer not null,
  memory_mb integer not null,
  disk_gb integer not null,
  price_cents integer not null,
  automated_snapshots_enabled boolean not null default false,
  -- When the last daily snapshot was asked for.
  automated_snapshot_at timestamptz,
  observed_at timestamptz,
  deployed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index instances_team on instances (team_id, kind, created_at desc, id desc);
create index instances_automated on instances (id) where automated_snapshots_enabled;

-- The machines that an instance runs on, each with its own addresses. Every instance has the one at position 0; the
-- replicas of a database are further ones.
create table members (
  -- The data plane knows it as KIND-ID. The first member has the id of its instance.
  id uuid primary key,
  instance_id uuid not null references instances (id) on delete cascade,
  position integer not null default 0,
  ipv4 inet unique,
  ipv6 inet unique,
  -- Raised by what replaces the machine: a reinstall, a restore.
  generation integer not null default 1,
  -- The snapshot (uid) that the present generation is to be made from; null once it has run.
  made_from uuid,
  unique (instance_id, position)
);

-- Disks with data, apart from the machines that use them; the data plane knows one as volume-ID. Its size is the disk_gb of
-- the instance. A row outlives its member: so it is known whose data is left over.
create table volumes (
  id uuid primary key,
  team_id bigint not null references teams (id),
  member_id uuid unique references members (id) on delete set null,
  created_at timestamptz not null default now()
);

-- One row per address pair in use. host is the offset in both subnets of the team.
create table addresses (
  team_id bigint not null references networks (team_id) on delete cascade,
  host integer not null,
  member_id uuid not null unique references members (id) on delete cascade deferrable initially deferred,
  primary key (team_id, host)
);
`;
