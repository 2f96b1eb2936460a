import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Limits, TIER_LIMITS } from '../../http/rate-limits.ts';
import { SCOPES } from '../../http/scopes.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { roleRows, rolesOf } from '../teams/members.ts';
import { credentialScopes } from '../teams/roles.ts';
import { setBounded } from '../tokens/token-cache.ts';
import { isAlive } from './store.ts';

/** What a request needs to know about its session. */
export interface SessionRecord {
  /** Unix milliseconds. */
  expiresAt: number;
  identity: Identity & { via: { kind: 'session' } };
}

/** How long reads use a record, in milliseconds: for so long, a session that was ended can still read. */
const MAX_AGE = 1_000;
const TOUCH_INTERVAL = 60_000;

/** Caches sessions for a second, so that a page with many requests does not cost a query for each. */
export class SessionCache {
  readonly #database: Database;
  readonly #log: Log;
  readonly #records = new Map<string, { record: SessionRecord; at: number }>();
  readonly #touched = new Map<string, number>();
  readonly #writes = new Set<Promise<void>>();

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /** The session whose secret has this hash, or null where it has to be loaded. */
  find(hash: Buffer): SessionRecord | null {
    const known = this.#records.get(hash.toString('hex'));
    return known && Date.now() - known.at < MAX_AGE ? known.record : null;
  }

  /** Reads the session from the database; null where it has ended or never was. */
  async load(hash: Buffer): Promise<SessionRecord | null> {
    const at = Date.now();
    const row = await this.#database.db
      .selectFrom('sessions as s')
      .innerJoin('users as u', 'u.id', 's.user_id')
      .select(['s.id', 's.user_id', 's.team_id', 's.expires_at', 's.proved_at'])
      .select(['u.tier', 'u.rate_limits', 'u.operator', roleRows])
      .where('s.secret_hash', '=', hash)
      .where('u.disabled_at', 'is', null)
      .where(isAlive('s'))
      .executeTakeFirst();
    if (!row) {
      this.#records.delete(hash.toString('hex'));
      return null;
    }
    const record: SessionRecord = {
      expiresAt: row.expires_at.getTime(),
      identity: {
        accountId: row.user_id,
        via: { kind: 'session', sessionId: row.id, provedAt: row.proved_at.getTime() },
        scopes: credentialScopes(SCOPES, row),
        limits: (row.rate_limits as unknown as Limits | null) ?? TIER_LIMITS[row.tier]!,
        teamId: row.team_id,
        roles: rolesOf(row),
      },
    };
    setBounded(this.#records, hash.toString('hex'), { record, at });
    return record;
  }

  /** Records the use of a session, in the background and at most once a minute. */
  touch(id: string, ip: string): void {
    const now = Date.now();
    if (now - (this.#touched.get(id) ?? 0) < TOUCH_INTERVAL) return;
    setBounded(this.#touched, id, now);
    const write = this.#database.db
      .updateTable('sessions')
      .set({ last_used_at: sql`now()`, last_used_ip: ip.replace(/%.*$/, '') })
      .where('id', '=', id)
      .execute()
      .then(
        () => {},
        (error: unknown) =>
          logFailure(this.#log, error, 'last use of a session not written', { session: id }),
      )
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  /** Resolves when no write is pending. */
  async settle(): Promise<void> {
    await Promise.all(this.#writes);
  }
}
