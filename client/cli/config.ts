import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UsageError } from './failure.ts';

/** Where requests go, and by which token. */
export interface Access {
  url: string;
  token: string;
}

/** What can be in a header. */
export const TOKEN = /^[\x21-\x7e]+$/;

type Environment = Readonly<Record<string, string | undefined>>;

export const fileOf = (env: Environment): string =>
  path.join(
    env.XDG_CONFIG_HOME || path.join(env.HOME ?? os.homedir(), '.config'),
    'danubectl',
    'config.json',
  );

/** From the variables `DANUBE_URL` and `DANUBE_TOKEN`, else from the file of `danubectl login`. Throws {@link UsageError}. */
export async function readAccess(env: Environment): Promise<Access> {
  if (env.DANUBE_TOKEN) {
    // A failure of the request would show it.
    if (!TOKEN.test(env.DANUBE_TOKEN)) throw new UsageError('DANUBE_TOKEN is no token.');
    if (!env.DANUBE_URL)
      throw new UsageError('Set DANUBE_URL as well: a token is sent to its own install only.');
    return { url: readUrl(env.DANUBE_URL), token: env.DANUBE_TOKEN };
  }
  const file = fileOf(env);
  const kept = await readKept(file);
  if (kept === null) {
    throw new UsageError(
      'It is not known which install to use. Run `danubectl login URL`, or set DANUBE_URL and DANUBE_TOKEN.',
    );
  }
  // A token is for the install that it was made by: that of the file is sent nowhere else.
  if (env.DANUBE_URL && readUrl(env.DANUBE_URL) !== kept.url)
    throw new UsageError(`DANUBE_URL is not ${kept.url}, whose token is kept. Set DANUBE_TOKEN as well.`);
  return kept;
}

/** Null: there is no such file. Throws {@link UsageError} for one that somebody else may read, or has written. */
async function readKept(file: string): Promise<Access | null> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new UsageError(error.message);
  });
  if (!handle) return null;
  try {
    const { mode, uid } = await handle.stat();
    // Who could read it could do all that the token may; who wrote it chose where requests go, with all that is in them.
    if (uid !== process.getuid?.()) throw new UsageError(`${file} belongs to somebody else. Remove it.`);
    if ((mode & 0o077) !== 0) throw new UsageError(`Others may read ${file}. Run \`chmod 600 ${file}\`.`);
    const kept = parse(await handle.readFile('utf8'));
    if (!kept) throw new UsageError(`${file} cannot be read. Run \`danubectl login URL\` again.`);
    return kept;
  } finally {
    await handle.close();
  }
}

function parse(text: string): Access | null {
  try {
    const { url, token } = JSON.parse(text) as Partial<Access>;
    return typeof url === 'string' && typeof token === 'string' && TOKEN.test(token) ? { url, token } : null;
  } catch {
    return null;
  }
}

/** The address of an install, without a path. Throws {@link UsageError}. */
export function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new UsageError(`"${text}" is no address of an install, such as https://cloud.example.org.`);
  return url.origin;
}

/** Keeps it in a file that nobody else may read. */
export async function writeAccess(env: Environment, access: Access): Promise<string> {
  const file = fileOf(env);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, `${JSON.stringify(access)}\n`, { mode: 0o600, flag: 'wx' });
  await chmod(temporary, 0o600);
  await rename(temporary, file);
  return file;
}

export const forgetAccess = (env: Environment): Promise<void> => rm(fileOf(env), { force: true });
