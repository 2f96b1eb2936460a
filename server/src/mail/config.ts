import { ConfigError } from '../config-error.ts';
import { isMailAddress } from './address.ts';
import { readSmtpUrl } from './smtp-url.ts';

/** How e-mail is sent. */
export interface MailConfig {
  /** As `readSmtpUrl` understands it. Holds a password. */
  smtpUrl: string;
  from: { name: string; address: string };
}

/** Reads SMTP_URL and DANUBE_MAIL_FROM; null where no e-mail is sent. Throws {@link ConfigError}. */
export function readMail(smtpUrl: string | null, sender: string | null): MailConfig | null {
  if (smtpUrl === null) return null;
  if (readSmtpUrl(smtpUrl) === null) {
    throw new ConfigError(
      'SMTP_URL makes no sense. It takes smtps://USER:PASSWORD@HOST (TLS), smtp://USER:PASSWORD@HOST (STARTTLS) or ' +
        'smtp+plain://HOST (no TLS), each with :PORT where it is not the usual one, and special characters percent-encoded.',
    );
  }
  const [, name = '', bracketed, bare] = /^(?:([^<>"\p{C}]*)<([^<>]+)>|(\S+))$/u.exec(sender ?? '') ?? [];
  const address = bracketed ?? bare ?? '';
  if (!isMailAddress(address)) {
    throw new ConfigError(
      `SMTP_URL needs DANUBE_MAIL_FROM, which is "${sender ?? ''}". It takes a sender, for example Danube <cloud@example.com>.`,
    );
  }
  return { smtpUrl, from: { name: name.trim(), address } };
}
