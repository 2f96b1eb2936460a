import type { ControlVerb } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { IncusError } from './errors.ts';
import { instancePath } from './lookup.ts';

/** Verbs by which the data plane itself has an engine stand still for one copy of its data. */
type QuiesceVerb = 'hold' | 'release';

/**
 * Seconds that the control program gets. A restart waits for the engine to end, which gets two minutes for that; a
 * check reads all data; before it stands still, an engine may have to write much of its memory down.
 */
const SECONDS: Record<ControlVerb | QuiesceVerb, number> = {
  reload: 60,
  restart: 150,
  metrics: 20,
  state: 20,
  logs: 20,
  verify: 3600,
  hold: 60,
  release: 20,
};
/** Seconds from the request to end to the kill, and from that until Incus must have noticed. */
const KILL_AFTER = 5;
const SLACK = 10;
/** Bytes of an answer that are read. The longest are logs, of 1 MiB. */
const LIMIT = 2 * 1024 * 1024;
/** Characters of a complaint that go to the log. */
const COMPLAINT = 2_000;
/** Exit statuses of `timeout` where it had to end or kill the command. */
const TIMED_OUT: ReadonlySet<number> = new Set([124, 137]);
/** Exit status of the control program for a verb that it does not know. */
const UNKNOWN_VERB = 2;

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
  throw new DataPlaneError('failed', 'The service could not do what it was asked to.', { detail });
}

/** Whether the control program did as told, and its complaint where it did not. */
export interface QuiesceOutcome {
  done: boolean;
  said: string;
}

/**
 * Has the engine make its data fit to be copied, and keep it so until {@link releaseEngine}, for a few seconds at most.
 * Not done where the image is older than this, or the engine is down or too busy.
 */
export function quiesceEngine(context: IncusContext, ref: InstanceRef): Promise<QuiesceOutcome> {
  return outcomeOf(ask(context, ref, 'hold'));
}

/** Lets it go on. Not done where it went on before: what was copied meanwhile may have been written to. */
export function releaseEngine(context: IncusContext, ref: InstanceRef): Promise<QuiesceOutcome> {
  return outcomeOf(ask(context, ref, 'release'));
}

interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

async function outcomeOf(asked: Promise<Answer>): Promise<QuiesceOutcome> {
  try {
    const { status, stderr } = await asked;
    return { done: status === 0, said: `status ${status}: ${stderr.trim().slice(0, COMPLAINT)}` };
  } catch (error) {
    // It stopped at this very moment.
    if (!(error instanceof DataPlaneError) || error.code !== 'invalid') throw error;
    return { done: false, said: error.message };
  }
}

/** Throws `invalid` where the instance does not run. */
function ask(context: IncusContext, ref: InstanceRef, verb: ControlVerb | QuiesceVerb): Promise<Answer> {
  const { path, query } = instancePath(context, ref);
  const seconds = SECONDS[verb];
  const command = ['timeout', '-k', String(KILL_AFTER), String(seconds), '/usr/lib/danube/control', verb];
  const timeoutSeconds = seconds + KILL_AFTER + SLACK;
  return context.client
    .execRecorded(path, command, LIMIT, { query, timeoutSeconds })
    .catch((error: unknown) => {
      throw explain(error);
    });
}

const explain = (error: unknown): unknown =>
  error instanceof IncusError && /not running|is stopped/i.test(error.said)
    ? new DataPlaneError('invalid', 'The instance does not run.', { detail: error.said, cause: error })
    : error;
