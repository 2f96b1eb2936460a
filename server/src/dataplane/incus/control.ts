import type { ControlVerb } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { IncusError } from './errors.ts';
import { instancePath } from './lookup.ts';

/** Verbs that only the data plane uses, to quiesce an engine while its volume is copied. */
type QuiesceVerb = 'hold' | 'release';

/**
 * Time limits in seconds. A restart includes up to two minutes for the engine to stop, `verify` reads all data, and
 * before it is quiesced an engine may have to write much of its memory to disk.
 */
const SECONDS: Record<ControlVerb | QuiesceVerb, number> = {
  reload: 60,
  restart: 150,
  metrics: 20,
  state: 20,
  examine: 15,
  logs: 20,
  verify: 3600,
  hold: 60,
  release: 20,
};
/** Seconds from SIGTERM to SIGKILL, and from SIGKILL until Incus has noticed the end. */
const KILL_AFTER = 5;
const SLACK = 10;
/** Bytes of output that are read. The longest are logs, of 1 MiB. */
const LIMIT = 2 * 1024 * 1024;
/** Characters of an error message that are logged. */
const COMPLAINT = 2_000;
/** Characters of an engine's words in a message for the customer. */
const QUOTED = 500;
/** Exit statuses of timeout(1) when it had to terminate or kill the command. */
const TIMED_OUT: ReadonlySet<number> = new Set([124, 137]);
/** Exit status of the control program for a verb that it does not know. */
const UNKNOWN_VERB = 2;

/** Exit status of `hold` where the data can be copied without being held. */
const SETTLED = 9;
/** Where the control program leaves what went wrong with `hold`. */
const HOLD_COMPLAINT = '/run/danube/hold/complaint';

/** Exit status of `reload` where the engine rejects a parameter: its words are for the customer. */
const REFUSED = 3;

/** Runs `/usr/lib/danube/control VERB` in the guest, and returns what it prints. See `Compute.control`. */
export async function runControl(
  context: IncusContext,
  ref: InstanceRef,
  verb: ControlVerb,
): Promise<string> {
  const { status, stdout, stderr } = await ask(context, ref, verb);
  if (status === 0) return stdout;
  const detail = `control ${verb}, status ${status}: ${stderr.trim().slice(0, COMPLAINT)}`;
  if (TIMED_OUT.has(status)) throw new DataPlaneError('timeout', 'The service took too long.', { detail });
  if (status === UNKNOWN_VERB) {
    throw new DataPlaneError('invalid', 'The image of this instance is too old for this.', { detail });
  }
  if (verb === 'reload' && status === REFUSED) {
    const words = stderr.trim().split('\n').slice(0, 5).join('; ').slice(0, QUOTED);
    throw new DataPlaneError(
      'failed',
      `The engine refuses the parameters, and keeps those it has: ${words}`,
      { detail },
    );
  }
  throw new DataPlaneError('failed', 'The service could not do what it was asked to.', { detail });
}

/** How far the control program came, and its error message where it failed. */
export interface QuiesceOutcome {
  /** `held`: the engine stands still until {@link releaseEngine}. `settled`: a copy can be made while it goes on. */
  state: 'held' | 'settled' | 'failed';
  said: string;
}

/**
 * Makes the engine's data consistent on disk and, where a copy needs that, keeps it so for a few seconds at most. Fails
 * where the image is too old for this verb, or the engine is down or too busy.
 */
export async function quiesceEngine(context: IncusContext, ref: InstanceRef): Promise<QuiesceOutcome> {
  const outcome = await statusOf(context, ref, 'hold');
  const state = outcome.status === 0 ? 'held' : outcome.status === SETTLED ? 'settled' : 'failed';
  return { state, said: outcome.said };
}

/** Lets the engine continue. False where it had already continued: data copied meanwhile may have changed. */
export async function releaseEngine(
  context: IncusContext,
  ref: InstanceRef,
): Promise<{ done: boolean; said: string }> {
  const { status, said } = await statusOf(context, ref, 'release');
  return { done: status === 0, said };
}

interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

/** The exit status of the control program; null where the instance does not run. `said` is why it failed. */
async function statusOf(
  context: IncusContext,
  ref: InstanceRef,
  verb: QuiesceVerb,
): Promise<{ status: number | null; said: string }> {
  const { path, command, options } = controlCommand(context, ref, verb);
  try {
    // Its output is not recorded: Incus would write, read and remove files, for as long as the copy itself takes.
    const status = await context.client.exec(path, command, options);
    if (status === 0 || status === SETTLED) return { status, said: '' };
    const why = await context.client.execRecorded(path, ['cat', HOLD_COMPLAINT], COMPLAINT, options);
    return { status, said: `status ${status}: ${why.stdout.trim()}` };
  } catch (error) {
    const explained = explainExec(error);
    // It stopped at this moment.
    if (!(explained instanceof DataPlaneError) || explained.code !== 'invalid') throw explained;
    return { status: null, said: explained.message };
  }
}

/** Throws `invalid` where the instance is not running. */
function ask(context: IncusContext, ref: InstanceRef, verb: ControlVerb): Promise<Answer> {
  const { path, command, options } = controlCommand(context, ref, verb);
  return context.client.execRecorded(path, command, LIMIT, options).catch((error: unknown) => {
    throw explainExec(error);
  });
}

function controlCommand(context: IncusContext, ref: InstanceRef, verb: ControlVerb | QuiesceVerb) {
  const { path, query } = instancePath(context, ref);
  const seconds = SECONDS[verb];
  const command = ['timeout', '-k', String(KILL_AFTER), String(seconds), '/usr/lib/danube/control', verb];
  return { path, command, options: { query, timeoutSeconds: seconds + KILL_AFTER + SLACK } };
}

/** The error of a command in an instance, as the contract names it. */
export const explainExec = (error: unknown): unknown =>
  error instanceof IncusError && /not running|is stopped/i.test(error.said)
    ? new DataPlaneError('invalid', 'The instance does not run.', { detail: error.said, cause: error })
    : error;
