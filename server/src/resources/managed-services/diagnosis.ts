import type { Usage } from '../../dataplane/contract/compute.ts';
import {
  type DrillRecord,
  diskFinding,
  drillFinding,
  type Finding,
  failedOperation,
  ranked,
} from '../../instances/diagnosis.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import type { EngineMetrics, EngineState } from '../../services/provider.ts';
import type { ManagedService } from './store.ts';

/** The present facts about an instance; null where unknown. */
export interface Evidence {
  row: ManagedService;
  noun: string;
  state: EngineState | null;
  metrics: EngineMetrics | null;
  usage: Usage | null;
  /** Whether the engine has just answered an authenticated query. */
  answers: boolean | null;
  /** The latest error line in the engine's log. */
  lastError: string | null;
  drills: DrillRecord;
  /** Unix seconds. */
  now: number;
}

/** This many starts within this many seconds count as a restart loop. */
const LOOP = { starts: 3, seconds: 300 };
/** Seconds after which an engine that started but does not answer is reported. */
const SLOW_START = 30;
const MANY_CLIENTS = { warning: 0.85, critical: 0.98 };

/** Findings about an instance with remedies, the worst first. */
export function findFindings(evidence: Evidence): Finding[] {
  const { row, usage, drills, noun } = evidence;
  return ranked([
    failedOperation(row, FAILED),
    unreachable(evidence),
    ...engineFindings(evidence),
    diskFinding(row, volumeBytes(usage), FULL),
    clientsFinding(evidence),
    drillFinding(drills, noun),
    pendingRestart(evidence),
  ]);
}

const FAILED = {
  retryable: 'Start it again.',
  final:
    'Mend what the other findings name, if any, and start it again. Where that fails the same way, ask the ' +
    'operator to look at the host.',
};

const FULL =
  'Grow its storage (storage_size_gb, or a larger plan), or delete data. It keeps its data when it is full, and ' +
  'refuses writes.';

function unreachable({ row, state, noun }: Evidence): Finding | null {
  if (row.status !== 'running' || state !== null) return null;
  return {
    code: 'instance_unreachable',
    severity: 'critical',
    summary: `The instance of the ${noun} does not answer the platform.`,
    remediation: 'Stop and start it. Where that does not help, ask the operator to look at the host.',
    retryable: true,
  };
}

function engineFindings({ row, state, answers, lastError, now, noun }: Evidence): (Finding | null)[] {
  if (state === null) return [];
  const recent = state.starts.filter((start) => now - start <= LOOP.seconds);
  const looping = recent.length >= LOOP.starts;
  const sinceStart = now - (state.starts.at(-1) ?? now);
  return [
    looping
      ? {
          code: 'restart_loop',
          severity: 'critical',
          summary: `The engine started ${recent.length} times in the last ${LOOP.seconds / 60} minutes${
            state.last_exit === null ? '' : `; it last ended with status ${state.last_exit}`
          }.${lastError === null ? '' : ` The last error in its log: ${lastError.slice(0, 500)}`}`,
          remediation: `${
            Object.keys(row.effective_parameters as object).length === 0
              ? ''
              : 'Take back parameters that it cannot run with (set are: ' +
                `${Object.keys(row.effective_parameters as object).join(', ')}). `
          }Too little memory and a full disk are the other usual causes; its log says more.`,
          retryable: false,
        }
      : null,
    !looping && answers === false && sinceStart > SLOW_START
      ? {
          code: 'not_answering',
          severity: 'critical',
          summary:
            `The engine has been at work for ${Math.round(sinceStart)} seconds and answers no queries yet: it may ` +
            'be recovering after a crash.',
          remediation: 'Its log shows how far recovery is. Give it time; stopping it begins recovery anew.',
          retryable: true,
        }
      : null,
    state.oom_kills
      ? {
          code: 'out_of_memory',
          severity: 'critical',
          summary:
            `The kernel ended ${state.oom_kills} processes of the ${noun} for want of memory ` +
            'since it was started.',
          remediation:
            'Choose a plan with more memory, or lower the memory that each connection and query may use.',
          retryable: false,
        }
      : null,
  ];
}

function clientsFinding({ metrics }: Evidence): Finding | null {
  if (metrics?.connected_clients == null || !metrics.max_clients) return null;
  const share = metrics.connected_clients / metrics.max_clients;
  if (share < MANY_CLIENTS.warning) return null;
  return {
    code: 'connection_limit',
    severity: share < MANY_CLIENTS.critical ? 'warning' : 'critical',
    summary: `${metrics.connected_clients} of ${metrics.max_clients} connections are in use.`,
    remediation: 'Close idle connections or use a connection pool; a larger plan allows more.',
    retryable: false,
  };
}

function pendingRestart({ row }: Evidence): Finding | null {
  if (row.pending_restart.length === 0) return null;
  return {
    code: 'pending_restart',
    severity: 'info',
    summary: `New values wait for a restart: ${row.pending_restart.join(', ')}.`,
    remediation: 'Stop and start it when that suits you.',
    retryable: false,
  };
}
