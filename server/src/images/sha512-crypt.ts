import { hash } from 'node:crypto';
import { randomText } from '../lib/crypto.ts';

/** The algorithm's default, for passwords chosen by people. About 3 ms. */
export const CHOSEN_PASSWORD_ROUNDS = 5000;
/** The algorithm's minimum: enough for a random password, which cannot be guessed anyway. */
export const RANDOM_PASSWORD_ROUNDS = 1000;
/** Rounds between two turns of the event loop: under a millisecond of work. */
const SLICE = 250;

const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const sha512 = (...parts: readonly Buffer[]): Buffer => hash('sha512', Buffer.concat(parts), 'buffer');

/** `block` repeated and cut to `length` bytes. */
const stretch = (block: Buffer, length: number): Buffer => Buffer.alloc(length, block);

/**
 * Hashes a password in the format of `/etc/shadow` (`$6$…`, SHA-512 crypt), in slices that keep the event loop
 * responsive. `salt` has up to 16 characters; random by default. The algorithm is Ulrich Drepper's:
 * https://www.akkadia.org/drepper/SHA-crypt.txt
 */
export async function sha512Crypt(
  password: string,
  salt: string = randomText(16),
  rounds: number = CHOSEN_PASSWORD_ROUNDS,
): Promise<string> {
  const key = Buffer.from(password, 'utf8');
  const saltBytes = Buffer.from(salt.slice(0, 16), 'utf8');
  const digest = firstDigest(key, saltBytes);
  const p = stretch(sha512(...Array.from(key, () => key)), key.length);
  const s = stretch(sha512(...Array.from({ length: 16 + digest[0]! }, () => saltBytes)), saltBytes.length);
  const inputs = Array.from({ length: PATTERNS }, (_, round) => roundInput(round, p, s));
  // The digest as a string with a character for each byte: Node hands that out in a third of the time of a buffer.
  let text = digest.toString('binary');
  for (let round = 0; round < rounds; round += 1) {
    const { bytes, at } = inputs[round % PATTERNS]!;
    bytes.write(text, at, 'binary');
    text = hash('sha512', bytes, 'binary');
    if (round % SLICE === SLICE - 1) await new Promise(setImmediate);
  }
  // The default number of rounds is omitted.
  const count = rounds === CHOSEN_PASSWORD_ROUNDS ? '' : `rounds=${rounds}$`;
  return `$6$${count}${saltBytes.toString('utf8')}$${encode(Buffer.from(text, 'binary'))}`;
}

/** A round's input depends on its number modulo 2, 3 and 7, so it repeats every 42 rounds. */
const PATTERNS = 42;

/** The input of a round, laid out once; the previous round's digest is copied to `at`. */
function roundInput(round: number, p: Buffer, s: Buffer): { bytes: Buffer; at: number } {
  const odd = round % 2 === 1;
  const fixed = [
    ...(odd ? [p] : []),
    ...(round % 3 ? [s] : []),
    ...(round % 7 ? [p] : []),
    ...(odd ? [] : [p]),
  ];
  const rest = Buffer.concat(fixed);
  const hole = Buffer.alloc(64);
  return odd
    ? { bytes: Buffer.concat([rest, hole]), at: rest.length }
    : { bytes: Buffer.concat([hole, rest]), at: 0 };
}

function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const alternate = sha512(key, salt, key);
  const parts = [key, salt, stretch(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key);
  return sha512(...parts);
}

/** The digest's bytes in the algorithm's order, three at a time as four characters of 6 bits each. */
function encode(digest: Buffer): string {
  let text = '';
  const put = (bits: number, characters: number) => {
    for (let i = 0; i < characters; i += 1) text += ITOA64[(bits >> (6 * i)) & 63];
  };
  for (let i = 0; i < 21; i += 1) {
    // Each group starts one place further in the cycle of the three 21-byte thirds.
    const thirds = [digest[i]!, digest[i + 21]!, digest[i + 42]!];
    const [a, b, c] = [thirds[i % 3]!, thirds[(i + 1) % 3]!, thirds[(i + 2) % 3]!];
    put((a << 16) | (b << 8) | c, 4);
  }
  put(digest[63]!, 2);
  return text;
}
