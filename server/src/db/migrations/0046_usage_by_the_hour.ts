import { type Kysely, sql } from 'kysely';

/** Sizes of buckets are settled by the hour, so that one which goes up and down has no period for each minute. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
alter table buckets
  -- The GB that it costs, see settle_bucket, and since when.
  add column billed_gb bigint not null default 0,
  add column billed_at timestamptz not null default now();
update buckets set billed_gb = begun_gb(size_bytes);

create function is_this_hour(moment timestamptz) returns boolean stable language sql as $$
  select date_trunc('hour', moment, 'UTC') = date_trunc('hour', clock_timestamp(), 'UTC')
$$;

-- A larger size counts at once, a smaller one once the hour is over in which the last change was. Sizes are counted every
-- minute, so that this is noticed also where nothing is written any more.
create function settle_bucket() returns trigger language plpgsql as $$
begin
  if begun_gb(new.size_bytes) > new.billed_gb or not is_this_hour(new.billed_at) then
    new.billed_gb := begun_gb(new.size_bytes);
    new.billed_at := clock_timestamp();
  end if;
  return new;
end $$;
create trigger buckets_settled before insert or update of size_bytes on buckets
  for each row when (begun_gb(new.size_bytes) <> new.billed_gb) execute function settle_bucket();

drop trigger buckets_used on buckets;
create trigger buckets_used after update on buckets for each row
  when (old.billed_gb <> new.billed_gb) execute function note_bucket_usage();

create or replace function bucket_price(one buckets) returns bigint stable language sql as $$
  select ceil(one.billed_gb::float8 * cents_per_gb)::bigint from object_price
$$;

-- What costs more in the hour in which its period began has done so since then.
create or replace function note_bucket(one buckets) returns void language plpgsql as $$
declare
  price bigint := bucket_price(one);
  described text := one.billed_gb || ' GB';
begin
  update usage_periods set price_cents = price, plan = described
    where resource_id = one.id and ended_at is null and price_cents < price and is_this_hour(began_at);
  perform note_usage(one.team_id, 'bucket', one.id, one.name, described, price);
end $$;

create index usage_periods_ended on usage_periods (ended_at) where ended_at is not null;
`;
