import { randomUUID } from 'node:crypto';
import type { Queryable } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import { isMailAddress } from './address.ts';
import type { MailConfig } from './config.ts';

/** An e-mail to one person; `renderMail` makes its text and HTML. */
export interface Mail {
  /** A valid address: ask {@link isMailAddress} before. */
  to: string;
  /** Anything but letters and the like in it, such as line breaks, becomes a space. */
  subject: string;
  text: string;
  html: string;
  /** It is not sent after that, for example because its link is not valid any more. */
  expiresAt?: Date;
}

/** Takes e-mails, which a worker sends. */
export interface Mailer {
  /** Whether this install sends e-mail. Without it, `queueMail` does nothing. */
  readonly mailEnabled: boolean;
  /**
   * Writes an e-mail in the caller's transaction. It is sent after the commit, in seconds if the mail server takes it, and tried for
   * three days if not; in rare cases it is sent twice. Throws where the address is not valid.
   */
  queueMail(db: Queryable, mail: Mail): Promise<void>;
}

/** `config`: how mail is sent, null where it is not. */
export const createMailer = (config: MailConfig | null, secrets: SecretBox): Mailer => ({
  mailEnabled: config !== null,
  async queueMail(db, { to, subject, text, html, expiresAt }) {
    if (!isMailAddress(to)) throw new Error('An e-mail was to be sent to something that is no address.');
    if (config === null) return;
    const host = config.from.address.slice(config.from.address.lastIndexOf('@') + 1);
    await db
      .insertInto('mails')
      .values({
        to_address: to,
        subject: subject.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim(),
        body_sealed: secrets.seal(JSON.stringify({ text, html })),
        message_id: `<${randomUUID()}@${host}>`,
        expires_at: expiresAt ?? null,
      })
      .execute();
  },
});
