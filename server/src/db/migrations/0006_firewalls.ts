import { type Kysely, sql } from 'kysely';

/** Firewalls and what they are attached to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table firewalls (
  id uuid primary key,
  team_id bigint not null references teams (id),
  name text not null,
  description text,
  -- The instance that it was made together with; null for what the customer made. No quota counts those of instances:
  -- one is deleted when its instance is gone and it is attached to no other.
  default_of uuid,
  status text not null check (status in ('draft', 'applying', 'active', 'error')),
  error jsonb,
  -- What the customer wrote, as the API shows it.
  rules jsonb not null default '[]',
  -- What the data plane is to enforce: other than rules while those are a draft.
  effective_rules jsonb not null default '[]',
  -- What the data plane is known to have enforced, and for which instances: a change that fails goes back to it.
  applied_rules jsonb not null default '[]',
  applied_instances jsonb not null default '[]',
  -- Counts the changes of what is to be enforced, and says which of them the data plane has.
  revision integer not null default 1,
  applied_revision integer not null default 0,
  -- When rollback_rules come back, unless somebody confirms before.
  confirm_by timestamptz,
  rollback_rules jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((confirm_by is null) = (rollback_rules is null))
);
create index firewalls_team on firewalls (team_id, created_at desc, id desc);
create index firewalls_confirm_by on firewalls (confirm_by) where confirm_by is not null;
-- Those that are not known to be in force as they are, and those that went back: few among many.
create index firewalls_unconfirmed on firewalls (team_id) where status = 'applying' or revision <> applied_revision;
create index firewalls_error on firewalls (team_id) where status = 'error';

create table firewall_attachments (
  firewall_id uuid not null references firewalls (id) on delete cascade,
  team_id bigint not null references teams (id),
  instance_id uuid not null references instances (id) on delete cascade,
  primary key (firewall_id, instance_id)
);
create index firewall_attachments_instance on firewall_attachments (instance_id);
create index firewall_attachments_team on firewall_attachments (team_id, instance_id);

-- Counts the changes of what the network of a team is to let pass, in the order of their commits.
create table firewall_revisions (
  team_id bigint primary key references teams (id) on delete cascade,
  revision bigint not null
);

-- The latest of these changes, each with the instance that it is about; null: with all. Who knows an older revision
-- reads what has changed since then, and where changes are missing here, everything.
create table firewall_changes (
  team_id bigint not null references teams (id) on delete cascade,
  revision bigint not null,
  instance_id uuid,
  primary key (team_id, revision)
);

create function note_firewall_change(team bigint, instance uuid) returns void language plpgsql as $$
declare
  next bigint;
begin
  insert into firewall_revisions as present (team_id, revision) values (team, 1)
    on conflict (team_id) do update set revision = present.revision + 1 returning present.revision into next;
  insert into firewall_changes (team_id, revision, instance_id) values (team, next, instance);
  if next % 100 = 0 then
    delete from firewall_changes where team_id = team and revision <= next - 1000;
  end if;
end $$;

create function note_member() returns trigger language plpgsql as $$
begin
  -- Where the instance is gone as well, its own trigger says so.
  perform note_firewall_change(team_id, id) from instances where id = coalesce(new.instance_id, old.instance_id);
  return null;
end $$;

create function note_instance() returns trigger language plpgsql as $$
begin
  perform note_firewall_change(old.team_id, old.id);
  return null;
end $$;

create function note_attachment() returns trigger language plpgsql as $$
begin
  perform note_firewall_change(coalesce(new.team_id, old.team_id), coalesce(new.instance_id, old.instance_id));
  return null;
end $$;

create function note_firewall() returns trigger language plpgsql as $$
begin
  perform note_firewall_change(old.team_id, null);
  return null;
end $$;

-- Deferred to the commit: the row of the revision is the last that a transaction locks, so nobody waits for long, and
-- no two for each other.
create constraint trigger members_noted after insert or delete or update of ipv4, ipv6 on members
  deferrable initially deferred for each row execute function note_member();
create constraint trigger instances_noted after update of status on instances
  deferrable initially deferred for each row
  when ((old.status = 'destroying') <> (new.status = 'destroying')) execute function note_instance();
create constraint trigger instances_deleted_noted after delete on instances
  deferrable initially deferred for each row execute function note_instance();
create constraint trigger firewall_attachments_noted after insert or delete or update on firewall_attachments
  deferrable initially deferred for each row execute function note_attachment();
create constraint trigger firewalls_noted after update of revision, status, effective_rules, applied_instances
  on firewalls deferrable initially deferred for each row
  when (old.revision <> new.revision or old.effective_rules <> new.effective_rules
    or (old.status = 'error') <> (new.status = 'error')
    or (new.status = 'error' and old.applied_instances <> new.applied_instances))
  execute function note_firewall();
`;
