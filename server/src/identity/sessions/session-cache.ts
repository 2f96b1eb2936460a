import type { Database } from '../../db/database.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Limits, TIER_LIMITS } from '../../http/rate-limits.ts';
import { SCOPES } from '../../http/scopes.ts';
import type { Log } from '../../lib/log.ts';
import { Remembered } from '../remembered.ts';
import { roleRows, rolesOf } from '../teams/members.ts';
import { credentialScopes } from '../teams/roles.ts';
import { Uses } from '../uses.ts';
import { isAlive } from './store.ts';

/** What a request needs to know about its session. */
export interface SessionRecord {
  /** Unix milliseconds. */
  expiresAt: number;
  identity: Identity & { via: { kind: 'session' } };
}

/** Keeps sessions for a second, so that a page with many requests does not cost a query for each. */
export class SessionCache {
  readonly #database: Database;
  readonly #records = new Remembered<string, SessionRecord>();
  readonly #uses: Uses<string>;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#uses = new Uses(log, 'session');
  }

  /** The session whose secret has this hash, or null where it has to be loaded. */
  find(hash: Buffer, maxAge?: number): SessionRecord | null {
    return this.#records.find(hash.toString('hex'), maxAge);
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
    this.#records.set(hash.toString('hex'), record, at);
    return record;
  }

  /** Records the use of a session, in the background and at most once a minute. */
  touch(id: string, ip: string): void {
    this.#uses.touch(id, ip, (lastUse) =>
      this.#database.db.updateTable('sessions').set(lastUse).where('id', '=', id).execute(),
    );
  }

  /** Resolves when no write is pending. */
  settle(): Promise<void> {
    return this.#uses.settle();
  }
}
