import type { WriteRefusal } from '../dataplane/contract/capacity.ts';
import type { PowerState } from '../dataplane/contract/compute.ts';

/** What can be wrong with an instance of any kind. */

type Severity = 'critical' | 'warning' | 'info';

type Verdict = 'healthy' | 'degraded' | 'unhealthy' | 'stopped';

export interface Finding {
  code: string;
  severity: Severity;
  summary: string;
  remediation: string | null;
  /** Whether trying again can help. */
  retryable: boolean;
}

/** The restore drills of an instance. */
export interface DrillRecord {
  /** Number of snapshots that can be restored, without those taken before a restore. */
  snapshots: number;
  /** The last drill; null where there was none. */
  last: { ok: boolean; at: Date; message: string | null } | null;
}

/** The columns of an instance's row that findings use. */
interface Instance {
  status: string;
  error: unknown;
  disk_gb: number;
}

const RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };
const NEARLY_FULL = { warning: 0.85, critical: 0.95 };

/** Sorted by severity, the worst first. */
export const ranked = (findings: readonly (Finding | null)[]): Finding[] =>
  findings.filter((finding) => finding !== null).sort((a, b) => RANK[a.severity] - RANK[b.severity]);

/** The verdict: `healthy`, `degraded` (warnings), `unhealthy` (something critical), or `stopped`. */
export function verdictOf(status: string, findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === 'critical')) return 'unhealthy';
  if (findings.some(({ severity }) => severity === 'warning')) return 'degraded';
  return status === 'stopped' ? 'stopped' : 'healthy';
}

/** The finding for a failed operation. Its remedy depends on whether the operation can succeed later. */
export function failedOperation(
  { status, error }: Instance,
  remediation: { retryable: string; final: string },
): Finding | null {
  if (status !== 'error') return null;
  const known = error as { code: string; message: string; retryable: boolean } | null;
  const retryable = known?.retryable ?? false;
  return {
    code: known?.code ?? 'error',
    severity: 'critical',
    summary: known?.message ?? 'The last operation failed.',
    remediation: retryable ? remediation.retryable : remediation.final,
    retryable,
  };
}

/**
 * The finding for a machine whose power is not what its status says. The reconciler finds the same within seconds; until
 * then nothing else explains why it does not answer.
 */
export function powerFinding(status: string, power: PowerState | null, noun: string): Finding | null {
  if (status !== 'running' || power === 'running' || power === 'transitional') return null;
  const [summary, remediation] = {
    none: [`The instance of the ${noun} is gone.`, 'Start it, which builds it anew where it can be.'],
    stopped: [`The instance of the ${noun} does not run.`, 'Start it.'],
    frozen: [
      `The instance of the ${noun} is frozen.`,
      'It is thawed within seconds. Otherwise stop and start it.',
    ],
    error: [
      `The instance of the ${noun} is broken.`,
      'Start it. Where that fails, ask the operator to look at the host.',
    ],
  }[power ?? 'none'] as [string, string];
  return {
    code: power === null ? 'instance_missing' : `instance_${power === 'error' ? 'broken' : power}`,
    severity: 'critical',
    summary,
    remediation,
    retryable: true,
  };
}

/** The finding for a pool that takes no writes. `refusal`: why, or null where it takes them. */
export function readOnlyFinding(refusal: WriteRefusal | null, noun: string): Finding | null {
  if (refusal === null) return null;
  return {
    code: refusal === 'full' ? 'storage_full' : 'storage_read_only',
    severity: 'critical',
    summary:
      refusal === 'full'
        ? `The disks of this install are full: the ${noun} cannot write.`
        : `The disks of this install take no writes at the moment, nor does that of the ${noun}.`,
    remediation:
      'There is nothing to do for you: the operator is told, and once there is room the install mends it by itself, for ' +
      `which the ${noun} may be stopped and started.`,
    retryable: true,
  };
}

/** The finding for a network card that is down or has no address. `online`: null where unknown, or there is none. */
export function offlineFinding(online: boolean | null, noun: string): Finding | null {
  if (online !== false) return null;
  return {
    code: 'network_down',
    severity: 'critical',
    summary: `The network card of the ${noun} is down or has no address: nobody reaches it.`,
    remediation:
      'Where you have not done that inside it yourself, stop and start it. Where that does not help, ask the operator to ' +
      'look at the host.',
    retryable: true,
  };
}

/** The finding for a nearly full disk. `usedBytes`: on the disk that the plan sizes; null where unknown. */
export function diskFinding(
  { disk_gb }: Instance,
  usedBytes: number | null,
  remediation: string,
): Finding | null {
  if (usedBytes === null) return null;
  const share = usedBytes / (disk_gb * 1024 ** 3);
  if (share < NEARLY_FULL.warning) return null;
  return {
    code: 'disk_nearly_full',
    severity: share < NEARLY_FULL.critical ? 'warning' : 'critical',
    summary: `${Math.min(100, Math.round(share * 100))} % of its ${disk_gb} GB of storage are in use.`,
    remediation,
    retryable: false,
  };
}

/** How much of its disk an instance uses, which `df` in it does not show. `usedBytes`: null where unknown. */
export const diskSection = ({ disk_gb }: Pick<Instance, 'disk_gb'>, usedBytes: number | null) => ({
  size_gb: disk_gb,
  used_mb: usedBytes === null ? null : Math.round(usedBytes / 1024 ** 2),
});

/** The finding for snapshots that have never been restored, or failed to. */
export function drillFinding({ snapshots, last }: DrillRecord, noun: string): Finding | null {
  if (last && !last.ok) {
    return {
      code: 'restore_drill_failed',
      severity: 'warning',
      summary: `The last restore drill (${last.at.toISOString()}) failed: ${last.message ?? 'no reason is known.'}`,
      remediation:
        'Take another snapshot and verify it (POST /snapshots/…/verify). Where that fails the same way, look for ' +
        `damage in the ${noun} itself, and export its data.`,
      retryable: true,
    };
  }
  if (last || snapshots === 0) return null;
  return {
    code: 'restore_never_tried',
    severity: 'info',
    summary: `No snapshot of the ${noun} was ever restored as a drill.`,
    remediation: 'Verify one (POST /snapshots/…/verify), or wait: Danube does it once a week.',
    retryable: true,
  };
}
