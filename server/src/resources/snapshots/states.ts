/** `resource_type` of a snapshot's own operations (deletion, restore drill) and events. */
export const RESOURCE_TYPE = 'snapshot';

export const SNAPSHOT_STATUSES = [
  'creating',
  'ready',
  'restoring',
  'restore_failed',
  'failed',
  'destroying',
] as const;

export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

/** Why a snapshot was taken: it was asked for, it is the daily one, or it is the state before a restore. */
export const REASONS = ['manual', 'automatic', 'safety'] as const;

export type Reason = (typeof REASONS)[number];

/** The data plane has it, whole: a restore that failed took nothing away from it. */
export const isReadable = (status: string): boolean =>
  status === 'ready' || status === 'restoring' || status === 'restore_failed';
