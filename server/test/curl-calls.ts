import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A request that a command would send. */
export interface CurlCall {
  method: string;
  url: string;
  /** The values of `-H`. */
  headers: string[];
  body: unknown;
}

/**
 * Runs commands in a shell, with functions in place of `curl` and `jq`: nothing is sent, and whatever is read from an answer
 * is `read`. Returns what would have been sent, as the shell understood it.
 */
export async function runCurl(commands: string, read: string): Promise<CurlCall[]> {
  const functions = `
    curl() { printf '%s\\0' "$@" >&3; printf '\\1' >&3; }
    jq() { echo '${read}'; }
  `;
  const { stdout } = await promisify(execFile)('bash', ['-c', `exec 3>&1\n${functions}\n${commands}`], {
    env: { PATH: process.env.PATH, TOKEN: '1|secret' },
  });
  return stdout
    .split('\u0001')
    .slice(0, -1)
    .map((call) => callOf(call.split('\0').slice(0, -1)));
}

function callOf(words: readonly string[]): CurlCall {
  const valuesOf = (option: string) => words.filter((_, at) => words[at - 1] === option);
  const url = words.find((word) => /^https?:/.test(word));
  const [method] = valuesOf('-X');
  const [body] = valuesOf('-d');
  if (!url || !method || body === undefined) throw new Error(`This is no whole request: ${words.join(' ')}`);
  return { method, url, headers: valuesOf('-H'), body: JSON.parse(body) };
}
