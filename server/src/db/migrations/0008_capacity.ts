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

-- The row of the host comes before that of the team, as in lock_capacity.
create function note_promise(team bigint, memory bigint, disk bigint, storage bigint) returns void
  language plpgsql as $$
begin
  update capacity set memory_promised_mb = memory_promised_mb + memory, disk_promised_gb = disk_promised_gb + disk;
  update team_usage set used = used + storage where team_id = team and kind = 'storage_gb';
  if not found then
    insert into team_usage (team_id, kind, used) values (team, 'storage_gb', storage);
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

-- Deferred to the commit, as those of firewalls: nobody waits for long for the one row that all of them change.
create constraint trigger instances_promised after insert or delete or update of memory_mb, disk_gb on instances
  deferrable initially deferred for each row execute function note_instance_promise();
create constraint trigger snapshots_promised
  after insert or delete or update of status, size_bytes, disk_gb, drill_memory_mb, drill_disk_gb on snapshots
  deferrable initially deferred for each row execute function note_snapshot_promise();

-- Nobody else promises anything until the transaction ends. Returns the row of the host, with the storage of the team:
-- each statement in here sees what was committed before it, so all of it is as it is after the wait.
create function lock_capacity(team bigint) returns jsonb language plpgsql as $$
begin
  perform from capacity for update;
  return (select to_jsonb(c) || jsonb_build_object(
      'storage_quota_gb', coalesce((t.quotas ->> 'storage_gb')::integer, c.storage_quota_gb),
      'storage_used_gb', coalesce(u.used, 0))
    from capacity c join teams t on t.id = team
      left join team_usage u on u.team_id = t.id and u.kind = 'storage_gb');
end $$;
`;
