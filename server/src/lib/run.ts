import { spawn } from 'node:child_process';

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string | Buffer;
  timeoutSeconds?: number;
  /** Run as this user; needs root. */
  as?: { uid: number; gid: number };
  /**
   * Root only: runs the command in mount and process id namespaces of its own, and kills it when this process ends for
   * any reason, so that no process or mount of it remains. It does not inherit how likely the kernel is to kill this
   * process when memory runs out.
   */
  contained?: boolean;
  /** Kills the command with SIGKILL when it aborts; the status is 137 then. */
  signal?: AbortSignal | undefined;
  /** Exit statuses besides 0 that are not an error. */
  allow?: readonly number[] | 'any';
  /** Called with each line of output as it arrives. */
  onLine?: (line: string) => void;
}

/** A command that failed; `message` is for the operator and contains the end of its output. */
export class RunError extends Error {
  readonly result: RunResult;
  constructor(command: string, result: RunResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n  ');
    super(`${command} failed with status ${result.status}:\n  ${said}`);
    this.name = 'RunError';
    this.result = result;
  }
}

/**
 * Runs a command to its end and returns its output. Throws {@link RunError} where the exit status is not allowed. The
 * status is 127 for a missing command, and 128 or more for one ended by a signal or the time limit.
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await collect(command, args, options);
  const allowed =
    result.status === 0 || options.allow === 'any' || (options.allow?.includes(result.status) ?? false);
  if (!allowed) throw new RunError([command, ...args.slice(0, 3)].join(' '), result);
  return result;
}

/**
 * See setpriv(1) and unshare(1): our death kills `unshare`, whose death kills the first process of the namespace. The score
 * is that of ordinary processes, see proc_pid_oom_score_adj(5); where it may not be set, it was not changed before either.
 */
const CONTAINER = [
  ...['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-c', 'echo 0 2>/dev/null >/proc/self/oom_score_adj; exec "$0" "$@"'],
];

function collect(command: string, args: string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    const [program, ...rest] = options.contained ? [...CONTAINER, command, ...args] : [command, ...args];
    const child = spawn(program ?? command, rest, {
      cwd: options.cwd ?? '/',
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.timeoutSeconds
        ? { timeout: options.timeoutSeconds * 1000, killSignal: 'SIGKILL' as const }
        : {}),
      ...options.as,
    });
    const kill = () => void child.kill('SIGKILL');
    if (options.signal?.aborted) kill();
    else options.signal?.addEventListener('abort', kill, { once: true });
    let stdout = '';
    let stderr = '';
    // Separate splitters: output arrives in pieces, and a piece of one stream does not continue the other.
    const outLines = lineSplitter(options.onLine);
    const errLines = lineSplitter(options.onLine);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      outLines(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      errLines(text);
    });
    child.once('error', (error) => resolve({ status: 127, stdout, stderr: `${stderr}${error.message}` }));
    child.once('close', (status, signal) => {
      options.signal?.removeEventListener('abort', kill);
      resolve({ status: status ?? (signal ? 137 : 128), stdout, stderr });
    });
    // A command that exits before it has read its input breaks the pipe; its exit status is the result.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (text: string) => void {
  let rest = '';
  return (text) => {
    if (!onLine) return;
    const parts = (rest + text).split(/[\r\n]+/);
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim()) onLine(part.trim());
  };
}
