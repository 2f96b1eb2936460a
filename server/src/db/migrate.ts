import { promises as fs } from 'node:fs';
import path from 'node:path';
import { type Kysely, sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import type { DB } from './schema.gen.ts';

const folder = path.join(import.meta.dirname, 'migrations');

/**
 * Migrates the schema to the present version; several processes may do so at once (Kysely takes a lock). Throws an
 * error with a sentence for the operator when a newer Danube wrote the database.
 */
export async function migrate(db: Kysely<DB>): Promise<void> {
  await assertKnownSchema(db);
  const migrator = new Migrator({
    db,
    provider: new FileMigrationProvider({ fs, path, migrationFolder: folder }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/**
 * Throws an error with a sentence for the operator when the database has migrations this Danube does not know. Only
 * reads.
 */
export async function assertKnownSchema(db: Kysely<DB>): Promise<void> {
  const table = await sql<{
    name: string | null;
  }>`select to_regclass('kysely_migration')::text as name`.execute(db);
  if (!table.rows[0]?.name) return;
  const known = new Set((await fs.readdir(folder)).map((file) => file.replace(/\.ts$/, '')));
  const applied = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const unknown = applied.rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `The database was last used by a newer Danube (it knows ${unknown.join(', ')}). ` +
        'Install that version or a later one; nothing was changed.',
    );
  }
}
