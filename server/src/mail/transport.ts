import type { MailConfig } from './config.ts';
import { readSmtpUrl } from './smtp-url.ts';

/** Milliseconds: until the server is connected and greets, and of silence while it is spoken to. */
const CONNECTING = 10_000;
const GREETING = 10_000;
const SILENCE = 30_000;

export type MailTransport = Awaited<ReturnType<typeof openTransport>>;

/** Connections to the mail server, which are opened when they are needed. Close it. */
export async function openTransport({ smtpUrl }: MailConfig, connections: number) {
  // Loaded by the first mail, and not at each start.
  const { default: nodemailer } = await import('nodemailer');
  return nodemailer.createTransport({
    pool: true,
    maxConnections: connections,
    ...readSmtpUrl(smtpUrl),
    connectionTimeout: CONNECTING,
    greetingTimeout: GREETING,
    socketTimeout: SILENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** How the mail server refused. */
interface Refusal {
  code?: string;
  responseCode?: number;
  response?: string;
  message: string;
}

/** What the server says about the one mail: its addresses, or its content. */
const ABOUT_THE_MAIL: readonly unknown[] = ['EENVELOPE', 'EMESSAGE'];
/** The server asks for a login first: that is up to the operator, and not to the mail (RFC 4954). */
const LOGIN_NEEDED = 530;

/** Whether a mail will never be taken. Anything else, such as a full mailbox or a wrong password of ours, may get better. */
export function isFinal(error: unknown): boolean {
  const { code, responseCode = 0 } = error as Refusal;
  return ABOUT_THE_MAIL.includes(code) && responseCode >= 500 && responseCode !== LOGIN_NEEDED;
}

/** Whether it is about one mail, and others may be taken meanwhile. */
export const isOfOneMail = (error: unknown): boolean =>
  ABOUT_THE_MAIL.includes((error as Refusal).code) && (error as Refusal).responseCode !== LOGIN_NEEDED;

/** What went wrong, in a line. */
export const describeRefusal = (error: unknown): string => {
  const { response, message } = error as Refusal;
  return (response ?? message).replace(/\s+/g, ' ').slice(0, 1000);
};
