import { type Kysely, sql } from 'kysely';

/** What the instance of the object store was made from, and how buckets were when they were last compared. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Incremented by each replacement of the instance, and a hash of all that it was made from; null: not known.
alter table object_store add generation integer not null default 1, add made_from text;
-- The store's version of the bucket's settings when they were last compared; null: compare them.
alter table buckets add compared_version text, add compared_at timestamptz;
create index buckets_compared on buckets (compared_at nulls first) where status = 'active';
`;
