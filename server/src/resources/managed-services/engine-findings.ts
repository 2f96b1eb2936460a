import type { Finding } from '../../instances/diagnosis.ts';
import { conditionOf, type EngineCondition } from '../../services/conditions.ts';
import type { EngineClients, EngineEvidence, EngineState, Provider } from '../../services/provider.ts';

/** What the engine itself shows, now and since it was started. Null: it could not be asked. */
export interface EngineFacts {
  noun: string;
  provider: Pick<Provider, 'name' | 'conditions' | 'recoveryLog'>;
  username: string;
  /** Names of the parameters that were set. */
  parameters: readonly string[];
  state: EngineState | null;
  evidence: EngineEvidence | null;
  /** What the engine logged since its last start. */
  log: string;
  /** The latest error line in its log. */
  lastError: string | null;
  /** Unix seconds. */
  now: number;
}

/** This many starts within this many seconds count as a restart loop. */
const LOOP = { starts: 3, seconds: 300 };
/** Seconds within which a start is nothing to report as critical. */
const SLOW_START = 30;
/** Characters of an engine's message in a summary. */
const QUOTED = 300;

/**
 * Why the engine does not answer the customer; null where it does, or could not be asked. Of several causes the one that
 * explains the others: an engine without room on its disk may not start, and one that does not start answers nobody.
 */
export function engineFinding(facts: EngineFacts): Finding | null {
  const { state, evidence } = facts;
  if (state === null && evidence === null) return null;
  return (
    storageFinding(facts) ??
    pausedFinding(facts) ??
    restartLoop(facts) ??
    (evidence === null || evidence.answers ? null : (processFinding(facts) ?? conditionFinding(facts)))
  );
}

function storageFinding({ evidence, noun }: EngineFacts): Finding | null {
  const said = evidence?.write_complaint ?? null;
  if (said === null) return null;
  if (/Read-only file system|Input\/output error/.test(said)) {
    return critical(
      'storage_read_only',
      `The storage of the ${noun} takes no writes: its file system is read-only.`,
      'This is a fault of the host, which its operator is told of. Try again later.',
      true,
    );
  }
  if (/No space left|quota exceeded/i.test(said)) {
    return critical('disk_full', `The storage of the ${noun} is full: it takes no writes.`, FULL);
  }
  return null;
}

export const FULL =
  'Grow its storage (storage_size_gb, or a larger plan), or delete data. It keeps its data when it is full, and ' +
  'refuses writes.';

function restartLoop({ state, evidence, parameters, lastError, now }: EngineFacts): Finding | null {
  const recent = (state?.starts ?? []).filter((start) => now - start <= LOOP.seconds);
  if (recent.length < LOOP.starts) return null;
  const exit = state?.last_exit == null ? '' : `; it last ended ${ending(state.last_exit)}`;
  const error = lastError === null ? '' : ` The last error in its log: ${lastError.slice(0, 500)}`;
  const undo =
    parameters.length === 0
      ? ''
      : `Take back parameters that it cannot run with (set are: ${parameters.join(', ')}). `;
  const loop = critical(
    'restart_loop',
    `The engine started ${recent.length} times in the last ${LOOP.seconds / 60} minutes${exit}.${error}`,
    `${undo}Too little memory and a full disk are the other usual causes; its log says more.`,
  );
  // As long as it answers, that is no more than a warning.
  return evidence?.answers ? { ...loop, severity: 'warning' } : loop;
}

/** What the end of its process explains. */
function processFinding({ state, evidence, noun }: EngineFacts): Finding | null {
  // Z is a process that has ended, and that nobody has taken notice of yet.
  if (evidence!.process !== null && evidence!.process !== 'Z') return null;
  const exit = state?.last_exit == null ? '' : ` It last ended ${ending(state.last_exit)}.`;
  return critical(
    'engine_down',
    `The engine's process does not run.${exit}`,
    `It is started again within half a minute. Where it ends again, its log says why; or stop and start the ${noun}.`,
    true,
  );
}

function pausedFinding({ evidence, noun }: EngineFacts): Finding | null {
  if (!evidence || evidence.answers || !/^t$/i.test(evidence.process ?? '')) return null;
  return critical(
    'engine_paused',
    "The engine's process is paused by a signal (SIGSTOP), and answers nobody until it is continued.",
    `Stop and start the ${noun}. It keeps what it has confirmed.`,
    true,
  );
}

function conditionFinding(facts: EngineFacts): Finding {
  const condition = conditionOf(facts.provider, facts.evidence!, facts.log);
  const since = facts.now - (facts.state?.starts.at(-1) ?? facts.now);
  return CONDITIONS[condition](facts, since);
}

