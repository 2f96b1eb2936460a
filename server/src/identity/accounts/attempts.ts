import { sql } from 'kysely';
import type { Database, Queryable } from '../../db/database.ts';
import { addressKey } from '../../http/rate-limits.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';

/** How often something may be tried within a while. */
export interface AttemptLimit {
  /** What is counted; part of the key. */
  name: string;
  count: number;
  minutes: number;
}

/**
 * Limits of guessing. By account, so that many addresses together get no further; by address, so that one cannot try a
 * password on many accounts. A sign-in that succeeds takes back its own attempts.
 */
export const LIMITS = {
  passwordOfAccount: { name: 'password of account', count: 10, minutes: 15 },
  passwordFromAddress: { name: 'password from address', count: 50, minutes: 15 },
  codeOfAccount: { name: 'code of account', count: 10, minutes: 15 },
  passkeyFromAddress: { name: 'passkey from address', count: 100, minutes: 15 },
  linkFromAddress: { name: 'link from address', count: 50, minutes: 15 },
  mailToAddress: { name: 'mail to address', count: 3, minutes: 15 },
  mailFromAddress: { name: 'mail from address', count: 20, minutes: 15 },
  registerFromAddress: { name: 'registration from address', count: 20, minutes: 60 },
  providerFromAddress: { name: 'provider from address', count: 100, minutes: 15 },
} as const satisfies Record<string, AttemptLimit>;

/** Counts attempts in the database, so that all server processes count together and a restart forgets nothing. */
export class Attempts {
  readonly #database: Database;
  readonly #secrets: SecretBox;

  constructor(database: Database, secrets: SecretBox) {
    this.#database = database;
    this.#secrets = secrets;
  }

  /**
   * Counts an attempt before it is made, so that attempts at the same time count as well. Throws `rate_limited` where
   * there were too many. `who` may be anything, and exists or not.
   */
  async take(limit: AttemptLimit, who: string): Promise<void> {
    if (await this.tryTake(limit, who)) return;
    const row = await this.#database.db
      .selectFrom('attempts')
      .select(sql<number>`greatest(1, ceil(extract(epoch from until - now())))::integer`.as('seconds'))
      .where('key', '=', this.#key(limit, who))
      .executeTakeFirst();
    const seconds = row?.seconds ?? 1;
    throw new AppError('rate_limited', `Too many attempts. Try again in ${inWords(seconds)}.`, {
      extra: { retry_after: seconds },
    });
  }

  /** Counts an attempt. Returns false where there were too many already. */
  async tryTake({ count, minutes, ...limit }: AttemptLimit, who: string): Promise<boolean> {
    const result = await sql<{ count: number }>`
      insert into attempts as a (key, count, until)
      values (${this.#key(limit, who)}, 1, now() + make_interval(mins => ${minutes}))
      on conflict (key) do update set
        count = case when a.until <= now() then 1 else least(a.count + 1, ${count + 1}) end,
        until = case when a.until <= now() then excluded.until else a.until end
      returning count`.execute(this.#database.db);
    return result.rows[0]!.count <= count;
  }

  /** The same by a client's address; of IPv6 its /64. */
  takeFrom(limit: AttemptLimit, ip: string): Promise<void> {
    return this.take(limit, addressKey(ip));
  }

  /** Forgets the attempts, after one that succeeded. */
  async forget(db: Queryable, limit: AttemptLimit, who: string): Promise<void> {
    await db.deleteFrom('attempts').where('key', '=', this.#key(limit, who)).execute();
  }

  /** Takes back one attempt that succeeded, and none of the others. */
  async giveBack(db: Queryable, limit: AttemptLimit, who: string): Promise<void> {
    await db
      .updateTable('attempts')
      .set({ count: sql`greatest(count - 1, 0)` })
      .where('key', '=', this.#key(limit, who))
      .execute();
  }

  #key({ name }: Pick<AttemptLimit, 'name'>, who: string): Buffer {
    return this.#secrets.fingerprint(`attempts\n${name}\n${who.toLowerCase()}`);
  }
}

/** Deletes counts whose time is over. */
export async function purgeAttempts(db: Queryable): Promise<void> {
  await db.deleteFrom('attempts').where('until', '<=', sql<Date>`now()`).execute();
}

const inWords = (seconds: number): string =>
  seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
