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
 * What may be asked now. `desired` is where the instance is headed once every accepted operation is done, so a request
 * that makes sense after the ones before it is accepted and waits its turn.
 */
export function allowedActions(service: Pick<ManagedService, 'status' | 'desired'>) {
  if (service.desired === 'deleted') return { start: false, stop: false, destroy: false };
  // After a failure it may be in either state; starting builds again what is missing.
  const failed = service.status === 'error';
  return {
    start: failed || service.desired === 'stopped',
    stop: failed || service.desired === 'running',
    destroy: failed || service.desired === 'stopped',
  };
}
