/**
 * Transfers money between accounts while other things happen. A copy of the data must never contain half a transfer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { run } from '../../src/lib/run.ts';

export interface Login {
  provider: 'postgresql' | 'mysql' | 'mariadb' | 'redis' | 'valkey';
  host: string;
  username: string;
  password: string;
  database: string | null;
  connectionInfo: string;
  caFile: string;
}

/** The content of the accounts. */
export interface Books {
  /** The sum of all accounts, which must always be zero. */
  sum: number;
  /** For each session, the number of its last transfer, and how many transfers it has. */
  sessions: { last: number; count: number }[];
}

const ACCOUNTS = 20;
const SESSIONS = 2;
/** What the clients print if a command fails. */
const COMPLAINT = /^\(?(error|ERR|EXECABORT|MISCONF|LOADING|OOM|NOAUTH|READONLY)\b/;

const isSql = ({ provider }: Login): boolean => provider !== 'redis' && provider !== 'valkey';

/**
 * The command line of the engine's own client, which verifies the server's certificate and reads commands from standard
 * input.
 */
function client(login: Login): { program: string; args: string[]; env: NodeJS.ProcessEnv } {
  if (login.provider === 'postgresql') {
    const uri = login.connectionInfo.replace('sslmode=require', 'sslmode=verify-full');
    const env = { ...process.env, PGSSLROOTCERT: login.caFile, PGCONNECT_TIMEOUT: '60' };
    return { program: 'psql', args: ['-XAtq', '-F', ' ', '-v', 'ON_ERROR_STOP=1', uri], env };
  }
  if (isSql(login)) {
    const tls = ['--ssl', `--ssl-ca=${login.caFile}`, '--ssl-verify-server-cert', '--connect-timeout=60'];
    const args = [
      '-h',
      login.host,
      '-u',
      login.username,
      ...tls,
      '-NB',
      '--unbuffered',
      login.database ?? '',
    ];
    return { program: 'mariadb', args, env: { ...process.env, MYSQL_PWD: login.password } };
  }
  const args = ['-u', login.connectionInfo, '--cacert', login.caFile, '--no-auth-warning'];
  return { program: 'redis-cli', args, env: process.env };
}

/** Lets the client run the commands, and returns the lines that it prints. Throws if one of them fails. */
export async function ask(login: Login, text: string): Promise<string[]> {
  const { program, args, env } = client(login);
  const { stdout } = await run(program, args, { env, input: `${text}\n`, timeoutSeconds: 600 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const complaint = lines.find((line) => !isSql(login) && COMPLAINT.test(line));
  if (complaint) throw new Error(`${text}: ${complaint}`);
  return lines;
}

/** Creates the accounts, all empty. */
export async function openAccounts(login: Login): Promise<void> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, id) => id);
  if (!isSql(login)) {
    await ask(login, accounts.map((id) => `SET account:${id} 0`).join('\n'));
    return;
  }
  await ask(
    login,
    `create table accounts (id int primary key, balance bigint not null);
    create table transfers (session int not null, n int not null, primary key (session, n));
    insert into accounts values ${accounts.map((id) => `(${id}, 0)`).join(', ')};`,
  );
}

/** Reads the accounts. */
export async function readBooks(login: Login): Promise<Books> {
  const sessions = Array.from({ length: SESSIONS }, (_, session) => session);
  if (!isSql(login)) {
    const accounts = Array.from({ length: ACCOUNTS }, (_, id) => `account:${id}`);
    const balances = await ask(login, `MGET ${accounts.join(' ')}`);
    const lasts = await ask(login, `MGET ${sessions.map((session) => `session:${session}`).join(' ')}`);
    const sum = balances.reduce((total, balance) => total + Number(balance), 0);
    return { sum, sessions: lasts.map((last) => ({ last: Number(last), count: Number(last) })) };
  }
  const [sum] = await ask(login, 'select sum(balance) from accounts;');
  const rows = await ask(
    login,
    sessions
      .map((s) => `select coalesce(max(n), 0), count(*) from transfers where session = ${s};`)
      .join('\n'),
  );
  return {
    sum: Number(sum),
    sessions: rows.map((row) => {
      const [last, count] = row.split(/\s+/).map(Number);
      return { last: last!, count: count! };
    }),
  };
}

/** Sessions that transfer money without a pause until they are stopped or lose their connection. */
export class Transfers {
  readonly #sessions: Session[];
  readonly #ends: Promise<void>[];

  constructor(login: Login) {
    this.#sessions = Array.from({ length: SESSIONS }, (_, number) => new Session(login, number));
    this.#ends = this.#sessions.map((session) => session.run());
  }

  /** For each session, the number of the last transfer that the engine has acknowledged. */
  acknowledged(): number[] {
    return this.#sessions.map(({ acknowledged }) => acknowledged);
  }

  /** The longest time between two acknowledgements, in milliseconds, since the last call. */
  longestPause(): number {
    return Math.max(...this.#sessions.map((session) => session.longestPause()));
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.stop();
    await Promise.all(this.#ends);
  }
}

class Session {
  acknowledged = 0;
  readonly #login: Login;
  readonly #number: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #stopped = false;
  #lastAt = performance.now();
  #pause = 0;

  constructor(login: Login, number: number) {
    this.#login = login;
    this.#number = number;
    const { program, args, env } = client(login);
    this.#child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    // A client that has lost its connection closes its end of the pipe.
    this.#child.stdin!.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout! });
  }

  stop(): void {
    this.#stopped = true;
  }

  longestPause(): number {
    const pause = this.#pause;
    this.#pause = 0;
    return pause;
  }

  async run(): Promise<void> {
    this.#transfer();
    for await (const line of this.#lines) {
      if (!isSql(this.#login) && COMPLAINT.test(line)) break;
      if (line !== `ack-${this.acknowledged + 1}`) continue;
      this.acknowledged += 1;
      const now = performance.now();
      this.#pause = Math.max(this.#pause, now - this.#lastAt);
      this.#lastAt = now;
      if (this.#stopped) break;
      this.#transfer();
    }
    const ended = once(this.#child, 'close');
    const running = this.#child.exitCode === null && this.#child.signalCode === null;
    this.#child.stdin!.end();
    this.#child.kill('SIGKILL');
    if (running) await ended;
  }

  #transfer(): void {
    const n = this.acknowledged + 1;
    const amount = (n % 97) + 1;
    // Always the lower account first, so that there are no deadlocks.
    const from = n % (ACCOUNTS - 1);
    const to = from + 1 + ((n * 7) % (ACCOUNTS - 1 - from));
    const commands = isSql(this.#login)
      ? [
          'start transaction;',
          `update accounts set balance = balance - ${amount} where id = ${from};`,
          `update accounts set balance = balance + ${amount} where id = ${to};`,
          `insert into transfers values (${this.#number}, ${n});`,
          'commit;',
          `select 'ack-${n}';`,
        ]
      : [
          'MULTI',
          `DECRBY account:${from} ${amount}`,
          `INCRBY account:${to} ${amount}`,
          `SET session:${this.#number} ${n}`,
          'EXEC',
          `ECHO ack-${n}`,
        ];
    this.#child.stdin!.write(`${commands.join('\n')}\n`);
  }
}
