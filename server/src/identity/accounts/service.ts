import { sql } from 'kysely';
import type { Config } from '../../config.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { addressKey } from '../../http/rate-limits.ts';
import type { Role } from '../../http/scopes.ts';
import { AppError, invalid } from '../../lib/errors.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { Mail, Mailer } from '../../mail/mailer.ts';
import { recordAudit } from '../audit/record.ts';
import { endSessions } from '../sessions/store.ts';
import { acceptInvitation, findInvitation } from '../teams/invitations.ts';
import { type Attempts, LIMITS } from './attempts.ts';
import { letters } from './letters.ts';
import { createLink, dropLinks, linkInvalid, linkUrl, takeLink } from './links.ts';
import { assertGoodPassword, hashPassword } from './passwords.ts';
import { type Account, findByEmail, insertAccount, lockAccount, mustFindAccount } from './store.ts';

/** For how long links work, in hours. A password is a matter of minutes, and mail may be slow. */
export const LINK_HOURS = { password: 2, email: 48 };

export interface AccountParts {
  config: Config;
  database: Database;
  attempts: Attempts;
  mail: Mailer;
  log: Log;
}

export interface Registration {
  email: string;
  name: string;
  password: string;
  /** The code of an invitation to a team. */
  invitation?: string | undefined;
}

/** Who asks, as far as it is known. */
interface Asking {
  ip: string;
  requestId: string;
}

