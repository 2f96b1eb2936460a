import { createHash, createPublicKey } from 'node:crypto';
import { keyLines, PublicKeyError } from './key-text.ts';
import { WireReader } from './wire-reader.ts';

export interface PublicKey {
  type: string;
  /** One line: type, base64 and the comment, if any. */
  line: string;
  comment: string;
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. */
  fingerprint: string;
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;
const CURVES: Record<string, { jwk: string; bytes: number }> = {
  nistp256: { jwk: 'P-256', bytes: 32 },
  nistp384: { jwk: 'P-384', bytes: 48 },
  nistp521: { jwk: 'P-521', bytes: 66 },
};

/** Parses what follows the type in the wire format (RFC 4253 section 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f). */
const DECODERS: Record<string, (wire: WireReader) => void> = {
  'ssh-ed25519': readEd25519,
  'ssh-rsa': readRsa,
  'ecdsa-sha2-nistp256': (wire) => readEcdsa(wire, 'nistp256'),
  'ecdsa-sha2-nistp384': (wire) => readEcdsa(wire, 'nistp384'),
  'ecdsa-sha2-nistp521': (wire) => readEcdsa(wire, 'nistp521'),
  'sk-ssh-ed25519@openssh.com': (wire) => {
    readEd25519(wire);
    readApplication(wire);
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': (wire) => {
    readEcdsa(wire, 'nistp256');
    readApplication(wire);
  },
};

const TYPES = Object.keys(DECODERS);

/**
 * Parses one public key completely, in OpenSSH's or the SSH2 format: type and content must match, without extra data.
 * Throws {@link PublicKeyError}.
 */
export function parsePublicKey(text: string): PublicKey {
  const [type, base64, comment] = splitLine(onlyKey(text));
  const blob = Buffer.from(base64, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || blob.toString('base64') !== base64) {
    throw new PublicKeyError('The key data after the type is not valid base64. Copy the whole line.');
  }
  const wire = new WireReader(
    blob,
    () => new PublicKeyError('The key is cut off or damaged. Copy the whole line.'),
  );
  const inner = wire.text();
  if (inner !== type) {
    throw new PublicKeyError('The key data is of another type than the line says. Copy the whole line.');
  }
  DECODERS[type]!(wire);
  if (wire.remaining > 0) throw new PublicKeyError('The key has extra data behind its end.');
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return {
    type,
    line: [type, base64, comment].filter(Boolean).join(' '),
    comment,
    fingerprint: `SHA256:${digest}`,
  };
}

/** The line of the one key in the text. */
function onlyKey(text: string): string {
  if (/PRIVATE KEY|^PuTTY-User-Key-File/m.test(text)) {
    throw new PublicKeyError(
      'This is a private key. Never share it: send the public key instead, usually the file ending in .pub; ' +
        'PuTTYgen shows it as "Public key for pasting".',
    );
  }
  if (/^-----BEGIN/m.test(text)) {
    throw new PublicKeyError(
      'This key is in PEM format. Send it as OpenSSH writes it, as in the file ending in .pub: ' +
        '`ssh-keygen -i -m PKCS8 -f FILE` converts it.',
    );
  }
  const [line = '', ...others] = keyLines(text, TYPES);
  if (others.length > 0) {
    throw new PublicKeyError(`These are ${others.length + 1} keys. Send one key at a time.`);
  }
  return line;
}

function splitLine(line: string): [type: string, base64: string, comment: string] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) {
    throw new PublicKeyError('The key contains control characters.');
  }
  const [, type = '', base64 = '', comment = ''] = /^(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
  if (Object.hasOwn(DECODERS, type)) return [type, base64, comment];
  if (Object.hasOwn(DECODERS, line)) throw new PublicKeyError('The key data after the type is missing.');
  if (/-cert-v0[01]@openssh\.com$/.test(type)) {
    throw new PublicKeyError('This is a certificate. Send the public key that it certifies.');
  }
  if (type === 'ssh-dss') throw new PublicKeyError('DSA keys are no longer secure. Use an ssh-ed25519 key.');
  if (TYPES.some((known) => new RegExp(`(^|\\s)${RegExp.escape(known)}\\s`).test(line))) {
    throw new PublicKeyError('Options in front of the key are not accepted. Send the line from its type on.');
  }
  if (/^AAAA[A-Za-z0-9+/]/.test(line)) {
    throw new PublicKeyError('The type in front of the key data is missing. Copy the whole line.');
  }
  throw new PublicKeyError(
    `This is not an OpenSSH public key. It must begin with one of: ${TYPES.join(', ')}.`,
  );
}

function readEd25519(wire: WireReader): void {
  if (wire.bytes().length !== 32) throw new PublicKeyError('An Ed25519 key must have 32 bytes.');
}

function readEcdsa(wire: WireReader, curve: string): void {
  if (wire.text() !== curve) throw new PublicKeyError('The curve of the key is not the one its type names.');
  const { jwk, bytes } = CURVES[curve]!;
  const point = wire.bytes();
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) {
    throw new PublicKeyError(`The point of the key is not an uncompressed one of ${curve}.`);
  }
  const x = point.subarray(1, 1 + bytes).toString('base64url');
  const y = point.subarray(1 + bytes).toString('base64url');
  try {
    createPublicKey({ key: { kty: 'EC', crv: jwk, x, y }, format: 'jwk' });
  } catch {
    throw new PublicKeyError(`The point of the key is not on the curve ${curve}.`);
  }
}

function readRsa(wire: WireReader): void {
  const exponent = wire.positiveInteger();
  const modulus = wire.positiveInteger();
  const bits = modulus.toString(2).length;
  if (bits < MIN_RSA_BITS) {
    throw new PublicKeyError(
      `This RSA key has ${bits} bits. It must have at least ${MIN_RSA_BITS}; an ssh-ed25519 key is shorter and ` +
        'stronger.',
    );
  }
  if (bits > MAX_RSA_BITS) throw new PublicKeyError(`RSA keys may have at most ${MAX_RSA_BITS} bits.`);
  if (modulus % 2n === 0n)
    throw new PublicKeyError('The modulus of the RSA key is even: the key is damaged.');
  // 64 bits is the largest exponent that OpenSSL accepts for keys of this size.
  if (exponent < 3n || exponent % 2n === 0n || exponent >= 1n << 64n) {
    throw new PublicKeyError('The exponent of the RSA key must be odd, at least 3 and below 2^64.');
  }
}

function readApplication(wire: WireReader): void {
  if (!/^[\x21-\x7e]{1,255}$/.test(wire.text())) {
    throw new PublicKeyError('The security key’s application name is missing or malformed.');
  }
}
