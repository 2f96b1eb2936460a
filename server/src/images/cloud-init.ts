import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { type CustomPart, readCloudInit } from './custom-cloud-init.ts';
import { loginText, type RootLogin, SSHD_SETTINGS_FILE, sshdSettings } from './guest-login.ts';
import { CHOSEN_PASSWORD_ROUNDS, RANDOM_PASSWORD_ROUNDS, sha512Crypt } from './sha512-crypt.ts';

export interface UserDataOptions {
  hostname: string;
  /** One line of `authorized_keys` for root; null where root logs in by password. */
  authorizedKey: string | null;
  /** Root's password: always for the console, and for SSH with `allowPasswordLogin`. Only its hash is used. */
  rootPassword: string;
  allowPasswordLogin: boolean;
  /** The customer's own user-data, as accepted by `checkCloudInit`. */
  custom: string | null;
}

/** What a new guest reads: cloud-init's user-data, and root's login for images that are built here. */
export interface GuestData {
  userData: string;
  login: string;
}

/**
 * The user-data has root's login too, for images that are built elsewhere, the host name, and the customer's own part.
 * The customer's values take precedence; lists (`users`, `write_files`, …) are joined.
 */
export async function buildGuestData(options: UserDataOptions): Promise<GuestData> {
  const { rootPassword, allowPasswordLogin } = options;
  // Where SSH accepts keys only, the console password is a generated one.
  const rounds = allowPasswordLogin ? CHOSEN_PASSWORD_ROUNDS : RANDOM_PASSWORD_ROUNDS;
  const login = { ...options, passwordHash: await sha512Crypt(rootPassword, undefined, rounds) };
  const ours = `#cloud-config\n${stringify(ourConfig(login), { lineWidth: 0 })}`;
  const custom = options.custom === null ? null : readCloudInit(options.custom);
  const userData =
    custom === null
      ? ours
      : mimeArchive([customPart(custom), part('text/cloud-config; charset="utf-8"', ours)]);
  return { userData, login: loginText(login) };
}

function ourConfig(login: RootLogin): Record<string, unknown> {
  const { hostname, authorizedKey, passwordHash, allowPasswordLogin } = login;
  const root = {
    name: 'root',
    lock_passwd: false,
    hashed_passwd: passwordHash,
    ...(authorizedKey === null ? {} : { ssh_authorized_keys: [authorizedKey] }),
  };
  return {
    hostname,
    // Otherwise /etc/hosts would use the instance's name in Incus.
    fqdn: hostname,
    preserve_hostname: false,
    manage_etc_hosts: 'localhost',
    disable_root: false,
    ssh_pwauth: allowPasswordLogin,
    users: [root],
    write_files: [{ path: SSHD_SETTINGS_FILE, content: sshdSettings(allowPasswordLogin) }],
    // Merged into the customer's part: lists are joined, and the customer's values stay.
    merge_how: [
      { name: 'list', settings: ['append'] },
      { name: 'dict', settings: ['no_replace', 'recurse_list'] },
    ],
  };
}

/** Up to here a part is sent as it is; user-data is part of every list of instances that Incus gives. */
const COMPRESS_FROM = 10_000;

/** A customer's MIME message becomes a part as it is, with its own parts inside. */
function customPart({ type, text }: CustomPart): string {
  if (type === null) return text;
  return text.length > COMPRESS_FROM
    ? part('application/gzip', gzipSync(text))
    : part(`${type}; charset="utf-8"`, text);
}

/** Base64, so that no line of the content can end the part or be changed on the way. */
function part(type: string, content: string | Buffer): string {
  const body = Buffer.from(content as string)
    .toString('base64')
    .replace(/.{76}/g, '$&\n');
  return `Content-Type: ${type}\nContent-Transfer-Encoding: base64\n\n${body}\n`;
}

function mimeArchive(parts: readonly string[]): string {
  const boundary = `danube-${createHash('sha256').update(parts.join()).digest('hex').slice(0, 32)}`;
  const body = parts.map((text) => `--${boundary}\n${text}\n`).join('');
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${body}--${boundary}--\n`;
}
