import { sql, type UpdateObject } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DB } from '../../db/schema.gen.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Limits, TIER_LIMITS } from '../../http/rate-limits.ts';
import type { Log } from '../../lib/log.ts';
import { Remembered } from '../remembered.ts';
import { roleRows, rolesOf } from '../teams/members.ts';
import { credentialScopes } from '../teams/roles.ts';
import { Uses } from '../uses.ts';

/** What a request needs to know about its token. */
export interface TokenRecord {
  secretHash: Buffer;
  /** Unix milliseconds. */
  expiresAt: number | null;
  revoked: boolean;
  /** Scopes that its requests have needed so far. */
  usedScopes: Set<string>;
  identity: Identity;
}

/** Keeps tokens for a second, so that a busy client does not cost one query per request. */
export class TokenCache {
  readonly #database: Database;
  readonly #records = new Remembered<number, TokenRecord>();
  readonly #loading = new Map<number, Promise<TokenRecord | null>>();
  readonly #uses: Uses<number>;
  /** Scopes that are about to be written, by token. */
  readonly #noted = new Map<number, string[]>();

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#uses = new Uses(log, 'token');
  }

  /** The token with this id, or null where it has to be loaded. */
  find(id: number, maxAge?: number): TokenRecord | null {
    return this.#records.find(id, maxAge);
  }

  /** Reads the token from the database. */
  load(id: number): Promise<TokenRecord | null> {
    const running = this.#loading.get(id);
    if (running) return running;
    const loading = this.#load(id).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  /** Records the use of a token, in the background and at most once a minute. */
  touch(id: number, ip: string): void {
    this.#uses.touch(id, ip, (lastUse) => this.#write(id, lastUse));
  }

  /** Records that a request has needed a scope of the token, in the background and once. */
  noteScope(id: number, scope: string): void {
    const used = this.#records.findOld(id)?.usedScopes;
    if (!used || used.has(scope)) return;
    used.add(scope);
    const waiting = this.#noted.get(id);
    if (waiting) {
      waiting.push(scope);
      return;
    }
    const scopes = [scope];
    this.#noted.set(id, scopes);
    // One write for all that a request asks for at once, such as whatever it may read.
    const writing = Promise.resolve().then(() => {
      this.#noted.delete(id);
      const used_scopes = sql<string[]>`array(select distinct unnest(used_scopes || ${scopes}::text[]))`;
      return this.#write(id, { used_scopes });
    });
    this.#uses.write(id, writing);
  }

  /** Resolves when no write is pending. */
  settle(): Promise<void> {
    return this.#uses.settle();
  }

  #write(id: number, changes: UpdateObject<DB, 'tokens'>): Promise<unknown> {
    return this.#database.db.updateTable('tokens').set(changes).where('id', '=', id).execute();
  }

  async #load(id: number): Promise<TokenRecord | null> {
    const at = Date.now();
    const row = await this.#database.db
      .selectFrom('tokens as t')
      .innerJoin('users as u', 'u.id', 't.user_id')
      .select([
        't.id',
        't.user_id',
        't.team_id',
        't.secret_hash',
        't.scopes',
        't.expires_at',
        't.revoked_at',
        'u.tier',
        'u.rate_limits',
        'u.operator',
        't.used_scopes',
        roleRows,
      ])
      .where('t.id', '=', id)
      .where('u.disabled_at', 'is', null)
      .executeTakeFirst();
    if (!row) {
      this.#records.delete(id);
      return null;
    }
    const record: TokenRecord = {
      secretHash: row.secret_hash,
      expiresAt: row.expires_at?.getTime() ?? null,
      revoked: row.revoked_at !== null,
      usedScopes: new Set(row.used_scopes),
      identity: {
        accountId: row.user_id,
        via: { kind: 'token', tokenId: row.id },
        scopes: credentialScopes(row.scopes, row),
        limits: (row.rate_limits as unknown as Limits | null) ?? TIER_LIMITS[row.tier]!,
        teamId: row.team_id,
        roles: rolesOf(row),
      },
    };
    this.#records.set(id, record, at);
    return record;
  }
}
