import { sql, type UpdateObject } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DB } from '../../db/schema.gen.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Limits, TIER_LIMITS } from '../../http/rate-limits.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { roleRows, rolesOf } from '../teams/members.ts';
import { credentialScopes } from '../teams/roles.ts';

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

/** How long a cached record is used, in milliseconds; a revoked token still works for that time. */
const MAX_AGE = 1_000;
const TOUCH_INTERVAL = 60_000;
const MAX_ENTRIES = 10_000;

/** Caches tokens for a second, so that a busy client does not cost one query per request. */
export class TokenCache {
  readonly #database: Database;
  readonly #log: Log;
  readonly #records = new Map<number, { record: TokenRecord; at: number }>();
  readonly #loading = new Map<number, Promise<TokenRecord | null>>();
  readonly #touched = new Map<number, number>();
  readonly #writes = new Set<Promise<void>>();

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /** The token with this id, or null where it has to be loaded. */
  find(id: number): TokenRecord | null {
    const known = this.#records.get(id);
    return known && Date.now() - known.at < MAX_AGE ? known.record : null;
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
    const now = Date.now();
    if (now - (this.#touched.get(id) ?? 0) < TOUCH_INTERVAL) return;
    setBounded(this.#touched, id, now);
    this.#write(id, { last_used_at: sql<Date>`now()`, last_used_ip: ip.replace(/%.*$/, '') });
  }

  /** Records that a request has needed a scope of the token, in the background and once. */
  noteScope(id: number, scope: string): void {
    const used = this.#records.get(id)?.record.usedScopes;
    if (!used || used.has(scope)) return;
    used.add(scope);
    this.#write(id, {
      used_scopes: sql<string[]>`case when ${scope} = any(used_scopes) then used_scopes
        else array_append(used_scopes, ${scope}) end`,
    });
  }

  #write(id: number, changes: UpdateObject<DB, 'tokens'>): void {
    const write = this.#database.db
      .updateTable('tokens')
      .set(changes)
      .where('id', '=', id)
      .execute()
      .then(
        () => {},
        (error: unknown) => logFailure(this.#log, error, 'use of a token not written', { token: id }),
      )
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  /** Resolves when no write is pending. */
  async settle(): Promise<void> {
    await Promise.all(this.#writes);
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
    setBounded(this.#records, id, { record, at });
    return record;
  }
}

/** Maps iterate in insertion order, so the first key is the oldest. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  if (map.size >= MAX_ENTRIES) map.delete(map.keys().next().value!);
  map.set(key, value);
}
