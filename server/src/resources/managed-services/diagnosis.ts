import type { PowerState, Usage } from '../../dataplane/contract/compute.ts';
import {
  type DrillRecord,
  diskFinding,
  drillFinding,
  type Finding,
  failedOperation,
  offlineFinding,
  powerFinding,
  ranked,
} from '../../instances/diagnosis.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import type { EngineMetrics, EngineState } from '../../services/provider.ts';
import { FULL } from './engine-findings.ts';
import type { ManagedService } from './store.ts';

/** The present facts about an instance; null where unknown. */
export interface Evidence {
  row: ManagedService;
  noun: string;
  power: PowerState | null;
  state: EngineState | null;
  metrics: EngineMetrics | null;
  usage: Usage | null;
  /** See `engineFinding`. */
  engine: Finding | null;
  drills: DrillRecord;
}

const MANY_CLIENTS = { warning: 0.85, critical: 0.98 };

/** Findings about an instance with remedies, the worst first. */
export function findFindings(evidence: Evidence): Finding[] {
  const { row, usage, drills, noun, power, state, engine } = evidence;
  return ranked([
    failedOperation(row, FAILED),
    powerFinding(row.status, power, noun),
    row.status === 'running' && power === 'running' && state === null ? unreachable(noun) : null,
    offlineFinding(usage?.online ?? null, noun),
    engine,
    outOfMemory(evidence),
    engine?.code === 'disk_full' ? null : diskFinding(row, volumeBytes(usage), FULL),
    engine?.code === 'connection_limit' ? null : clientsFinding(evidence),
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

/** The finding for a machine in which nothing can be asked. */
export const unreachable = (noun: string): Finding => ({
  code: 'instance_unreachable',
  severity: 'critical',
  summary: `The instance of the ${noun} does not answer the platform.`,
  remediation: 'Stop and start it. Where that does not help, ask the operator to look at the host.',
  retryable: true,
});

function outOfMemory({ state, noun }: Evidence): Finding | null {
  if (!state?.oom_kills) return null;
  return {
    code: 'out_of_memory',
    severity: 'critical',
    summary:
      `The kernel ended ${state.oom_kills} processes of the ${noun} for want of memory ` +
      'since it was started.',
    remediation:
      'Choose a plan with more memory, or lower the memory that each connection and query may use.',
    retryable: false,
  };
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
