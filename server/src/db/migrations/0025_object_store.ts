import { type Kysely, sql } from 'kysely';

/** The object store that an install runs itself, and the keys by which its objects are encrypted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- One row once the install has an object store of its own; none before, and none with a store from elsewhere.
create table object_store (
  singleton boolean primary key default true check (singleton),
  -- Its network, with an ordinal among those of teams.
  ordinal integer not null unique,
  ipv4_subnet cidr not null unique,
  ipv6_subnet cidr not null unique,
  size_gb integer not null,
  -- Credentials of the platform, as sealed JSON.
  credentials_sealed bytea not null,
  -- What its disk held when it last answered.
  total_bytes bigint,
  used_bytes bigint,
  observed_at timestamptz,
  created_at timestamptz not null default now()
);

-- Keys of buckets, which encrypt the keys of objects. Without them, the objects are lost.
create table object_store_keys (
  name text primary key,
  key_sealed bytea not null,
  created_at timestamptz not null default now()
);
`;
