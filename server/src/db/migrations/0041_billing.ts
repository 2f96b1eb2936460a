import { type Kysely, sql } from 'kysely';

/** What resources have cost a month, from when until when. Written by triggers, with the change itself. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- A time during which a resource had a price. Those of one resource follow each other without a gap or an overlap, except
-- where it had no price in between.
create table usage_periods (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams (id),
  resource_type text not null,
  -- It stays when the resource is deleted.
  resource_id uuid not null,
  name text not null,
  -- What the price is for: a plan, or so much storage.
  plan text not null,
  -- Per month.
  price_cents bigint not null check (price_cents > 0),
  began_at timestamptz not null,
  -- Null: it has the price.
  ended_at timestamptz,
  check (ended_at >= began_at)
);
create unique index usage_periods_open on usage_periods (resource_id) where ended_at is null;
create index usage_periods_resource on usage_periods (resource_id, ended_at);
create index usage_periods_team on usage_periods (team_id, (coalesce(ended_at, 'infinity')));

-- The price of object storage, from the settings: one row, which a server writes when it starts.
create table object_price (
  id boolean primary key default true check (id),
  cents_per_gb float8 not null
);

-- Notes that a resource has this price from now on; null or 0: none. Whoever calls it has locked the resource's row, so the
-- periods of one are written one after the other. A clock that is set back makes no overlap.
create function note_usage(team bigint, type text, resource uuid, called text, described text, price bigint) returns void
  language plpgsql as $$
declare
  present usage_periods;
  moment timestamptz;
begin
  select * into present from usage_periods where resource_id = resource and ended_at is null for update;
  if present.id is null and coalesce(price, 0) = 0 then
    return;
  end if;
  if present.price_cents = price and present.plan = described then
    update usage_periods set name = called where id = present.id and name <> called;
    return;
  end if;
  moment := greatest(clock_timestamp(), present.began_at,
    (select max(ended_at) from usage_periods where resource_id = resource));
  update usage_periods set ended_at = moment where id = present.id;
  if price > 0 then
    insert into usage_periods (team_id, resource_type, resource_id, name, plan, price_cents, began_at)
      values (team, type, resource, called, described, price, moment);
  end if;
end $$;

-- What an instance costs: nothing until it has run for the first time, and from the moment its deletion is asked for.
create function instance_price(one instances) returns bigint immutable language sql as $$
  select case when one.deployed_at is not null and one.desired <> 'deleted' then one.price_cents::bigint end
$$;

create function note_instance_usage() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    perform note_usage(old.team_id, old.kind, old.id, old.name, old.plan, null);
  else
    perform note_usage(new.team_id, new.kind, new.id, new.name, new.plan, instance_price(new));
  end if;
  return null;
end $$;

create trigger instances_used_at_once after insert on instances
  for each row when (new.deployed_at is not null) execute function note_instance_usage();
create trigger instances_gone after delete on instances for each row execute function note_instance_usage();
create trigger instances_used after update on instances for each row
  when (old.price_cents <> new.price_cents or old.plan <> new.plan or old.name <> new.name
    or (old.deployed_at is null) <> (new.deployed_at is null) or (old.desired = 'deleted') <> (new.desired = 'deleted'))
  execute function note_instance_usage();

-- What a bucket costs: each GB that is begun, as figures.ts counts it, until it is gone: emptying it can take as long as its
-- owner likes.
create function begun_gb(bytes bigint) returns bigint immutable language sql as $$
  select ceil(bytes / 1073741824.0)::bigint
$$;
create function bucket_price(one buckets) returns bigint stable language sql as $$
  select ceil(begun_gb(one.size_bytes)::float8 * cents_per_gb)::bigint from object_price
$$;

create function note_bucket(one buckets) returns void language sql as $$
  select note_usage(one.team_id, 'bucket', one.id, one.name, begun_gb(one.size_bytes) || ' GB', bucket_price(one))
$$;
create function note_bucket_usage() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    perform note_usage(old.team_id, 'bucket', old.id, old.name, '', null);
  else
    perform note_bucket(new);
  end if;
  return null;
end $$;

create trigger buckets_used_at_once after insert or delete on buckets
  for each row execute function note_bucket_usage();
create trigger buckets_used after update on buckets for each row
  when (begun_gb(old.size_bytes) <> begun_gb(new.size_bytes))
  execute function note_bucket_usage();

-- Sets the price of object storage, for all buckets from now on.
create function set_object_price(cents float8) returns void language plpgsql as $$
declare
  one buckets;
begin
  insert into object_price (cents_per_gb) values (cents)
    on conflict (id) do update set cents_per_gb = cents where object_price.cents_per_gb <> cents;
  if not found then
    return;
  end if;
  for one in select * from buckets order by id for update loop
    perform note_bucket(one);
  end loop;
end $$;

-- Before this version nothing was noted: what there is costs from now on.
select note_usage(team_id, kind, id, name, plan, instance_price(instances)) from instances;
`;
