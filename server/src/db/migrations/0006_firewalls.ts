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
  -- The instance that it was made together with; null for what the customer made. No quota counts those of instances: one
  -- is deleted when its instance is gone and it is attached to no other.
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

create table firewall_attachments (
  firewall_id uuid not null references firewalls (id) on delete cascade,
  team_id bigint not null references teams (id),
  instance_id uuid not null references instances (id) on delete cascade,
  primary key (firewall_id, instance_id)
);
create index firewall_attachments_instance on firewall_attachments (instance_id);
create index firewall_attachments_team on firewall_attachments (team_id);
`;
