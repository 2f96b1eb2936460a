import { gunzipSync } from 'node:zlib';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';

/** Maximum bytes of custom user-data as it is sent: as many as other clouds take, in base64. */
export const MAX_CLOUD_INIT = 65_536;
/** Maximum bytes of what is sent compressed. */
const MAX_UNPACKED = 262_144;

/** The possible beginnings of user-data, and cloud-init's MIME type for each. The longer of two comes first. */
const KINDS: readonly (readonly [start: string, type: string])[] = [
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['#cloud-config-jsonp', 'text/cloud-config-jsonp'],
  ['#cloud-config', 'text/cloud-config'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#part-handler', 'text/part-handler'],
  ['#include-once', 'text/x-include-once-url'],
  ['#include', 'text/x-include-url'],
  ['## template: jinja', 'text/jinja2'],
  ['#!', 'text/x-shellscript'],
];

/** Formats of other systems, for a message that names them. */
const FOREIGN: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^\{\s*"ignition"/, 'an Ignition config'],
  [/^variant:\s*(fcos|flatcar|r4e)/m, 'a Butane config'],
  [/^(<powershell>|<script>|#ps1|rem cmd)/i, 'a script for Windows'],
  [/^#upstart-job/, 'an Upstart job'],
];

/** Custom user-data that cannot be accepted; the message is a sentence for the customer. */
class CloudInitError extends Error {}

/** Custom user-data as cloud-init reads it, and its MIME type; null: it is a MIME message. */
export interface CustomPart {
  type: string | null;
  text: string;
}

/**
 * Reads custom user-data that {@link checkCloudInit} has accepted: text, or text in gzip and base64, or in base64 alone.
 * Null where it is empty.
 */
export function readCloudInit(sent: string): CustomPart | null {
  const text = normalise(unpack(sent));
  return text === '' ? null : { type: isMime(text) ? null : (kindOf(text) ?? 'text/plain'), text };
}

/** Forms send CRLF line ends, which break scripts, and cloud-init expects the header at the very beginning. */
const normalise = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/^\uFEFF?\s*/, '');

const isMime = (text: string): boolean => /^(content-type|mime-version):/i.test(text);

const kindOf = (text: string): string | null =>
  KINDS.find(([start]) => text.toLowerCase().startsWith(start))?.[1] ?? null;

function unpack(sent: string): string {
  const compact = sent.replace(/\s+/g, '');
  // No other format begins with four letters, and goes on without a space, a colon or the like.
  if (compact.length < 8 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return sent;
  const bytes = Buffer.from(compact, 'base64');
  if (bytes.readUInt16BE(0) === 0x1f8b) return decode(gunzip(bytes));
  const text = bytes.toString('utf8');
  return text.includes('\uFFFD') ? sent : text;
}

function gunzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CloudInitError(
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `The compressed cloud-init text may not have more than ${MAX_UNPACKED} bytes once it is unpacked.`
        : 'The compressed cloud-init text is damaged: gzip cannot unpack it.',
      { cause: error },
    );
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CloudInitError('The unpacked cloud-init text is not UTF-8.', { cause: error });
  }
}

/** Regular texts repeat only a handful of values. */
const MAX_ALIASES = 20;
/** Regular lines have about six tokens. Reading so many takes a moment; meanwhile the server does nothing else. */
const MAX_TOKENS = 30_000;

const ACCEPTED =
  `It must begin with ${KINDS.map(([start]) => `"${start}"`).join(', ')} or the headers of a MIME message; ` +
  'it may be in base64, and compressed with gzip before.';

/**
 * What is wrong with custom user-data, in one sentence; null where it is acceptable. Checks the format only: whether
 * its commands work is shown in the instance's cloud-init log.
 */
export function checkCloudInit(sent: string): string | null {
  const bytes = Buffer.byteLength(sent);
  if (bytes > MAX_CLOUD_INIT) {
    return `The cloud-init text may not be longer than ${MAX_CLOUD_INIT} bytes; it has ${bytes}. Compress it with gzip, and send that in base64.`;
  }
  try {
    const text = unpack(sent);
    if (text.includes('\0')) return 'The cloud-init text may not contain null characters.';
    return checkFormat(normalise(text));
  } catch (error) {
    if (error instanceof CloudInitError) return error.message;
    throw error;
  }
}

function checkFormat(text: string): string | null {
  if (text === '' || isMime(text)) return null;
  const kind = kindOf(text);
  if (kind === null) return formatError(text);
  if (kind === 'text/cloud-config') return checkYaml(text, 'mapping');
  if (kind === 'text/cloud-config-archive') return checkYaml(text, 'list');
  return null;
}

function formatError(text: string): string {
  const foreign = FOREIGN.find(([pattern]) => pattern.test(text))?.[1];
  if (foreign) return `The cloud-init text is ${foreign}, which cloud-init cannot read. ${ACCEPTED}`;
  if (checkYaml(text, 'mapping') === null) {
    return 'The cloud-init text needs "#cloud-config" as its first line.';
  }
  const first = text.split('\n', 1)[0]!.slice(0, 40);
  return `The cloud-init text begins with "${first}", which is no format of cloud-init. ${ACCEPTED}`;
}

function checkYaml(text: string, expected: 'mapping' | 'list'): string | null {
  if (hasTooManyTokens(text)) {
    return `The cloud-init text has more than ${MAX_TOKENS} words and signs of YAML. Put long files into "write_files" as blocks, or compress them.`;
  }
  const lines = new LineCounter();
  // cloud-init reads YAML 1.1, as Python's YAML library does.
  const document = parseDocument(text, {
    version: '1.1',
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
    // The library compares each key with all others, which takes minutes; `findRepeatedKey` does it in one pass.
    uniqueKeys: false,
  });
  const invalidAt = (offset: number, reason: string): string => {
    const { line, col } = lines.linePos(offset);
    return `The cloud-init text is not valid YAML: line ${line}, column ${col}: ${reason}.`;
  };
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) return invalidAt(problem.pos[0], reasonOf(problem.message));
  const repeated = findRepeatedKey(document);
  if (repeated) return invalidAt(repeated.range?.[0] ?? 0, 'Map keys must be unique');
  // Checks the syntax tree: resolving the aliases could take extremely long, here and in the instance.
  let aliases = 0;
  visit(document, { Alias: () => void aliases++ });
  if (aliases > MAX_ALIASES) return 'The cloud-init text repeats YAML aliases too often.';
  return checkShape(document, expected);
}

