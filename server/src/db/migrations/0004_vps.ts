import { type Kysely, sql } from 'kysely';

/** Servers, and their price list. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table vps (
  id uuid primary key references instances (id) on delete cascade,
  cpu_allocation_type text not null,
  image text not null,
  auth_method text not null check (auth_method in ('ssh_key', 'password')),
  ssh_key_id bigint references ssh_keys (id) on delete set null,
  -- The key as it was when chosen: deleting an SSH key does not lock a later reinstall out.
  authorized_key text,
  password_sealed bytea not null,
  network_stack text not null check (network_stack in ('ipv4_only', 'ipv6_only', 'dual_stack')),
  -- Customers put secrets into it.
  custom_cloud_init_sealed bytea,
  auto_start boolean not null default true,
  backup_enabled boolean not null default false,
  monitoring_enabled boolean not null default true
);

-- Seeds of the price list (contract notes, "Plans"); the operator may edit them.
insert into plans (kind, name, vcpu, memory_mb, disk_gb, price_cents, cpu_allocation_type, position) values
  ('vps', 'pico_shared',    1,  1024,  20,   299, 'shared',     1),
  ('vps', 'nano_shared',    2,  2048,  40,   449, 'shared',     2),
  ('vps', 'micro_shared',   3,  4096,  60,   749, 'shared',     3),
  ('vps', 'small_shared',   4,  8192, 160,  1249, 'shared',     4),
  ('vps', 'medium_shared',  8, 16384, 320,  2499, 'shared',     5),
  ('vps', 'large_shared',  16, 32768, 640,  4999, 'shared',     6),
  ('vps', 'nano',           1,  2048,  40,   899, 'dedicated',  7),
  ('vps', 'micro',          2,  4096,  80,  1499, 'dedicated',  8),
  ('vps', 'small',          2,  8192, 160,  2499, 'dedicated',  9),
  ('vps', 'medium',         4, 16384, 320,  4999, 'dedicated', 10),
  ('vps', 'large',          8, 32768, 640,  9999, 'dedicated', 11),
  ('vps', 'xlarge',        16, 65536, 960, 19999, 'dedicated', 12);
`;
