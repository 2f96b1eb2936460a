import { createHash } from 'node:crypto';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
  visit,
} from 'yaml';
import { CHOSEN_PASSWORD_ROUNDS, RANDOM_PASSWORD_ROUNDS, sha512Crypt } from './sha512-crypt.ts';

export interface UserDataOptions {
  hostname: string;
  /** One line of `authorized_keys` for root; null where root logs in by password. */
  authorizedKey: string | null;
  /** Root's password: always for the console, and for SSH with `allowPasswordLogin`. Only its hash is used. */
  rootPassword: string;
  allowPasswordLogin: boolean;
  /** The customer's own user-data, as accepted by {@link checkCloudInit}. */
  custom: string | null;
}

/** Maximum characters of custom user-data. */
export const MAX_CLOUD_INIT = 10_000;

/** The possible beginnings of user-data, and cloud-init's MIME type for each. */
const KINDS: readonly (readonly [start: string, type: string])[] = [
  // First, because it also starts with `#cloud-config`.
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['#cloud-config', 'text/cloud-config'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#include', 'text/x-include-url'],
  ['## template: jinja', 'text/jinja2'],
  ['#!', 'text/x-shellscript'],
];

/**
 * The instance's cloud-init user-data: root's login, the host name, and the customer's own part. The customer's values
 * take precedence; lists (`users`, `write_files`, …) are joined.
 */
export async function buildUserData(options: UserDataOptions): Promise<string> {
  const ours = `#cloud-config\n${stringify(await ourConfig(options), { lineWidth: 0 })}`;
  if (options.custom === null || options.custom.trim() === '') return ours;
  return mimeArchive([customPart(normalise(options.custom)), part('text/cloud-config', ours)]);
}

async function ourConfig(options: UserDataOptions): Promise<Record<string, unknown>> {
  const { hostname, authorizedKey, rootPassword, allowPasswordLogin } = options;
  const root = {
    name: 'root',
    lock_passwd: false,
    // Where SSH accepts keys only, the console password is a generated one.
    hashed_passwd: await sha512Crypt(
      rootPassword,
      undefined,
      allowPasswordLogin ? CHOSEN_PASSWORD_ROUNDS : RANDOM_PASSWORD_ROUNDS,
    ),
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
    write_files: [
      { path: '/etc/ssh/sshd_config.d/50-cloud-init.conf', content: sshdConfig(allowPasswordLogin) },
    ],
    // Merged into the customer's part: lists are joined, and the customer's values stay.
    merge_how: [
      { name: 'list', settings: ['append'] },
      { name: 'dict', settings: ['no_replace', 'recurse_list'] },
    ],
  };
}

/**
 * cloud-init writes `ssh_pwauth` to this file and then restarts sshd, which would cut off early SSH sessions. If the
 * file already has that setting, it does not restart sshd.
 */
const sshdConfig = (allowPasswordLogin: boolean): string =>
  allowPasswordLogin
    ? 'PasswordAuthentication yes\nPermitRootLogin yes\n'
    : 'PasswordAuthentication no\nPermitRootLogin prohibit-password\n';

/** Forms send CRLF line ends, which break scripts, and cloud-init expects the header at the very beginning. */
const normalise = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/^\uFEFF?\s*/, '');

const isMime = (text: string): boolean => /^(content-type|mime-version):/i.test(text);

const kindOf = (text: string): string | null =>
  KINDS.find(([start]) => text.toLowerCase().startsWith(start))?.[1] ?? null;

/** A customer's MIME message becomes a part as it is, with its own parts inside. */
const customPart = (text: string): string => (isMime(text) ? text : part(kindOf(text) ?? 'text/plain', text));

/** Base64, so that no line of the content can end the part or be changed on the way. */
function part(type: string, content: string): string {
  const body = Buffer.from(content, 'utf8').toString('base64').replace(/.{76}/g, '$&\n');
  return `Content-Type: ${type}; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n${body}\n`;
}

function mimeArchive(parts: readonly string[]): string {
  const boundary = `danube-${createHash('sha256').update(parts.join()).digest('hex').slice(0, 32)}`;
  const body = parts.map((text) => `--${boundary}\n${text}\n`).join('');
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${body}--${boundary}--\n`;
}

/** Regular texts repeat only a handful of values. */
const MAX_ALIASES = 20;

const ACCEPTED =
  'The cloud-init text must begin with "#cloud-config", "#!", "#cloud-boothook", "#include", ' +
  '"#cloud-config-archive", "## template: jinja", or the headers of a MIME message.';

/**
 * What is wrong with custom user-data, in one sentence; null where it is acceptable. Checks the format only: whether
 * its commands work is shown in the instance's cloud-init log.
 */
export function checkCloudInit(text: string): string | null {
  if (text.length > MAX_CLOUD_INIT) {
    return `The cloud-init text may not be longer than ${MAX_CLOUD_INIT} characters; it has ${text.length}.`;
  }
  if (text.includes('\0')) return 'The cloud-init text may not contain null characters.';
  const normalised = normalise(text);
  if (normalised === '' || isMime(normalised)) return null;
  const kind = kindOf(normalised);
  if (kind === null) {
    const config = checkYaml(normalised, 'mapping') === null;
    return config ? 'The cloud-init text needs "#cloud-config" as its first line.' : ACCEPTED;
  }
  if (kind === 'text/cloud-config') return checkYaml(normalised, 'mapping');
  if (kind === 'text/cloud-config-archive') return checkYaml(normalised, 'list');
  return null;
}

function checkYaml(text: string, expected: 'mapping' | 'list'): string | null {
  const lines = new LineCounter();
  // cloud-init reads YAML 1.1, as Python's YAML library does.
  const document = parseDocument(text, {
    version: '1.1',
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const reason = /call stack/.test(problem.message)
      ? 'it is nested too deeply'
      : problem.message
          .split('\n')[0]
          ?.slice(0, 120)
          .replace(/[.:]\s*$/, '');
    return `The cloud-init text is not valid YAML: line ${line}, column ${col}: ${reason}.`;
  }
  // Checks the syntax tree: resolving the aliases could take extremely long, here and in the instance.
  let aliases = 0;
  visit(document, { Alias: () => void aliases++ });
  if (aliases > MAX_ALIASES) return 'The cloud-init text repeats YAML aliases too often.';
  return checkShape(document, expected);
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
