import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import type { Authenticator } from '../../http/authenticator.ts';
import { readCookie } from '../../http/cookies.ts';
import { addressKey } from '../../http/rate-limits.ts';
import { SECRET, sha256 } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';
import { FairQueue } from '../../lib/fair-queue.ts';
import type { Log } from '../../lib/log.ts';
import { SessionCache } from './session-cache.ts';

/** How many sessions are read from the database at once, for client addresses in turn; half of it for one address. */
const LOADS = 4;

export interface SessionAuthenticator extends Authenticator {
  /** Whether the request has a session's cookie, valid or not. */
  has(request: Parameters<Authenticator['authenticate']>[0]): boolean;
  /** Resolves once pending updates of sessions' last use are written. Call it after the last request. */
  close(): Promise<void>;
}

/** Authenticates requests by the cookie of a session, and records its use. */
export function createSessionAuthenticator(
  config: Config,
  database: Database,
  log: Log,
): SessionAuthenticator {
  const sessions = new SessionCache(database, log);
  const turns = new FairQueue({ slots: LOADS, perKey: LOADS / 2 });
  return {
    has: (request) => readCookie(config, request, 'session') !== null,
    async authenticate(request, { maxAge } = {}) {
      const secret = readCookie(config, request, 'session') ?? '';
      if (!SECRET.test(secret)) throw ended();
      const hash = sha256(secret);
      // What writes must not miss: that the session was ended, or its holder has just given the password again.
      const known = request.method === 'GET' ? sessions.find(hash, maxAge) : null;
      const session = known ?? (await turns.run(addressKey(request.ip), () => sessions.load(hash)));
      if (!session || session.expiresAt <= Date.now()) throw ended();
      sessions.touch(session.identity.via.sessionId, request.ip);
      return session.identity;
    },
    close: () => sessions.settle(),
  };
}

const ended = (): AppError => new AppError('unauthenticated', 'Your session has ended. Sign in again.');
