import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Command, type Commands, commandsOf, type OpenApi, type Parameter } from './commands.ts';
import { type Access, forgetAccess, readAccess, readUrl, TOKEN, writeAccess } from './config.ts';
import { EXIT, Failure, UsageError } from './failure.ts';
import { callOf, commandHelp, completion, generalHelp, groupHelp } from './help.ts';
import { asJson, asTable, printable } from './output.ts';
import { answerOf, noInstall, type Request, send } from './request.ts';

/** Where a command reads and writes. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** All of standard input. */
  input: () => Promise<Uint8Array>;
  /** Asks for a secret. */
  ask: (question: string) => Promise<string>;
  out: (text: string | Uint8Array) => void;
  /** Whether that is shown by a terminal, and not a file or another program. */
  isTTY?: boolean | undefined;
  /** For people: messages, warnings, progress. */
  err: (text: string) => void;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** Runs a command line; returns the exit status. */
export async function run(words: readonly string[], document: OpenApi, terminal: Terminal): Promise<number> {
  const shown = showing(terminal);
  try {
    await dispatch(words, commandsOf(document), shown);
    return 0;
  } catch (error) {
    const { message, exit } = error instanceof Failure ? error : unexpected(error);
    shown.err(`danubectl: ${message}\n`);
    return exit;
  }
}

/** The same terminal, which shows text as it is, whatever a server or a name says. Bytes for files and programs stay as they are. */
const showing = ({ out, err, isTTY, ...rest }: Terminal): Terminal => ({
  ...rest,
  isTTY,
  out: (text) => out(typeof text === 'string' ? printable(text) : text),
  err: (text) => err(printable(text)),
});

/** What no command has foreseen. Of a file that cannot be written, its message says all; of a fault here, its stack is wanted. */
function unexpected(error: unknown): Failure {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  return new Failure(typeof code === 'string' ? message : (stack ?? String(error)), EXIT.refused);
}

async function dispatch(words: readonly string[], commands: Commands, terminal: Terminal): Promise<void> {
  const [group, name] = words;
  const print = (text: string) => terminal.out(`${text.trimEnd()}\n`);
  if (group === undefined || ['help', '--help', '-h'].includes(group)) return print(generalHelp(commands));
  if (group === 'completion') return print(completion(commands));
  if (group === 'login') return login(words.slice(1), terminal);
  if (group === 'logout') return forgetAccess(terminal.env);
  if (!commands.groups.some((one) => one.name === group))
    throw new UsageError(`There is no group "${group}". \`danubectl help\` lists them.`);
  const own = commands.commands.filter((one) => one.group === group);
  const whole = own.find((one) => one.name === '');
  if (!whole && (name === undefined || ['--help', '-h'].includes(name)))
    return print(groupHelp(commands, group));
  const command = whole ?? own.find((one) => one.name === name);
  if (!command)
    throw new UsageError(`There is no command "${group} ${name}". \`danubectl ${group}\` lists them.`);
  const { values, positionals } = parse(command, words.slice(whole ? 1 : 2));
  if (values.help) return print(commandHelp(command));
  await call(command, { values, positionals }, terminal);
}

async function login(words: readonly string[], { env, ask, err }: Terminal): Promise<void> {
  if (words.length !== 1) throw new UsageError('danubectl login takes the address of an install.');
  const url = readUrl(words[0]!);
  if (isOpen(url)) err(`${url} is not encrypted: who is on the way can read the token.\n`);
  const token = (await ask(`Token for ${url}: `)).trim();
  if (!TOKEN.test(token)) throw new UsageError('That is no token.');
  const { email } = await answerOf<{ email?: unknown }>(
    await send({ url, token }, { method: 'GET', path: '/user' }),
  );
  if (typeof email !== 'string') throw noInstall(url);
  err(`Signed in as ${email}. Kept in ${await writeAccess(env, { url, token })}.\n`);
}

/** Whether requests go over a network in the clear. */
const isOpen = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
};

/** Options of every command, unless the command has a parameter of that name. */
const COMMON = {
  help: { type: 'boolean', short: 'h' },
  output: { type: 'string', short: 'o' },
  team: { type: 'string' },
  wait: { type: 'boolean' },
  json: { type: 'string' },
  file: { type: 'string' },
} as const;

const flagsOf = ({ parameters }: Command): readonly Parameter[] => parameters.filter(({ isWord }) => !isWord);

function parse(command: Command, words: readonly string[]): { values: Values; positionals: string[] } {
  const own = Object.fromEntries(
    flagsOf(command).map(({ flag, type }) => [
      flag,
      type === 'boolean'
        ? { type: 'boolean' as const }
        : { type: 'string' as const, ...(type === 'list' ? { multiple: true } : {}) },
    ]),
  );
  try {
    const options = { ...COMMON, ...own };
    return parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} \`danubectl ${callOf(command)} --help\``);
  }
}

/** What of an answer counts here. */
interface Answer {
  operation_id?: string | null;
  warnings?: string[];
  pagination?: { current_page?: number; last_page?: number };
}

