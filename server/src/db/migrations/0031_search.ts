import { type Kysely, sql } from 'kysely';

/** Names can be searched for any part of them. The extension comes with PostgreSQL, and the owner of a database may add it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create extension if not exists pg_trgm;
create index instances_name_parts on instances using gin (name gin_trgm_ops);
create index instances_lower_name on instances (team_id, lower(name));
create index firewalls_name_parts on firewalls using gin (name gin_trgm_ops);
create index snapshots_name_parts on snapshots using gin (name gin_trgm_ops);
`;
