import type { Database } from '../src/db/database.ts';
import { hashPassword } from '../src/identity/accounts/passwords.ts';
import { insertAccount } from '../src/identity/accounts/store.ts';
import { createSecretBox } from '../src/lib/crypto.ts';
import type { ApiResponse } from './api-client.ts';
import { startTestApp, testConfig, waitFor } from './harness.ts';

export const PASSWORD = 'correct horse battery';

export interface Person {
  accountId: number;
  email: string;
}

let people = 0;

/** Creates an account of a person with a team of its own, which has {@link PASSWORD}. */
export async function createPerson(
  database: Database,
  { password = PASSWORD, verified = true }: { password?: string | null; verified?: boolean } = {},
): Promise<Person> {
  people += 1;
  const email = `Person-${people}@example.org`;
  const passwordHash = password === null ? null : await hashPassword(password, 'test');
  const made = await database.transaction((tx) =>
    insertAccount(tx, { email, name: `Person ${people}`, passwordHash, verified }),
  );
  return { accountId: made!.accountId, email };
}

/** The cookie that an answer sets, as it is sent back; undefined where it sets none. */
export const cookieOf = ({ headers }: ApiResponse): string | undefined =>
  String(headers['set-cookie'] ?? '').split(';', 1)[0] || undefined;

/** A server that sends mail, to nowhere, and a function that reads what it would have sent. */
export async function startMailingApp(settings: Record<string, string> = {}) {
  const secretKey = Buffer.alloc(32, 7);
  const test = await startTestApp({
    secretKey,
    config: testConfig({
      SMTP_URL: 'smtp+plain://127.0.0.1:1',
      DANUBE_MAIL_FROM: 'cloud@example.org',
      ...settings,
    }),
  });
  const box = createSecretBox(secretKey);
  const lettersTo = async (address: string): Promise<{ subject: string; text: string }[]> => {
    const mails = await test.database.db
      .selectFrom('mails')
      .select(['subject', 'body_sealed'])
      .where('to_address', '=', address)
      .orderBy('id')
      .execute();
    return mails.map(({ subject, body_sealed }) => ({
      subject,
      text: JSON.parse(box.open(body_sealed!)).text,
    }));
  };
  /** Waits for so many letters to the address, and returns the last one. */
  const lastLetterTo = (address: string, count = 1) =>
    waitFor(`${count} letters to ${address}`, async () => {
      const letters = await lettersTo(address);
      return letters.length >= count && letters.at(-1);
    });
  return { test, lettersTo, lastLetterTo };
}

/** The secret in the link of a letter. */
export const secretIn = ({ text }: { text: string }): string => /#([A-Za-z0-9]{48})/.exec(text)![1]!;
