import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { Notifications } from '../../db/schema.gen.ts';
import { offsetOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { readableTypes } from '../../http/scopes.ts';
import { notFound } from '../../lib/errors.ts';
import { UUID } from '../../lib/ids.ts';
import { titleOf } from './letters.ts';
import type { NotificationQuery } from './schema.ts';

type Row = Selectable<Notifications>;

/** The notifications of an account in a team. Each principal sees those about what its token may read. */
export class NotificationService {
  readonly #db: Queryable;
  readonly #url: string;

  constructor({ db }: Database, publicUrl: string) {
    this.#db = db;
    this.#url = `${publicUrl}/api/v1/notifications`;
  }

  async list(principal: TeamPrincipal, query: NotificationQuery) {
    const { category, page, per_page } = query;
    const isUnread = query.unread === '1' || query.unread === 'true';
    const wanted = this.#db
      .selectFrom('notifications')
      .where(visible(principal))
      .$if(category !== undefined, (all) => all.where('category', '=', category!))
      .$if(isUnread, (all) => all.where('read_at', 'is', null));
    const [rows, { total }, unread_count] = await Promise.all([
      wanted.selectAll().orderBy('event_position', 'desc').limit(per_page).offset(offsetOf(query)).execute(),
      wanted.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
      this.countUnread(principal),
    ]);
    const last_page = Math.max(1, Math.ceil(total / per_page));
    return {
      data: rows.map(view),
      current_page: page,
      last_page,
      per_page,
      total,
      next_page_url: page < last_page ? this.#pageUrl(query, page + 1) : null,
      unread_count,
    };
  }

  async countUnread(principal: TeamPrincipal): Promise<number> {
    const { count } = await this.#db
      .selectFrom('notifications')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where(visible(principal))
      .where('read_at', 'is', null)
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Marks one as read; throws `not_found`. */
  async markRead(tx: Tx, principal: TeamPrincipal, id: string) {
    const row = UUID.test(id)
      ? await tx
          .updateTable('notifications')
          .set({ read_at: sql`coalesce(read_at, now())`, updated_at: sql`now()` })
          .where('id', '=', id)
          .where(visible(principal))
          .returningAll()
          .executeTakeFirst()
      : undefined;
    if (!row) throw notFound('Notification');
    return view(row);
  }

  /** Marks all as read. Returns how many were not. */
  async markAllRead(tx: Tx, principal: TeamPrincipal): Promise<number> {
    const { numUpdatedRows } = await tx
      .updateTable('notifications')
      .set({ read_at: sql`now()`, updated_at: sql`now()` })
      .where(visible(principal))
      .where('read_at', 'is', null)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** Takes one off the list; throws `not_found`. */
  async delete(tx: Tx, principal: TeamPrincipal, id: string): Promise<void> {
    const { numUpdatedRows } = UUID.test(id)
      ? await tx
          .updateTable('notifications')
          // A digest may still be due.
          .set({ listed: false, updated_at: sql`now()` })
          .where('id', '=', id)
          .where(visible(principal))
          .executeTakeFirst()
      : { numUpdatedRows: 0n };
    if (numUpdatedRows === 0n) throw notFound('Notification');
  }

  #pageUrl({ per_page, category, unread }: NotificationQuery, page: number): string {
    const query = new URLSearchParams({ page: String(page), per_page: String(per_page) });
    if (category !== undefined) query.set('category', category);
    if (unread !== undefined) query.set('unread', unread);
    return `${this.#url}?${query}`;
  }
}

/** Of an alert, what it watches. */
const SUBJECT = sql`case when resource_type = 'alert' then payload ->> 'resource_type' else resource_type end`;

/** The condition for the principal's notifications in its team, about what its token may read. */
function visible({ accountId, team, scopes }: TeamPrincipal): RawBuilder<SqlBool> {
  return sql<SqlBool>`user_id = ${accountId} and team_id = ${team.id} and listed
    and ${SUBJECT} = any(${readableTypes(scopes)}::text[])`;
}

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

const view = (row: Row) => ({
  id: row.id,
  type: row.event_type,
  notifiable_type: 'user' as const,
  notifiable_id: row.user_id,
  data: {
    title: titleOf(row, row.resource_name),
    message: row.message,
    event_id: row.event_position,
    event_type: row.event_type,
    resource_name: row.resource_name,
    payload: row.payload as Record<string, unknown>,
  },
  category: row.category,
  severity: row.severity as 'info' | 'warning' | 'critical',
  team_id: row.team_id,
  resource_type: row.resource_type,
  resource_id: row.resource_id,
  read_at: time(row.read_at),
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});
