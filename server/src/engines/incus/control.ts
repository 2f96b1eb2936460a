import { type ControlVerb, EngineError, type InstanceRef } from '../engine.ts';
import type { IncusClient } from './client.ts';
import { IncusError } from './errors.ts';
import type { Instances } from './instances.ts';

/** Seconds that the control program gets. A restart waits for the engine to end, which gets two minutes for that; a check reads all data. */
const SECONDS: Record<ControlVerb, number> = {
  reload: 60,
  restart: 150,
  metrics: 20,
  state: 20,
  logs: 20,
  verify: 3600,
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

/** Runs `/usr/lib/danube/control VERB` in the guest, and returns what it prints. See `Engine.control`. */
export async function runControl(
  client: IncusClient,
  instances: Instances,
  ref: InstanceRef,
  verb: ControlVerb,
): Promise<string> {
  const { path, query } = instances.path(ref);
  const seconds = SECONDS[verb];
  const command = ['timeout', '-k', String(KILL_AFTER), String(seconds), '/usr/lib/danube/control', verb];
  const timeoutSeconds = seconds + KILL_AFTER + SLACK;
  const { status, stdout, stderr } = await client
    .execRecorded(path, command, LIMIT, { query, timeoutSeconds })
    .catch((error: unknown) => {
      throw explain(error);
    });
  if (status === 0) return stdout;
  const detail = `control ${verb}, status ${status}: ${stderr.trim().slice(0, COMPLAINT)}`;
  if (TIMED_OUT.has(status)) throw new EngineError('timeout', 'The service took too long.', { detail });
  throw new EngineError('failed', 'The service could not do what it was asked to.', { detail });
}

const explain = (error: unknown): unknown =>
  error instanceof IncusError && /not running|is stopped/i.test(error.said)
    ? new EngineError('invalid', 'The instance does not run.', { detail: error.said, cause: error })
    : error;