const reasonOf = (message: string): string =>
  /call stack/.test(message)
    ? 'it is nested too deeply'
    : message
        .split('\n')[0]!
        .slice(0, 120)
        .replace(/[.:]\s*$/, '');

/** Counts only as far as needed: the lexer is fast, what builds the tree is not. */
function hasTooManyTokens(text: string): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > MAX_TOKENS) return true;
  return false;
}

/** The first key that its mapping has twice: cloud-init would drop the first value silently. */
function findRepeatedKey(document: Document): Scalar | null {
  let repeated: Scalar | null = null;
  visit(document, {
    Map(_, { items }) {
      const values = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (values.has(key.value)) {
          repeated = key;
          return visit.BREAK;
        }
        values.add(key.value);
      }
    },
  });
  return repeated;
}

function checkShape(document: Document, expected: 'mapping' | 'list'): string | null {
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return null;
  if (expected === 'list') {
    return isSeq(root) && !root.tag ? null : 'A #cloud-config-archive must be a YAML list.';
  }
  if (!isMap(root) || root.tag) return 'A #cloud-config must be a YAML mapping of keys to values.';
  // Only lists can be joined with ours; any other value would remove root's login.
  for (const key of ['users', 'write_files'] as const) {
    const own = root.get(key, true) as Node | undefined;
    const value = isAlias(own) ? own.resolve(document) : own;
    if (value && !isSeq(value)) return `In the cloud-init text, "${key}" must be a list.`;
  }
  return null;
}
