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

/** Why a snapshot was taken: on request, daily, or as the state before a restore. */
export const REASONS = ['manual', 'automatic', 'safety'] as const;

export type Reason = (typeof REASONS)[number];

/** Whether the data plane has all of it; a failed restore does not change it. */
export const isReadable = (status: string): boolean =>
  status === 'ready' || status === 'restoring' || status === 'restore_failed';
