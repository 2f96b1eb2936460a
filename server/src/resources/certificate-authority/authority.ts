import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { createAuthority, type KeyedCertificate } from '../../lib/pki.ts';

export type AuthorityReader = () => Promise<KeyedCertificate>;

/** Reads the install's certificate authority, creating it on first use. It never changes after that. */
export function createAuthorityReader(database: Database, secrets: SecretBox): AuthorityReader {
  let known: Promise<KeyedCertificate> | null = null;
  return () => {
    known ??= readOrCreate(database, secrets).catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
}

async function readOrCreate(database: Database, secrets: SecretBox): Promise<KeyedCertificate> {
  const present = await read(database, secrets);
  if (present) return present;
  const made = await createAuthority(`Danube certificate authority ${new Date().toISOString().slice(0, 10)}`);
  // Two processes may create one each; the first to write wins.
  await sql`insert into certificate_authorities (certificate, key_sealed)
    values (${made.certificate}, ${secrets.seal(made.key)}) on conflict do nothing`.execute(database.db);
  return (await read(database, secrets))!;
}

async function read(database: Database, secrets: SecretBox): Promise<KeyedCertificate | null> {
  const row = await database.db.selectFrom('certificate_authorities').selectAll().executeTakeFirst();
  return row ? { certificate: row.certificate, key: secrets.open(row.key_sealed) } : null;
}
