import type pg from 'pg';

/** A lock that is held. */
export interface HeldLock {
  /** Aborts when the connection is lost: from then on another process may have the lock. */
  lost: AbortSignal;
  /** Throws where it is lost, which it asks PostgreSQL: a process that was paused may not have been told yet. */
  confirm(): Promise<void>;
}

interface Session {
  client: Promise<pg.PoolClient>;
  ended: AbortController;
  /** The last question; they are asked one after the other. */
  asked: Promise<unknown>;
}

/**
 * Advisory locks that PostgreSQL releases when the process dies. All that a process holds at a time are on one connection of
 * the pool, so that however many there are, the others are for the work.
 */
export class SessionLocks {
  readonly #pool: pg.Pool;
  /** Those that are held or asked for. PostgreSQL would give a session the same lock twice. */
  readonly #names = new Set<string>();
  #session: Session | null = null;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /**
   * Does the work while holding the lock, and resolves to its result; to null, without having begun, where somebody else
   * has the lock. Throws what the work throws.
   */
  async hold<T>(name: string, work: (lock: HeldLock) => Promise<T>): Promise<{ result: T } | null> {
    if (this.#names.has(name)) return null;
    this.#names.add(name);
    this.#session ??= this.#open();
    const session = this.#session;
    try {
      const taken = await this.#ask<{ taken: boolean }>(session, `${TRY_LOCK} as taken`, [name]);
      if (!taken[0]?.taken) return null;
      try {
        const confirm = () => this.#ask(session, 'select 1', []).then(() => undefined);
        return { result: await work({ lost: session.ended.signal, confirm }) };
      } finally {
        // A session that has ended has released it.
        if (!session.ended.signal.aborted) await this.#ask(session, UNLOCK, [name]).catch(() => undefined);
      }
    } finally {
      this.#names.delete(name);
      if (this.#names.size === 0) await this.#close();
    }
  }

  #open(): Session {
    const ended = new AbortController();
    const session: Session = { client: this.#pool.connect(), ended, asked: Promise.resolve() };
    const end = () => this.#end(session);
    session.client.then((client) => {
      for (const event of ['error', 'end'] as const) {
        client.once(event, end);
        // The next borrower has listeners of his own.
        ended.signal.addEventListener('abort', () => client.off(event, end));
      }
    }, end);
    return session;
  }

  /** What could not be asked leaves open who has the locks: the session ends, and PostgreSQL releases them. */
  async #ask<Row extends pg.QueryResultRow>(
    session: Session,
    text: string,
    values: string[],
  ): Promise<Row[]> {
    const ask = async () => {
      session.ended.signal.throwIfAborted();
      return (await (await session.client).query<Row>(text, values)).rows;
    };
    try {
      const answer = session.asked.then(ask, ask);
      session.asked = answer;
      return await answer;
    } catch (error) {
      this.#end(session);
      throw error;
    }
  }

  #end(session: Session): void {
    if (this.#session === session) this.#session = null;
    if (session.ended.signal.aborted) return;
    session.ended.abort(new Error('Connection terminated: the locks on it are lost.'));
    session.client.then(
      (client) => client.release(true),
      () => undefined,
    );
  }

  /** Gives the connection back, once no lock is left. */
  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    const client = await session?.client;
    if (!client || session?.ended.signal.aborted) return;
    session?.ended.abort();
    client.release();
  }
}

const TRY_LOCK = 'select pg_try_advisory_lock(hashtext($1))';
const UNLOCK = 'select pg_advisory_unlock(hashtext($1))';
