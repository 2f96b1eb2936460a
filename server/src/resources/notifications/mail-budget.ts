import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** Notifications that an account is mailed one by one within {@link WINDOW}. Those after them come together when it is over. */
export const MAILS_AT_ONCE = 20;
/** Milliseconds. */
const WINDOW = 15 * 60_000;

interface Spent {
  since: number;
  count: number;
}

/**
 * How many e-mails accounts may get at once: whoever lets alerts fire again and again, or deletes a thousand keys, fills no
 * mailbox. Only one transaction at a time makes notifications, so nothing is locked.
 */
export class MailBudget {
  readonly #spent: Map<number, Spent>;
  readonly #changed = new Set<number>();
  readonly #now: number;

  private constructor(spent: Map<number, Spent>, now: number) {
    this.#spent = spent;
    this.#now = now;
  }

  static async read(tx: Tx, accountIds: readonly number[], now = Date.now()): Promise<MailBudget> {
    const rows = await tx
      .selectFrom('notification_mails')
      .selectAll()
      .where(sql<boolean>`user_id = any(${accountIds}::bigint[])`)
      .execute();
    const spent = rows.map(
      ({ user_id, since, count }) => [user_id, { since: since.getTime(), count }] as const,
    );
    return new MailBudget(new Map(spent), now);
  }

  /** Counts an e-mail to an account. Null: it may be sent; otherwise the time at which it is to be told with others. */
  take(accountId: number): Date | null {
    const before = this.#spent.get(accountId);
    const isOver = before === undefined || this.#now - before.since >= WINDOW;
    const { since, count } = isOver ? { since: this.#now, count: 0 } : before;
    if (count >= MAILS_AT_ONCE) return new Date(since + WINDOW);
    this.#spent.set(accountId, { since, count: count + 1 });
    this.#changed.add(accountId);
    return null;
  }

  async save(tx: Tx): Promise<void> {
    if (this.#changed.size === 0) return;
    const rows = [...this.#changed].map((user_id) => {
      const { since, count } = this.#spent.get(user_id)!;
      return { user_id, since: new Date(since), count };
    });
    await tx
      .insertInto('notification_mails')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('user_id').doUpdateSet((row) => ({
          since: row.ref('excluded.since'),
          count: row.ref('excluded.count'),
        })),
      )
      .execute();
  }
}
