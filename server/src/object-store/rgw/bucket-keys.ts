import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import type { SecretBox } from '../../lib/crypto.ts';

/** The keys of buckets, 32 bytes each, by the gateway's name for the bucket. */
export interface BucketKeys {
  /** Makes the key where it is missing. */
  ensure(name: string): Promise<void>;
  find(name: string): Promise<Buffer | null>;
}

/** Keys that are kept in memory, because every object that is read or written needs one. */
const KEPT = 10_000;

/** Keeps the keys in the database, sealed in the secret box. A key never changes, and is never deleted. */
export function createBucketKeys({ db }: Database, secrets: SecretBox): BucketKeys {
  const known = new Map<string, Buffer>();
  return {
    async ensure(name) {
      await db
        .insertInto('object_store_keys')
        .values({ name, key_sealed: secrets.seal(randomBytes(32).toString('base64')) })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
    },
    async find(name) {
      const kept = known.get(name);
      if (kept) return kept;
      const row = await db
        .selectFrom('object_store_keys')
        .select('key_sealed')
        .where('name', '=', name)
        .executeTakeFirst();
      if (!row) return null;
      const key = Buffer.from(secrets.open(row.key_sealed), 'base64');
      if (known.size >= KEPT) known.clear();
      known.set(name, key);
      return key;
    },
  };
}
