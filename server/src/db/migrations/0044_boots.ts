import { type Kysely, sql } from 'kysely';

/** Instances that boot, or wait for their turn to: a host boots only so many at once, whichever process asks for it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table boots (
  id uuid primary key,
  team_id bigint not null,
  -- A server process, from its start to its end.
  process uuid not null,
  -- Whether it has its turn, or waits for it.
  began boolean not null,
  asked_at timestamptz not null default clock_timestamp(),
  -- When the process counts as gone unless it says before that it is there.
  until timestamptz not null
);
create index boots_process on boots (process);

-- What a process wants at the moment, whether it has its turn already or not: [{id, team, began}]. What it wanted before is
-- given back. Returns the ids of those that have their turn. The next turn is of the team that has the fewest, and its oldest.
create function ask_to_boot(asking uuid, mine jsonb, slots integer, per_team integer) returns setof uuid
  language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('danube.boots'));
  delete from boots where until < clock_timestamp()
    or (process = asking and id not in (select w.id from jsonb_to_recordset(mine) as w (id uuid)));
  -- It is written seldom, though asked often.
  insert into boots as b (id, team_id, process, began, until)
    select w.id, w.team, asking, w.began, clock_timestamp() + interval '10 seconds'
    from jsonb_to_recordset(mine) as w (id uuid, team bigint, began boolean)
    on conflict (id) do update set until = excluded.until where b.until < excluded.until - interval '2 seconds';
  update boots set began = true where id in (
    select waiting.id from (
      select b.id, b.asked_at, coalesce(at_work.count, 0)
          + row_number() over (partition by b.team_id order by b.asked_at, b.id) as turn
      from boots b
      left join (select a.team_id, count(*) from boots a where a.began group by a.team_id) at_work
        on at_work.team_id = b.team_id
      where not b.began) waiting
    where turn <= per_team
    order by turn, asked_at, waiting.id
    limit greatest(0, slots - (select count(*) from boots c where c.began)));
  return query select b.id from boots b where b.process = asking and b.began;
end $$;
`;
