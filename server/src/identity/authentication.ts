import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Authenticator } from '../http/authenticator.ts';
import type { Log } from '../lib/log.ts';
import { createSessionAuthenticator } from './sessions/authentication.ts';
import { createTokenAuthenticator } from './tokens/authentication.ts';

export interface ServerAuthenticator extends Authenticator {
  /** Resolves once pending updates of last uses are written. Call it after the last request. */
  close(): Promise<void>;
}

/**
 * Authenticates requests by the token in their `Authorization` header, and those without that header by the cookie of
 * their session.
 */
export function createAuthenticator(config: Config, database: Database, log: Log): ServerAuthenticator {
  const tokens = createTokenAuthenticator(database, log);
  const sessions = createSessionAuthenticator(config, database, log);
  return {
    authenticate: (request, options) =>
      (request.headers.authorization === undefined && sessions.has(request) ? sessions : tokens).authenticate(
        request,
        options,
      ),
    noteScope: (via, scope) => tokens.noteScope(via, scope),
    async close() {
      await Promise.all([tokens.close(), sessions.close()]);
    },
  };
}
