import type { ManagedService } from './store.ts';

export const SERVICE_STATUSES = [
  'pending',
  'provisioning',
  'starting',
  'running',
  'updating',
  'stopping',
  'stopped',
  'restoring',
  'error',
  'destroying',
] as const;

export type ServiceStatus = (typeof SERVICE_STATUSES)[number];

/**
 * The actions that are possible now. `desired` is the state after all accepted operations, so a request is accepted if
 * it makes sense after them, and waits its turn.
 */
export function allowedActions(service: Pick<ManagedService, 'status' | 'desired'>) {
  if (service.desired === 'deleted') return { start: false, stop: false, destroy: false };
  // After a failure it may be in either state; starting it rebuilds what is missing.
  const failed = service.status === 'error';
  return {
    start: failed || service.desired === 'stopped',
    stop: failed || service.desired === 'running',
    destroy: failed || service.desired === 'stopped',
  };
}
