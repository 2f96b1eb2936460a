import { WireReader } from './wire-reader.ts';

/** Why a text is not an acceptable public key; the message is a sentence for the customer. */
export class PublicKeyError extends Error {}

/** RFC 4716, which PuTTYgen ("Save public key") and commercial SSH programs write. */
const SSH2_BEGIN = '---- BEGIN SSH2 PUBLIC KEY ----';
const SSH2_END = '---- END SSH2 PUBLIC KEY ----';

/**
 * The lines of keys in what a customer pasted: comments and empty lines are left out, a key that a program has broken
 * into several lines is joined, and a key in the SSH2 format becomes a line as OpenSSH writes it. Throws
 * {@link PublicKeyError} where that is not possible.
 */
export function keyLines(text: string, types: readonly string[]): string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|[\r\n\u0085\u2028\u2029]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] === SSH2_BEGIN) return ssh2Lines(lines.slice(1));
  const keys: string[] = [];
  for (const line of lines) {
    const last = keys.at(-1);
    if (last === undefined || beginsKey(line, types)) keys.push(line);
    else keys[keys.length - 1] = join(last, line, types);
  }
  return keys;
}

const beginsKey = (line: string, types: readonly string[]): boolean =>
  types.some((type) => line === type || line.startsWith(`${type} `)) || line.startsWith('----');

/** A break after the type or before the comment replaced a space, one within the key data nothing. */
function join(start: string, rest: string, types: readonly string[]): string {
  const [, base64 = ''] = start.split(/\s+/);
  return types.includes(start) || isWhole(base64) ? `${start} ${rest}` : `${start}${rest}`;
}

function isWhole(base64: string): boolean {
  return typeOf(Buffer.from(base64, 'base64')) !== null;
}

/** More than any key has. Bounds the work for texts of many lines, each of which may complete the key. */
const MAX_FIELDS = 32;

/** The type of the key with this content; null where the content is damaged or not complete. */
function typeOf(blob: Buffer): string | null {
  const damaged = new Error('damaged');
  const wire = new WireReader(blob, () => damaged);
  try {
    const type = wire.text();
    let fields = 0;
    for (; wire.remaining > 0 && fields <= MAX_FIELDS; fields++) wire.bytes();
    return fields > 0 && wire.remaining === 0 ? type : null;
  } catch (error) {
    if (error !== damaged) throw error;
    return null;
  }
}

function ssh2Lines(lines: readonly string[]): string[] {
  const end = lines.indexOf(SSH2_END);
  const comments: string[] = [];
  const data: string[] = [];
  // A header may go on in the next line, after a backslash.
  for (const line of lines
    .slice(0, end < 0 ? undefined : end)
    .join('\n')
    .replaceAll('\\\n', '')
    .split('\n')) {
    const [, name, value = ''] = /^([^:\s]{1,64}):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) data.push(line);
    else if (name.toLowerCase() === 'comment') comments.push(value.replace(/^"(.*)"$/, '$1'));
  }
  const base64 = data.join('');
  const type = typeOf(Buffer.from(base64, 'base64'));
  if (type === null) throw new PublicKeyError('The key is cut off or damaged. Copy all of its lines.');
  const key = [type, base64, ...comments].join(' ');
  return [key, ...(end < 0 ? [] : lines.slice(end + 1))];
}
