import { type Kysely, sql } from 'kysely';

/** How buckets are used: sums by minute and by hour, and the objects that are asked for most. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table bucket_traffic (
  bucket_id uuid not null references buckets (id) on delete cascade,
  resolution text not null check (resolution in ('minute', 'hour')),
  at timestamptz not null,
  gets bigint not null default 0,
  puts bigint not null default 0,
  deletes bigint not null default 0,
  heads bigint not null default 0,
  others bigint not null default 0,
  -- Requests that were refused or failed, and which of them by whose fault; null: the store does not tell.
  failed bigint not null default 0,
  client_errors bigint,
  server_errors bigint,
  egress_bytes bigint not null default 0,
  ingress_bytes bigint not null default 0,
  -- Sum, and number of requests by duration, see resources/buckets/metrics/latency.ts; null: the store does not tell.
  total_ms double precision,
  durations bigint[],
  primary key (bucket_id, resolution, at)
);
create index bucket_traffic_age on bucket_traffic (resolution, at);

-- What a bucket held from then on, until the next row.
create table bucket_sizes (
  bucket_id uuid not null references buckets (id) on delete cascade,
  at timestamptz not null,
  size_bytes bigint not null,
  object_count bigint not null,
  primary key (bucket_id, at)
);
create index bucket_sizes_age on bucket_sizes (at);

create table bucket_objects (
  bucket_id uuid not null references buckets (id) on delete cascade,
  day date not null,
  object_key text not null,
  requests bigint not null,
  egress_bytes bigint not null,
  primary key (bucket_id, day, object_key)
);
create index bucket_objects_age on bucket_objects (day);

-- How far the store's logs were read.
create table bucket_collection (
  only_row boolean primary key default true check (only_row),
  position text,
  -- Whether the store logs requests one by one; null: not asked yet.
  has_log boolean,
  requests_at timestamptz,
  sizes_at timestamptz
);
insert into bucket_collection default values;
`;