const CONDITIONS: Record<EngineCondition, (facts: EngineFacts, secondsSinceStart: number) => Finding> = {
  busy: ({ noun }) =>
    critical(
      'engine_busy',
      `A script or function of a client has held the engine for seconds, and until it ends the ${noun} answers nobody else.`,
      `End it with SCRIPT KILL (or FUNCTION KILL) on any connection. Where that is refused because it has written, stop ` +
        `and start the ${noun}: what was written before is kept.`,
      true,
    ),
  starting: ({ noun }, since) => ({
    ...critical(
      'engine_starting',
      `The engine was started ${seconds(since)} ago and reads its data: it answers once it has.`,
      `Give it time. Stopping the ${noun} begins this anew.`,
      true,
    ),
    severity: since > SLOW_START ? 'critical' : 'warning',
  }),
  recovering: ({ noun }) =>
    critical(
      'engine_recovering',
      'The engine was ended without warning, and recovers what was confirmed before: it answers once it has.',
      `Its log shows how far it is. Give it time: stopping the ${noun} begins recovery anew.`,
      true,
    ),
  stopping: () =>
    critical(
      'engine_stopping',
      'The engine is ending its work.',
      'It answers again once it was started.',
      true,
    ),
  clients_exhausted: ({ noun, evidence }) =>
    critical(
      'connection_limit',
      `All connections of the ${noun} are in use, and it lets nobody else in.${holders(evidence!.clients)}`,
      'Close idle connections or use a connection pool; a larger plan allows more.',
      true,
    ),
  account_limit: ({ username, evidence }) => ({
    ...critical(
      'account_connection_limit',
      `The account ${username} has as many connections as a limit of its own allows.${holders(evidence!.clients)}`,
      'Close connections, or take the limit back, which somebody has set with SQL.',
    ),
    severity: 'warning',
  }),
  password_changed: ({ username, noun }) => ({
    ...critical(
      'password_changed',
      `The engine works, but the account ${username} no longer has the password that \`credentials\` shows: somebody has ` +
        'changed it with SQL.',
      `Go on with the new password; or call \`credentials/rotate\`, which sets another one and shows it; or stop and start ` +
        `the ${noun}, which sets the password of \`credentials\` again.`,
    ),
    severity: 'warning',
  }),
  account_closed: ({ username, noun, evidence }) => ({
    ...critical(
      'account_closed',
      `The engine works, but refuses the account ${username}: ${said(evidence!)}`,
      `Undo that with another account; or stop and start the ${noun}, which opens the account again.`,
    ),
    severity: 'warning',
  }),
  storage_full: ({ noun }) =>
    critical(
      'disk_full',
      `The engine finds no room on the storage of the ${noun}, and takes no writes.`,
      FULL,
    ),
  port_closed: (facts, since) =>
    since <= SLOW_START
      ? CONDITIONS.starting(facts, since)
      : critical(
          'not_answering',
          `The engine's process runs since ${seconds(since)}, but it accepts no connections.`,
          `Its log may say why. Where it stays so, stop and start the ${facts.noun}.`,
          true,
        ),
  unknown: ({ noun, evidence }, since) =>
    critical(
      'not_answering',
      evidence!.platform_answers
        ? `The engine answers the platform, but no client with the account of \`credentials\`: ${said(evidence!)}`
        : `The engine's process runs since ${seconds(since)}, and answers nobody: ${said(evidence!)}`,
      `It may be busy with more than its plan can do: \`metrics\` and its log say more. Where it stays so, stop and start ` +
        `the ${noun}.`,
      true,
    ),
};

const critical = (code: string, summary: string, remediation: string, retryable = false): Finding => ({
  code,
  severity: 'critical',
  summary,
  remediation,
  retryable,
});

/** An exit status as the shell reports it: 128 and the signal's number, for a process that a signal ended. */
const ending = (status: number): string =>
  status > 128 ? `by signal ${status - 128}` : `with status ${status}`;

const seconds = (count: number): string => `${Math.max(0, Math.round(count))} seconds`;

const said = ({ complaint }: EngineEvidence): string =>
  complaint ? `"${complaint.trim().slice(0, QUOTED)}"` : 'there was no answer in time.';

const holders = (clients: EngineClients): string =>
  clients.length === 0
    ? ''
    : ` Most are held by ${clients
        .slice(0, 3)
        .map(({ account, address, connections }) => `${account} from ${address} (${connections})`)
        .join(', ')}.`;