/** Accounts and their passwords and addresses. */
export class AccountService {
  readonly #parts: AccountParts;
  readonly #underWay = new Set<Promise<void>>();

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  /**
   * Registers somebody. What is done for an address that has an account, or has none, happens after the answer, so that
   * neither the answer nor its time tells which. Throws `validation_failed`, `not_available`, `link_invalid` and `rate_limited`.
   */
  async register({ email, name, password, invitation }: Registration, asking: Asking): Promise<void> {
    const { attempts, config, database } = this.#parts;
    await attempts.takeFrom(LIMITS.registerFromAddress, asking.ip);
    if (config.registration === 'closed' || (config.registration === 'invitation' && !invitation))
      throw closed(config.registration);
    // Only who reads what is sent to the address has the code of an invitation that is for it.
    const verified =
      invitation !== undefined && (await mayUse(database.db, invitation, email)) === 'by address';
    assertGoodPassword(password, { email, name });
    const passwordHash = await hashPassword(password, addressKey(asking.ip));
    this.#later(async (tx) => {
      const made = await insertAccount(tx, { email, name, passwordHash, verified });
      if (!made) {
        const known = await findByEmail(tx, email);
        if (known) await this.#send(tx, known.email, (to) => letters.alreadyHasAccount(to, config.publicUrl));
        return;
      }
      const { accountId } = made;
      if (invitation !== undefined) await acceptInvitation(tx, { accountId }, invitation);
      await this.#audit(tx, 'register', accountId, asking);
      if (verified) return;
      const secret = await createLink(tx, 'email', { accountId, email }, LINK_HOURS.email);
      const url = linkUrl(config.publicUrl, 'email', secret);
      await this.#send(tx, email, (to) => letters.verify(to, url, LINK_HOURS.email));
    });
  }

  /** What an invitation is to, for who has its code. Throws `link_invalid` and `rate_limited`. */
  async showInvitation(
    code: string,
    { ip }: Asking,
  ): Promise<{ team: string; role: Role; email: string | null }> {
    const { attempts, database } = this.#parts;
    await attempts.takeFrom(LIMITS.linkFromAddress, ip);
    const invitation = await findInvitation(database.db, code);
    if (!invitation) throw linkInvalid();
    await attempts.giveBack(database.db, LIMITS.linkFromAddress, addressKey(ip));
    return invitation;
  }

  /** Sends a link to set a password, if there is such an account; the answer tells neither. Throws `rate_limited`. */
  async requestPassword(email: string, asking: Asking): Promise<void> {
    const { attempts, config } = this.#parts;
    await attempts.takeFrom(LIMITS.mailFromAddress, asking.ip);
    const isWelcome = await attempts.tryTake(LIMITS.mailToAddress, email);
    this.#later(async (tx) => {
      const account = await findByEmail(tx, email);
      if (!account || account.disabled_at !== null || !isWelcome) return;
      const secret = await createLink(
        tx,
        'password',
        { accountId: account.id, email: account.email },
        LINK_HOURS.password,
      );
      const url = linkUrl(config.publicUrl, 'password', secret);
      await this.#audit(tx, 'requestPasswordReset', account.id, asking);
      // To the address of the account, never to the one that was asked for.
      await this.#send(tx, account.email, (to) => letters.reset(to, url, LINK_HOURS.password));
    });
  }

  /**
   * Sets the password that a link is for. Ends all sessions, and proves the address that the link was sent to. Throws
   * `link_invalid`, `validation_failed` and `rate_limited`.
   */
  async setPasswordByLink(secret: string, password: string, asking: Asking): Promise<void> {
    const { attempts, database } = this.#parts;
    await attempts.takeFrom(LIMITS.linkFromAddress, asking.ip);
    // The same work whether there is such a link or not.
    const passwordHash = await hashPassword(password, addressKey(asking.ip));
    await database.transaction(async (tx) => {
      const link = await takeLink(tx, 'password', secret);
      const account = await lockAccount(tx, link.accountId);
      if (!account || account.disabled_at !== null || account.email !== link.email) throw linkInvalid();
      assertGoodPassword(password, account);
      await this.#setPassword(tx, account, passwordHash);
      await tx
        .updateTable('users')
        .set({ email_verified_at: sql`coalesce(email_verified_at, now())` })
        .where('id', '=', account.id)
        .execute();
      await attempts.forget(tx, LIMITS.passwordOfAccount, account.email);
      await attempts.giveBack(tx, LIMITS.linkFromAddress, addressKey(asking.ip));
      await this.#audit(tx, 'setPassword', account.id, asking);
    });
  }

  /** Makes the address that a link was sent to that of its account. Throws `link_invalid` and `rate_limited`. */
  async confirmEmail(secret: string, asking: Asking): Promise<void> {
    const { attempts, database } = this.#parts;
    await attempts.takeFrom(LIMITS.linkFromAddress, asking.ip);
    await database.transaction(async (tx) => {
      const link = await takeLink(tx, 'email', secret);
      const account = await lockAccount(tx, link.accountId);
      if (!account || account.disabled_at !== null) throw linkInvalid();
      const other = await findByEmail(tx, link.email);
      if (other && other.id !== account.id) throw linkInvalid();
      await tx
        .updateTable('users')
        .set({ email: link.email, email_verified_at: sql`now()` })
        .where('id', '=', account.id)
        .execute();
      await attempts.giveBack(tx, LIMITS.linkFromAddress, addressKey(asking.ip));
      await this.#audit(tx, 'confirmEmail', account.id, asking);
      if (link.email === account.email) return;
      // Links to the former address must not set a password any more.
      await dropLinks(tx, account.id);
      await this.#send(tx, account.email, (to) => letters.emailChanged(to, link.email));
    });
  }

  /** Changes the password of somebody who is signed in. Ends all other sessions. Throws `validation_failed`. */
  async changePassword(
    tx: Tx,
    accountId: number,
    sessionId: string,
    change: PreparedPassword,
  ): Promise<void> {
    const account = await mustFindAccount(tx, accountId);
    assertGoodPassword(change.password, account);
    await this.#setPassword(tx, account, change.hash, sessionId);
  }

  /** Hashes a password before the transaction that sets it, so that the transaction takes no longer for that. */
  async preparePassword(password: string, ip: string): Promise<PreparedPassword> {
    return { password, hash: await hashPassword(password, addressKey(ip)) };
  }

  /** Sends a link to a new address. Throws `validation_failed` where it is the present one, and `not_available`. */
  async changeEmail(tx: Tx, accountId: number, email: string): Promise<void> {
    const { config, mail } = this.#parts;
    if (!mail.mailEnabled)
      throw new AppError(
        'not_available',
        'This install sends no e-mail. Ask the operator to change the address.',
      );
    const account = await mustFindAccount(tx, accountId);
    if (account.email === email) throw invalid({ email: ['This is the address of the account already.'] });
    const other = await findByEmail(tx, email);
    if (other && other.id !== accountId) {
      // The answer does not tell, but the owner of the address is told.
      await this.#send(tx, other.email, (to) => letters.alreadyHasAccount(to, config.publicUrl));
      return;
    }
    const secret = await createLink(tx, 'email', { accountId, email }, LINK_HOURS.email);
    const url = linkUrl(config.publicUrl, 'email', secret);
    await this.#send(tx, email, (to) => letters.changeEmail(to, url, LINK_HOURS.email));
  }

  /** Tells an account holder that something which signs in has changed. */
  async tellOfCredential(tx: Tx, accountId: number, what: string): Promise<void> {
    const account = await mustFindAccount(tx, accountId);
    await this.#send(tx, account.email, (to) => letters.credentialChanged(to, what));
  }

  /** Resolves when nothing goes on that an answer did not wait for. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #setPassword(
    tx: Tx,
    { id, email }: Account,
    hash: string,
    keptSession: string | null = null,
  ): Promise<void> {
    await tx.updateTable('users').set({ password_hash: hash }).where('id', '=', id).execute();
    await endSessions(tx, id, keptSession);
    // Sign-ins that have given the former password, and links that would set another one.
    await tx.deleteFrom('ceremonies').where('user_id', '=', id).where('session_id', 'is', null).execute();
    await dropLinks(tx, id);
    await this.#send(tx, email, (to) => letters.passwordChanged(to));
  }

  async #send(tx: Tx, to: string, write: (to: string) => Mail): Promise<void> {
    await this.#parts.mail.queueMail(tx, write(to));
  }

  #audit(tx: Tx, action: string, accountId: number, { ip, requestId }: Asking): Promise<void> {
    return recordAudit(tx, {
      actor: { accountId, via: null, address: ip },
      teamId: null,
      action,
      resource: { type: 'account', id: String(accountId) },
      requestId,
    });
  }

  /** Runs the work after the answer. */
  #later(work: (tx: Tx) => Promise<void>): void {
    const { database, log } = this.#parts;
    const running = database
      .transaction(work)
      .catch((error: unknown) =>
        logFailure(log, error, 'a registration or a new password could not be prepared'),
      )
      .finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }
}

/** A password with its hash. */
export interface PreparedPassword {
  password: string;
  hash: string;
}

/** Whether an invitation is for this address, or for whoever has its link. Throws `link_invalid`. */
async function mayUse(db: Queryable, code: string, email: string): Promise<'by address' | 'by link'> {
  const invitation = await findInvitation(db, code);
  if (!invitation) throw linkInvalid();
  if (invitation.email === null) return 'by link';
  if (invitation.email.toLowerCase() !== email.toLowerCase()) throw linkInvalid();
  return 'by address';
}

const closed = (registration: 'invitation' | 'closed'): AppError =>
  new AppError(
    'not_available',
    registration === 'closed'
      ? 'Nobody can register here. Ask the operator for an account.'
      : 'Accounts are by invitation here. Ask a member of a team, or the operator, for one.',
  );
