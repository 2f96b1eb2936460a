import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { recordAudit } from '../identity/audit/record.ts';
import { UsageError } from './failure.ts';
import { withDatabase } from './with-database.ts';

/** `danube operator grant EMAIL` and `danube operator revoke EMAIL`. */
export async function setOperator(email: string, operator: boolean): Promise<number> {
  return withDatabase(readConfig(process.env), async (database) => {
    await changeOperator(database, email, operator);
    process.stderr.write(`${email} is ${operator ? 'an operator' : 'no operator any more'}.\n`);
    return 0;
  });
}

/** Gives an account the right of operators, or takes it. It counts within a second. Throws {@link UsageError}. */
export async function changeOperator(database: Database, email: string, operator: boolean): Promise<void> {
  await database.transaction(async (tx) => {
    const account = await tx
      .selectFrom('users')
      .select(['id', 'operator'])
      .where(({ fn, eb }) => eb(fn('lower', ['email']), '=', email.toLowerCase()))
      .forUpdate()
      .executeTakeFirst();
    if (!account) throw new UsageError(`There is no account ${email}.`);
    await tx.updateTable('users').set({ operator }).where('id', '=', account.id).execute();
    await recordAudit(tx, {
      actor: { accountId: null, via: { kind: 'host' }, address: null },
      teamId: null,
      action: operator ? 'grantOperator' : 'revokeOperator',
      resource: { type: 'account', id: String(account.id) },
      before: { operator: account.operator },
      after: { operator },
    });
  });
}

/** `danube operator list`. */
export async function listOperators(): Promise<number> {
  return withDatabase(readConfig(process.env), async ({ db }) => {
    const rows = await db
      .selectFrom('users')
      .select('email')
      .where('operator', '=', true)
      .orderBy('id')
      .execute();
    for (const { email } of rows) process.stdout.write(`${email}\n`);
    return 0;
  });
}