async function call(
  command: Command,
  { values, positionals }: { values: Values; positionals: readonly string[] },
  terminal: Terminal,
): Promise<void> {
  const isOwn = (name: string) => flagsOf(command).some(({ flag }) => flag === name);
  const common = (name: string) => (isOwn(name) ? undefined : values[name]);
  const output = common('output') ?? 'table';
  if (output !== 'table' && output !== 'json') throw new UsageError('--output takes table or json.');
  const request: Request = {
    method: command.method,
    path: pathOf(command, positionals, values),
    team: common('team') as string | undefined,
    body: await bodyOf(command, values, terminal),
  };
  const access = await readAccess(terminal.env);
  const response = await send(access, request);
  if (!response.headers.get('content-type')?.includes('json') || isStreamOfLines(response)) {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? [])
      terminal.out(terminal.isTTY ? decoder.decode(chunk, { stream: true }) : chunk);
    return;
  }
  const answer = await answerOf<Answer>(response);
  terminal.out(`${output === 'json' ? asJson(answer) : asTable(answer)}\n`);
  const { current_page: page = 1, last_page: last = 1 } = answer.pagination ?? {};
  if (page < last) terminal.err(`Page ${page} of ${last}; --page ${page + 1} has the next.\n`);
  for (const warning of answer.warnings ?? []) terminal.err(`Warning: ${warning}\n`);
  if (common('wait') && answer.operation_id) await waitFor(access, request, answer.operation_id, terminal);
}

const isStreamOfLines = (response: Response): boolean =>
  response.headers.get('content-type')!.includes('ndjson');

function pathOf(command: Command, words: readonly string[], values: Values): string {
  const places = command.parameters.filter(({ isWord }) => isWord);
  if (words.length !== places.length) {
    const wanted = places.map(({ flag }) => flag).join(' ') || 'no words';
    throw new UsageError(`danubectl ${callOf(command)} takes ${wanted}.`);
  }
  const typed = new Map(places.map(({ name }, index) => [name, words[index]!]));
  const path = command.parameters.reduce((filled, { name, flag, in: place }) => {
    if (place !== 'path') return filled;
    const word = typed.get(name)!;
    // These would lead to another path.
    if (/^\.{0,2}$/.test(word)) throw new UsageError(`"${word}" is no ${flag}.`);
    return filled.replace(`{${name}}`, encodeURIComponent(word));
  }, command.path);
  const query = new URLSearchParams();
  for (const { name, flag, in: place } of command.parameters) {
    const value = typed.get(name) ?? values[flag];
    if (place === 'query' && value !== undefined) query.set(name, [value].flat().join(','));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

async function bodyOf(command: Command, values: Values, { input }: Terminal): Promise<Request['body']> {
  const read = async (from: string) => (from === '-' ? input() : readFile(from));
  if (command.body === 'file') {
    if (typeof values.file !== 'string') throw new UsageError('Say with --file what is to be sent.');
    const content = await read(values.file).catch((error: Error) => {
      throw new UsageError(error.message);
    });
    return { type: 'application/octet-stream', content };
  }
  if (command.body === null) return undefined;
  const members = command.parameters.filter(({ in: place }) => place === 'body');
  const isJson = members.some(({ flag }) => flag === 'json') ? undefined : values.json;
  const whole = typeof isJson === 'string' ? await readJson(isJson, read) : {};
  const given = members.flatMap((member) => {
    const value = values[member.flag];
    return value === undefined ? [] : [[member.name, readValue(member, value)] as const];
  });
  return {
    type: 'application/json',
    content: JSON.stringify({ ...whole, ...Object.fromEntries(given) }),
  };
}

async function readJson(text: string, read: (from: string) => Promise<Uint8Array>): Promise<object> {
  try {
    const source = text.startsWith('@') ? Buffer.from(await read(text.slice(1))).toString() : text;
    const value: unknown = JSON.parse(source);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new UsageError(`--json cannot be read: ${(error as Error).message}`);
  }
  throw new UsageError('--json takes an object.');
}

function readValue({ type, flag }: Parameter, value: NonNullable<Values[string]>): unknown {
  if (type === 'list' || type === 'boolean' || typeof value !== 'string') return value;
  // The server says what is wrong with a number that is none.
  if (type === 'number') return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  if (type === 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new UsageError(`--${flag} takes JSON.`);
  }
}

/** Milliseconds until `--wait` is given up, and between two requests. */
const LONGEST_WAIT = 2 * 3_600_000;
const PAUSE = 2_000;

/** Waits until an operation has ended, also over a restart of the server. Throws a {@link Failure} where it has failed. */
async function waitFor(access: Access, { team }: Request, id: string, { err }: Terminal): Promise<void> {
  const path = `/operations/${encodeURIComponent(id)}?wait=30`;
  for (const until = Date.now() + LONGEST_WAIT; Date.now() < until; await delay(PAUSE)) {
    const response = await send(access, { method: 'GET', path, team }).catch((error: unknown) => {
      if (error instanceof Failure && error.exit === EXIT.unavailable) return null;
      throw error;
    });
    if (!response) continue;
    const { data } = await answerOf<{
      data: { terminal: boolean; state: string; error?: { message?: string } | null };
    }>(response);
    if (!data.terminal) continue;
    if (data.state === 'succeeded') return err('Done.\n');
    throw new Failure(data.error?.message ?? `The operation ended as ${data.state}.`, EXIT.operation);
  }
  throw new Failure('The operation has not ended after two hours. It goes on.', EXIT.operation);
}
