import { readConfig } from '../config.ts';
import type { Database, Tx } from '../db/database.ts';
import { disableAccount, enableAccount } from '../identity/accounts/disabling.ts';
import { createLink, linkUrl } from '../identity/accounts/links.ts';
import { type Account, findByEmail, insertAccount, isEmail } from '../identity/accounts/store.ts';
import { recordAudit } from '../identity/audit/record.ts';
import { UsageError } from './failure.ts';
import { withDatabase } from './with-database.ts';

/** For how long links work that the operator hands over, in hours. */
const LINK_HOURS = 72;

/** `danube account list`. */
export async function accountList(): Promise<number> {
  return withDatabase(readConfig(process.env), async ({ db }) => {
    const accounts = await db
      .selectFrom('users')
      .select((eb) => [
        'id',
        'email',
        'name',
        'tier',
        'email_verified_at',
        'disabled_at',
        'deleted_at',
        eb('password_hash', 'is not', null).as('has_password'),
        eb('totp_enabled_at', 'is not', null).as('has_codes'),
      ])
      .orderBy('id')
      .execute();
    for (const account of accounts) {
      const state = stateOf(account);
      const signIn = [
        account.has_password ? 'password' : 'no password',
        ...(account.has_codes ? ['codes'] : []),
      ];
      const columns = [account.id, account.email, account.name, account.tier, state, signIn.join(', ')];
      process.stdout.write(`${columns.join('\t')}\n`);
    }
    return 0;
  });
}

/** `danube account create`: prints the link to set the password with, alone, on standard output. */
export async function accountCreate(email: string, name: string | undefined): Promise<number> {
  if (!isEmail(email)) throw new UsageError(`"${email}" is no e-mail address.`);
  return change(async (tx, publicUrl) => {
    const account = { email, name: name ?? email, passwordHash: null, verified: true };
    const made = await insertAccount(tx, account);
    if (!made) throw new UsageError(`There is an account ${email} already.`);
    await audit(tx, 'createAccount', made.accountId, { email });
    return printLink(tx, publicUrl, { id: made.accountId, email });
  });
}

/** `danube account link`: prints a link to set a new password with, alone, on standard output. */
export async function accountLink(email: string): Promise<number> {
  return change(async (tx, publicUrl) => {
    const account = await find(tx, email);
    if (account.disabled_at) throw new UsageError(`The account ${account.email} is disabled.`);
    await audit(tx, 'createPasswordLink', account.id);
    return printLink(tx, publicUrl, account);
  });
}

/** `danube account disable`: ends its sessions, and lets it sign in no more. Its tokens do not work meanwhile. */
export async function accountDisable(email: string): Promise<number> {
  return change(async (tx) => {
    const account = await find(tx, email);
    await disableAccount(tx, account.id);
    await audit(tx, 'disableAccount', account.id);
    return () =>
      process.stderr.write(`${account.email} is disabled; its sessions and tokens stop within a second.\n`);
  });
}

/** `danube account enable`. */
export async function accountEnable(email: string): Promise<number> {
  return change(async (tx) => {
    const account = await find(tx, email);
    await enableAccount(tx, account.id);
    await audit(tx, 'enableAccount', account.id);
    return () => process.stderr.write(`${account.email} can sign in, and its tokens work.\n`);
  });
}

/** `danube account reset-two-factor`: for somebody who has lost the phone and the recovery codes. */
export async function accountResetTwoFactor(email: string): Promise<number> {
  return change(async (tx) => {
    const account = await find(tx, email);
    await tx
      .updateTable('users')
      .set({ totp_sealed: null, totp_enabled_at: null, totp_last_step: null })
      .where('id', '=', account.id)
      .execute();
    await tx.deleteFrom('recovery_codes').where('user_id', '=', account.id).execute();
    await audit(tx, 'disableTwoFactor', account.id);
    return () => process.stderr.write(`${account.email} is not asked for codes any more.\n`);
  });
}

const stateOf = (account: Pick<Account, 'deleted_at' | 'disabled_at' | 'email_verified_at'>): string => {
  if (account.deleted_at) return 'deleted';
  if (account.disabled_at) return 'disabled';
  return account.email_verified_at ? 'active' : 'not confirmed';
};

/** Runs the work in a transaction, and what it returns once that is committed. */
async function change(work: (tx: Tx, publicUrl: string) => Promise<() => void>): Promise<number> {
  const config = readConfig(process.env);
  await withDatabase(config, async (database: Database) => {
    const report = await database.transaction((tx) => work(tx, config.publicUrl));
    report();
  });
  return 0;
}

async function find(tx: Tx, email: string): Promise<Account> {
  const account = await findByEmail(tx, email);
  if (!account || account.deleted_at)
    throw new UsageError(`There is no account ${email}: \`danube account list\` shows them.`);
  return account;
}

async function printLink(
  tx: Tx,
  publicUrl: string,
  { id, email }: Pick<Account, 'id' | 'email'>,
): Promise<() => void> {
  const secret = await createLink(tx, 'password', { accountId: id, email }, LINK_HOURS);
  return () => {
    process.stderr.write(`A link to set the password of ${email}, for ${LINK_HOURS} hours and once:\n`);
    process.stdout.write(`${linkUrl(publicUrl, 'password', secret)}\n`);
  };
}

const audit = (tx: Tx, action: string, accountId: number, after?: Record<string, unknown>): Promise<void> =>
  recordAudit(tx, {
    actor: { accountId: null, via: { kind: 'host' }, address: null },
    teamId: null,
    action,
    resource: { type: 'account', id: String(accountId) },
    after: after ?? null,
  });
