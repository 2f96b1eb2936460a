import type { Database } from '../../db/database.ts';
import type { AuthenticatedRequest, AuthenticationOptions, Identity } from '../../http/authenticator.ts';
import type { Credential } from '../../http/principal.ts';
import { addressKey } from '../../http/rate-limits.ts';
import { equalBytes, sha256 } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';
import { FairQueue } from '../../lib/fair-queue.ts';
import type { Log } from '../../lib/log.ts';
import { revoked } from './service.ts';
import { TokenCache } from './token-cache.ts';

/** `Bearer ID|SECRET`; the scheme is case-insensitive (RFC 9110, section 11.1). */
const HEADER = /^bearer +([1-9][0-9]{0,14})\|([\x21-\x7e]{1,200})$/i;

/** How many tokens are read from the database at once, for client addresses in turn; half of it for one address. */
const LOADS = 4;

export interface TokenAuthenticator {
  /** See `Authenticator`. */
  authenticate(
    request: Pick<AuthenticatedRequest, 'headers' | 'ip'>,
    options?: AuthenticationOptions,
  ): Promise<Identity>;
  /** See `Authenticator`. */
  noteScope(via: Credential, scope: string): void;
  /** Resolves once pending updates of tokens' last use are written. Call it after the last request. */
  close(): Promise<void>;
}

/** Authenticates requests by the token in their `Authorization` header, and records its use. */
export function createTokenAuthenticator(database: Database, log: Log): TokenAuthenticator {
  const tokens = new TokenCache(database, log);
  const turns = new FairQueue({ slots: LOADS, perKey: LOADS / 2 });
  return {
    async authenticate({ headers, ip }, { maxAge } = {}) {
      const { id, secret } = credentialOf(headers.authorization);
      const load = () => turns.run(addressKey(ip), () => tokens.load(id));
      const cached = tokens.find(id, maxAge);
      // Another request of the token may have read it meanwhile.
      const token =
        cached ?? (await turns.run(addressKey(ip), async () => tokens.find(id, maxAge) ?? tokens.load(id)));
      if (!token || !equalBytes(token.secretHash, sha256(secret))) {
        // Takes as long for an unknown or cached id as for any other, so that timing does not reveal which ids exist.
        if (cached) await load();
        throw unauthenticated('This API token is not valid. Check that it was copied whole.');
      }
      if (token.revoked) throw revoked();
      if (token.expiresAt !== null && token.expiresAt <= Date.now()) {
        throw unauthenticated('This API token has expired. Make a new one.');
      }
      tokens.touch(id, ip);
      return token.identity;
    },
    noteScope(via, scope) {
      if (via.kind === 'token') tokens.noteScope(via.tokenId, scope);
    },
    close: () => tokens.settle(),
  };
}

function credentialOf(header: string | undefined): { id: number; secret: string } {
  if (header === undefined) {
    throw unauthenticated('This request needs an API token. Send it as: Authorization: Bearer ID|SECRET.');
  }
  const match = HEADER.exec(header);
  if (!match) throw unauthenticated('The Authorization header must be: Bearer ID|SECRET.');
  return { id: Number(match[1]), secret: match[2]! };
}

const unauthenticated = (message: string): AppError => new AppError('unauthenticated', message);
