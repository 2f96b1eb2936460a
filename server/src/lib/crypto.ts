import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** Encrypts secrets at rest with AES-256-GCM. Stored format: version (1 byte), nonce (12), tag (16), ciphertext. */
export interface SecretBox {
  seal(plain: string): Buffer;
  /** Throws when the key is wrong or the bytes were changed. */
  open(sealed: Buffer): string;
  /** A keyed hash (HMAC-SHA-256): equal for equal texts, and useless for guessing the text without the key. */
  fingerprint(text: string): Buffer;
}

const VERSION = 1;

export function createSecretBox(key: Buffer): SecretBox {
  if (key.length !== 32) throw new Error('The secret key must be 32 bytes.');
  // Node would prepare the bytes of a key for each use.
  const secret = createSecretKey(key);
  const fingerprintKey = createHmac('sha256', key).update('danube fingerprint').digest();
  return {
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest(),
    seal(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce);
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      if (sealed[0] !== VERSION) throw new Error('Unknown version of a sealed secret.');
      const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(1, 13));
      decipher.setAuthTag(sealed.subarray(13, 29));
      return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8');
    },
  };
}

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export const equalBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Length of {@link randomSecret} in characters: about 278 bits. */
const SECRET_LENGTH = 48;
/** What {@link randomSecret} looks like. */
export const SECRET = new RegExp(`^[A-Za-z0-9]{${SECRET_LENGTH}}$`);

/** A secret that authenticates whoever has it, of which only a hash is stored: a token, a session, a link. */
export const randomSecret = (): string => randomText(SECRET_LENGTH);

/** Random text without characters that look alike, with about 5.8 bits of entropy per character. */
export function randomText(length: number): string {
  let out = '';
  while (out.length < length) {
    for (const byte of randomBytes(length)) {
      // 224 is the largest multiple of 56 below 256; higher bytes would make some characters more likely.
      if (byte < 224 && out.length < length) out += ALPHABET[byte % ALPHABET.length];
    }
  }
  return out;
}
