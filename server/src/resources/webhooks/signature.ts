import { createHmac, randomBytes } from 'node:crypto';

/** Prefix of a secret's text form. */
const PREFIX = 'whsec_';

/** A new secret: 32 random bytes in the form of Standard Webhooks 1.0. */
export const newSecret = (): string => PREFIX + randomBytes(32).toString('base64');

/** What is signed. */
export interface Message {
  id: string;
  /** Unix seconds. */
  timestamp: number;
  body: string;
}

/**
 * The value of `webhook-signature` (Standard Webhooks 1.0, symmetric): for each secret a base64 HMAC-SHA-256 of id, timestamp
 * and body, separated by spaces. Receivers accept the message if one of them fits.
 */
export function sign({ id, timestamp, body }: Message, secrets: readonly string[]): string {
  const signed = `${id}.${timestamp}.${body}`;
  const signatureOf = (secret: string) =>
    createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
      .update(signed)
      .digest('base64');
  return secrets.map((secret) => `v1,${signatureOf(secret)}`).join(' ');
}
