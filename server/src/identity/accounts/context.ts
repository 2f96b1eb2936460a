import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { readCookie, setCookie } from '../../http/cookies.ts';
import { ownOrigin } from '../../http/origin.ts';
import { AppError } from '../../lib/errors.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { SESSION_DAYS } from '../sessions/store.ts';
import type { Attempts } from './attempts.ts';
import type { Passkeys, Site } from './passkeys.ts';
import type { Provider } from './provider.ts';
import type { AccountService } from './service.ts';
import type { Client, SignIn, SignInService } from './sign-in.ts';
import type { TwoFactor } from './two-factor.ts';

/** What the routes of accounts work with. */
export interface AccountContext {
  config: Config;
  database: Database;
  mail: Mailer;
  attempts: Attempts;
  accounts: AccountService;
  signIns: SignInService;
  twoFactor: TwoFactor;
  passkeys: Passkeys;
  /** Null: there is none. */
  provider: Provider | null;
}

/** For routes that need no credential: they are for pages of this install, and programs. */
export const forAnybody = {
  public: true,
  setsCookie: true,
  errors: ['validation_failed', 'origin_mismatch', 'rate_limited', 'unavailable'],
} as const;

/** For routes that somebody must have signed in for. */
export const ofSession = { scope: null, team: 'none', session: true } as const;

/** Who signs in. */
export const clientOf = (config: Config, request: FastifyRequest): Client => ({
  ip: request.ip,
  requestId: request.id,
  userAgent: request.headers['user-agent'],
  session: readCookie(config, request, 'session'),
});

export const askingOf = ({ ip, id }: FastifyRequest) => ({ ip, requestId: id });

/** The answer to a sign-in, with the cookie of a session that has begun. */
export function answerSignIn(config: Config, request: FastifyRequest, reply: FastifyReply, result: SignIn) {
  if (result.status === 'two_factor_required')
    return { status: result.status, account_id: null, challenge: result.challenge };
  setCookie(config, request, reply, 'session', {
    value: result.sessionSecret,
    seconds: SESSION_DAYS * 86_400,
  });
  return { status: result.status, account_id: result.accountId, challenge: null };
}

/** Whether passkeys are possible there: browsers bind them to a host name, and make none for an IP address. */
export const canHavePasskeys = (origin: string): boolean => {
  const { hostname } = new URL(origin);
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
};

/** Where passkeys are made and used. Throws `not_available` at an IP address. */
export function siteOf(config: Config, request: FastifyRequest): Site {
  const origin = ownOrigin(config, request);
  if (!canHavePasskeys(origin)) {
    throw new AppError(
      'not_available',
      'Browsers make no passkeys for an IP address. Use the host name of this install.',
    );
  }
  return { origin, host: new URL(origin).hostname };
}
