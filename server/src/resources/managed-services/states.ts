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

/** What each action needs, what it makes the instance become, and what its answer says. */
export const ACTIONS = {
  start: { permission: 'start', desired: 'running', status: 'starting', message: 'is starting' },
  stop: { permission: 'stop', desired: 'stopped', status: 'stopping', message: 'is stopping' },
  'force-stop': { permission: 'stop', desired: 'stopped', status: 'stopped', message: 'is switched off' },
  delete: { permission: 'destroy', desired: 'deleted', status: 'destroying', message: 'is being deleted' },
} as const satisfies Record<
  string,
  {
    permission: keyof ReturnType<typeof allowedActions>;
    desired: string;
    status: ServiceStatus;
    message: string;
  }
>;

/** Why an action is not allowed now, as a sentence for the customer. */
export function refusal(
  row: Pick<ManagedService, 'desired'>,
  permission: 'start' | 'stop' | 'destroy',
  noun: string,
): string {
  if (row.desired === 'deleted') return `The ${noun} is being deleted.`;
  if (permission === 'destroy') return `The ${noun} is running. Stop it before you delete it.`;
  if (permission === 'start') return `The ${noun} is running already, or about to.`;
  return `The ${noun} is stopped already, or about to.`;
}
