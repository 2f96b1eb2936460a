import { sql } from 'kysely';
import type { Database, Queryable } from '../../db/database.ts';
import { randomSecret, type SecretBox, sha256 } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';

/** A sign-in or confirmation of several steps. */
export type CeremonyKind = 'two-factor' | 'passkey-sign-in' | 'passkey-confirm' | 'passkey-add' | 'provider';

export interface NewCeremony<T> {
  kind: CeremonyKind;
  accountId?: number;
  sessionId?: string;
  data: T;
}

export interface Ceremony<T> {
  accountId: number | null;
  sessionId: string | null;
  data: T;
}

const MINUTES = 10;
/** How many wrong answers one takes. */
const MAX_TRIES = 5;

/** Keeps what the next step of a sign-in needs. Its secret is what the client shows in that step. */
export class Ceremonies {
  readonly #database: Database;
  readonly #secrets: SecretBox;

  constructor(database: Database, secrets: SecretBox) {
    this.#database = database;
    this.#secrets = secrets;
  }

  /** Begins one. Returns its secret. */
  async begin<T>(db: Queryable, { kind, accountId, sessionId, data }: NewCeremony<T>): Promise<string> {
    const secret = randomSecret();
    await db
      .insertInto('ceremonies')
      .values({
        secret_hash: sha256(secret),
        kind,
        user_id: accountId ?? null,
        session_id: sessionId ?? null,
        data_sealed: this.#secrets.seal(JSON.stringify(data)),
        expires_at: sql<Date>`now() + make_interval(mins => ${sql.lit(MINUTES)})`,
      })
      .execute();
    return secret;
  }

  /**
   * Counts a try and returns what was kept. In a transaction that fails, it does not count. Throws `sign_in_failed` where it has expired, was
   * tried too often, or has ended.
   */
  async attempt<T>(
    kind: CeremonyKind,
    secret: string,
    db: Queryable = this.#database.db,
  ): Promise<Ceremony<T>> {
    const row = await db
      .updateTable('ceremonies')
      .set({ tries: sql`tries + 1` })
      .where('secret_hash', '=', sha256(secret))
      .where('kind', '=', kind)
      .where('tries', '<', MAX_TRIES)
      .where('expires_at', '>', sql<Date>`now()`)
      .returning(['user_id', 'session_id', 'data_sealed'])
      .executeTakeFirst();
    if (!row) throw expired();
    return {
      accountId: row.user_id,
      sessionId: row.session_id,
      data: JSON.parse(this.#secrets.open(row.data_sealed)) as T,
    };
  }

  /** Ends one. Of two at once, one succeeds; throws `sign_in_failed` for the other. */
  async end(db: Queryable, secret: string): Promise<void> {
    const { numDeletedRows } = await db
      .deleteFrom('ceremonies')
      .where('secret_hash', '=', sha256(secret))
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw expired();
  }
}

/** Deletes those that were not ended in time. */
export async function purgeCeremonies(db: Queryable): Promise<void> {
  await db.deleteFrom('ceremonies').where('expires_at', '<=', sql<Date>`now()`).execute();
}

const expired = (): AppError =>
  new AppError('sign_in_failed', 'This took too long, or failed too often. Begin again.');
