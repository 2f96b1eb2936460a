import { type Kysely, sql } from 'kysely';

/** What the host has, what of it is promised, and how much storage a team has. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- The host that instances run on: one row. What it has is written by whoever asks the data plane, see
-- instances/capacity.ts; null until that has been done once. What is promised is kept by the triggers below.
create table capacity (
  id boolean primary key default true check (id),
  -- What one instance can have at most: the host's memory and its pool, without their reserves.
  memory_mb bigint,
  disk_gb bigint,
  -- What all instances together may be promised.
  memory_limit_mb bigint,
  disk_limit_gb bigint,
  -- What can still be written to the pool, and what of that has to stay free.
  pool_mb bigint,
  pool_free_mb bigint,
  pool_reserve_mb bigint,
  -- For teams that have no storage quota of their own.
  storage_quota_gb integer,
  observed_at timestamptz,
  memory_promised_mb bigint not null default 0,
  disk_promised_gb bigint not null default 0
);

-- What the throwaway instance of a restore drill takes, while there is one or about to be one.
alter table snapshots add column drill_memory_mb integer, add column drill_disk_gb integer;

-- What a snapshot takes of its team's storage, in GB: what it holds, and until that is known as much as the disk could.
-- Those that Danube takes by itself are not the team's to answer for.
create function snapshot_gb(reason text, status text, size_bytes bigint, disk_gb integer) returns integer
  immutable language sql as $$
  select case when reason <> 'manual' then 0
    when size_bytes is not null then ceil(size_bytes / 1073741824.0)::integer
    when status = 'failed' then 0
    else disk_gb end
$$;

insert into capacity (memory_promised_mb, disk_promised_gb)
  select coalesce(sum(memory_mb), 0), coalesce(sum(disk_gb), 0) from instances;
insert into team_usage (team_id, kind, used)
  select team_id, 'storage_gb', sum(gb) from (
    select team_id, disk_gb as gb from instances
    union all select team_id, snapshot_gb(reason, status, size_bytes, disk_gb) from snapshots) as taken
  group by team_id;

-- Counts what is promised more, or given back where it is negative. Where the transaction has asked for it (ask_capacity),
-- it may only go as far as the limits do: others may have been promised what was left when it asked. It fails then as one
-- that conflicts with another, so that it is begun again, asks again, and is told.
create function note_promise(team bigint, memory bigint, disk bigint, storage bigint) returns void
  language plpgsql as $$
declare
  asked constant boolean := coalesce(current_setting('danube.capacity_asked', true), '') = 'yes';
  host capacity;
  stored integer;
begin
  -- What changes its firewalls too may have this row already: whoever takes both takes that of the team first.
  perform from firewall_revisions where team_id = team for update;
  update capacity set memory_promised_mb = memory_promised_mb + memory, disk_promised_gb = disk_promised_gb + disk
    returning * into host;
  update team_usage set used = used + storage where team_id = team and kind = 'storage_gb' returning used into stored;
  if not found then
    insert into team_usage (team_id, kind, used) values (team, 'storage_gb', storage) returning used into stored;
  end if;
  if asked and (memory > 0 and host.memory_promised_mb > host.memory_limit_mb
      or disk > 0 and host.disk_promised_gb > host.disk_limit_gb
      or storage > 0 and stored > (select storage_quota_gb(team))) then
    raise exception 'others were promised the room meanwhile' using errcode = 'serialization_failure';
  end if;
end $$;

create function note_instance_promise() returns trigger language plpgsql as $$
declare
  memory bigint := coalesce(new.memory_mb, 0) - coalesce(old.memory_mb, 0);
  disk bigint := coalesce(new.disk_gb, 0) - coalesce(old.disk_gb, 0);
begin
  if memory <> 0 or disk <> 0 then
    perform note_promise(coalesce(new.team_id, old.team_id), memory, disk, disk);
  end if;
  return null;
end $$;

create function note_snapshot_promise() returns trigger language plpgsql as $$
declare
  memory bigint := coalesce(new.drill_memory_mb, 0) - coalesce(old.drill_memory_mb, 0);
  disk bigint := coalesce(new.drill_disk_gb, 0) - coalesce(old.drill_disk_gb, 0);
  storage bigint := coalesce(snapshot_gb(new.reason, new.status, new.size_bytes, new.disk_gb), 0)
    - coalesce(snapshot_gb(old.reason, old.status, old.size_bytes, old.disk_gb), 0);
begin
  if memory <> 0 or disk <> 0 or storage <> 0 then
    perform note_promise(coalesce(new.team_id, old.team_id), memory, disk, storage);
  end if;
  return null;
end $$;

-- Deferred to the commit, as those of firewalls: all transactions that promise or give back change the one row of the
-- host, and each waits for those before no longer than they take to commit.
create constraint trigger instances_promised after insert or delete or update of memory_mb, disk_gb on instances
  deferrable initially deferred for each row execute function note_instance_promise();
create constraint trigger snapshots_promised
  after insert or delete or update of status, size_bytes, disk_gb, drill_memory_mb, drill_disk_gb on snapshots
  deferrable initially deferred for each row execute function note_snapshot_promise();

-- Of a team, in GB; null until the install has said what those have that have none of their own.
create function storage_quota_gb(team bigint) returns integer stable language sql as $$
  select coalesce((t.quotas ->> 'storage_gb')::integer, c.storage_quota_gb) from teams t, capacity c where t.id = team
$$;

-- The row of the host, with the storage of the team, as of now: the commit of this transaction fails where others were
-- promised too much of it in between.
create function ask_capacity(team bigint) returns jsonb language plpgsql as $$
begin
  perform set_config('danube.capacity_asked', 'yes', true);
  return (select to_jsonb(c) || jsonb_build_object(
      'storage_quota_gb', storage_quota_gb(team),
      'storage_used_gb', coalesce(u.used, 0))
    from capacity c left join team_usage u on u.team_id = team and u.kind = 'storage_gb');
end $$;
`;
