import type { Database, Tx } from '../../db/database.ts';
import { addressKey } from '../../http/rate-limits.ts';
import { sha256 } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';
import { recordAudit } from '../audit/record.ts';
import { createSession, type SignInMethod } from '../sessions/store.ts';
import { type Attempts, LIMITS } from './attempts.ts';
import type { Ceremonies } from './ceremonies.ts';
import { verifyPassword } from './passwords.ts';
import { type Account, findAccount, findByEmail, lockAccount } from './store.ts';
import type { TwoFactor } from './two-factor.ts';

/** The browser or program that signs in. */
export interface Client {
  ip: string;
  requestId: string;
  userAgent: string | undefined;
  /** The secret of a session that it has already, which ends with a new one. */
  session: string | null;
}

/** A session has begun, or a code is asked for first. */
export type SignIn =
  | { status: 'signed_in'; accountId: number; sessionSecret: string }
  | { status: 'two_factor_required'; challenge: string };

export interface SignInParts {
  database: Database;
  attempts: Attempts;
  ceremonies: Ceremonies;
  twoFactor: TwoFactor;
}

/** Signs people in. Neither its answers nor the work that it does tell whether an account exists. */
export class SignInService {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /** By password. Throws `sign_in_failed` and `rate_limited`. */
  async byPassword(email: string, password: string, client: Client): Promise<SignIn> {
    const { database, attempts } = this.#parts;
    await attempts.takeFrom(LIMITS.passwordFromAddress, client.ip);
    await attempts.take(LIMITS.passwordOfAccount, email);
    const account = await findByEmail(database.db, email);
    return this.audited('password', client, { accountId: account?.id ?? null, email }, async () => {
      const isRight = await verifyPassword(password, account?.password_hash ?? null, addressKey(client.ip));
      if (!account || !isRight) throw wrongPassword();
      return database.transaction(async (tx) => {
        const result = await this.proceed(tx, account.id, 'password', client, account.password_hash);
        await attempts.forget(tx, LIMITS.passwordOfAccount, email);
        await attempts.giveBack(tx, LIMITS.passwordFromAddress, addressKey(client.ip));
        return result;
      });
    });
  }

  /** By a code, after {@link byPassword} or a provider. Throws `sign_in_failed` and `rate_limited`. */
  async byCode(challenge: string, code: string, client: Client): Promise<SignIn> {
    const { database, attempts, ceremonies, twoFactor } = this.#parts;
    const { accountId, data } = await ceremonies.attempt<{ method: SignInMethod }>('two-factor', challenge);
    const id = accountId!;
    await attempts.take(LIMITS.codeOfAccount, String(id));
    return this.audited(data.method, client, { accountId: id }, () =>
      database.transaction(async (tx) => {
        await lockForSignIn(tx, id);
        if ((await twoFactor.use(tx, id, code)) === null) throw wrongCode();
        await ceremonies.end(tx, challenge);
        await attempts.forget(tx, LIMITS.codeOfAccount, String(id));
        return this.#begin(tx, id, data.method, client);
      }),
    );
  }

  /**
   * Goes on with somebody who has been identified: begins a session, or asks for a code. `passwordHash` is what the
   * password was compared with: it may have been replaced since. Throws `sign_in_failed`.
   */
  async proceed(
    tx: Tx,
    accountId: number,
    method: SignInMethod,
    client: Client,
    passwordHash?: string | null,
  ): Promise<SignIn> {
    const account = await lockForSignIn(tx, accountId);
    if (passwordHash !== undefined && account.password_hash !== passwordHash) throw wrongPassword();
    // A passkey is two factors already: the device, and what unlocks it.
    if (account.totp_enabled_at === null || method === 'passkey')
      return this.#begin(tx, accountId, method, client);
    const challenge = await this.#parts.ceremonies.begin(tx, {
      kind: 'two-factor',
      accountId,
      data: { method },
    });
    return { status: 'two_factor_required', challenge };
  }

  /** Compares the password of somebody who is signed in. Throws `sign_in_failed` and `rate_limited`. */
  async checkPassword(accountId: number, password: string, ip: string): Promise<void> {
    const { database, attempts } = this.#parts;
    const account = await findAccount(database.db, accountId);
    const email = account?.email ?? '';
    await attempts.take(LIMITS.passwordOfAccount, email);
    if (!(await verifyPassword(password, account?.password_hash ?? null, addressKey(ip))))
      throw new AppError('sign_in_failed', 'The password is wrong.');
    await attempts.forget(database.db, LIMITS.passwordOfAccount, email);
  }

  /** Begins a session. Its secret is always a new one, so nobody can have planted it before. */
  async #begin(tx: Tx, accountId: number, method: SignInMethod, client: Client): Promise<SignIn> {
    if (client.session !== null)
      await tx.deleteFrom('sessions').where('secret_hash', '=', sha256(client.session)).execute();
    const { ip, userAgent, requestId } = client;
    const { id, secret } = await createSession(tx, { accountId, method, ip, userAgent });
    await recordAudit(tx, {
      actor: { accountId, via: { kind: 'session', sessionId: id, provedAt: Date.now() }, address: ip },
      teamId: null,
      action: 'signIn',
      resource: { type: 'account', id: String(accountId) },
      after: { method },
      requestId,
    });
    return { status: 'signed_in', accountId, sessionSecret: secret };
  }

  /** Signs somebody in by `work`, and notes it in the audit log where that fails. */
  async audited<T>(
    method: SignInMethod,
    { ip, requestId }: Client,
    { accountId = null, email }: { accountId?: number | null; email?: string },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError && error.code === 'sign_in_failed') {
        await recordAudit(this.#parts.database.db, {
          actor: { accountId: null, via: null, address: ip },
          teamId: null,
          action: 'signIn',
          resource: accountId === null ? null : { type: 'account', id: String(accountId) },
          after: { method, ...(email === undefined ? {} : { email }) },
          outcome: 'refused',
          errorCode: error.code,
          requestId,
        });
      }
      throw error;
    }
  }
}

/**
 * The account, locked, of somebody who has shown that it is theirs: why it cannot sign in may be said. Throws
 * `sign_in_failed`.
 */
async function lockForSignIn(tx: Tx, accountId: number): Promise<Account> {
  const account = await lockAccount(tx, accountId);
  if (!account) throw wrongPassword();
  if (account.disabled_at !== null)
    throw new AppError('sign_in_failed', 'This account is disabled. Ask the operator.');
  if (account.email_verified_at === null) {
    throw new AppError(
      'sign_in_failed',
      'Open the link that was sent to your e-mail address first. If it has expired, ask for a new password.',
    );
  }
  return account;
}

const wrongPassword = (): AppError =>
  new AppError('sign_in_failed', 'The e-mail address or the password is wrong.');

const wrongCode = (): AppError =>
  new AppError('sign_in_failed', 'The code is wrong, or was used already. Wait for the next one.');
