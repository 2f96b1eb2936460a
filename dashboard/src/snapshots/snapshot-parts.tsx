import { snapshotText as text } from '../text/snapshots.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import type { Snapshot } from './api.ts';

export const SNAPSHOT_TONES: Record<string, Tone> = {
  creating: 'busy',
  ready: 'good',
  restoring: 'busy',
  restore_failed: 'warn',
  failed: 'bad',
  destroying: 'busy',
};

export function SnapshotStatus({ status }: { status: string }) {
  return <Badge tone={SNAPSHOT_TONES[status] ?? 'idle'}>{text.states[status] ?? status}</Badge>;
}

export const sizeOf = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : '–';

/** How the last restore drill ended, in a word or two. */
export function DrillResult({ snapshot: { verification } }: { snapshot: Snapshot }) {
  if (!verification) return <span className="text-quiet">–</span>;
  return (
    <span className={verification.ok ? 'text-good' : 'text-bad'} data-tip={verification.message ?? undefined}>
      {verification.ok ? text.drillOk(verification.seconds_to_restore ?? 0) : text.drillFailed}
    </span>
  );
}
