import { type Argon2Parameters, argon2, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { equalBytes } from '../../lib/crypto.ts';
import { type FieldErrors, invalid } from '../../lib/errors.ts';
import { FairQueue } from '../../lib/fair-queue.ts';

/** OWASP's password storage cheat sheet, 2025: argon2id with 19 MiB, two passes and one lane. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const SALT_BYTES = 16;
const PREFIX = `$argon2id$v=19$m=${PARAMETERS.memory},t=${PARAMETERS.passes},p=${PARAMETERS.parallelism}$`;
/** `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`, in base64 without padding. */
const FORMAT = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/**
 * How many are computed at once, for client addresses in turn: each takes 19 MiB and a thread of the process. Only requests
 * that have their turn (`http/admission.ts`) wait here, so they are few.
 */
const turns = new FairQueue({ slots: 2, perKey: 1 });

const derive = (parameters: Argon2Parameters): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    argon2('argon2id', parameters, (error, hash) => (error ? reject(error) : resolve(hash))),
  );

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

/** What is compared where an account has no password, or there is none: as much work, and never equal. */
const NOBODY = `${PREFIX}${base64(randomBytes(SALT_BYTES))}$${base64(randomBytes(PARAMETERS.tagLength))}`;

/** A password in the form that is hashed: the same character may be typed as different code points (RFC 8265). */
const normal = (password: string): Buffer => Buffer.from(password.normalize('NFC'), 'utf8');

/** Hashes a password. `client` is the key of the client's address, which waits for its turn. */
export async function hashPassword(password: string, client: string): Promise<string> {
  const nonce = randomBytes(SALT_BYTES);
  const hash = await turns.run(client, () => derive({ ...PARAMETERS, nonce, message: normal(password) }));
  return `${PREFIX}${base64(nonce)}$${base64(hash)}`;
}

/** Whether the password is the one of this hash. Takes as long where there is no hash. */
export async function verifyPassword(
  password: string,
  stored: string | null,
  client: string,
): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] = FORMAT.exec(stored ?? NOBODY) ?? [];
  if (hash === undefined) throw new Error('A stored password hash has an unknown format.');
  const expected = Buffer.from(hash, 'base64');
  const derived = await turns.run(client, () =>
    derive({
      message: normal(password),
      nonce: Buffer.from(salt!, 'base64'),
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      tagLength: expected.length,
    }),
  );
  return equalBytes(derived, expected) && stored !== null;
}

/**
 * Passwords that everybody who guesses tries first, in lower case. From the list of `@zxcvbn-ts/language-common` 4.1.3 (MIT), those
 * that the other rules would let pass.
 */
const COMMON: ReadonlySet<string> = new Set(
  readFileSync(path.join(import.meta.dirname, 'common-passwords.txt'), 'utf8')
    .trim()
    .split('\n'),
);

export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 256;

/**
 * Throws `validation_failed` for a password that is easy to guess: a short one, one with few different characters, one of the
 * most common, or one made of the account's own name or address.
 */
export function assertGoodPassword(password: string, account: { email: string; name: string }): void {
  const errors: FieldErrors = {};
  const lower = password.toLowerCase();
  const own = [account.email, account.email.split('@')[0]!, account.name].map((text) => text.toLowerCase());
  if ([...password].length < MIN_PASSWORD) {
    errors.password = [
      `The password must have at least ${MIN_PASSWORD} characters. Several words make a good one.`,
    ];
  } else if (new Set(lower).size < 5) {
    errors.password = ['The password must have more different characters.'];
  } else if (COMMON.has(lower.normalize('NFC'))) {
    errors.password = ['The password is one of the most common ones. Several words make a good one.'];
  } else if (own.some((text) => text.length > 2 && lower.replaceAll(text, '').length < MIN_PASSWORD / 2)) {
    errors.password = ['The password must be another than your name or e-mail address.'];
  }
  if (errors.password) throw invalid(errors);
}
