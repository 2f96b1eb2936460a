import type { Vps } from './store.ts';

export const VPS_STATUSES = [
  'pending',
  'provisioning',
  'starting',
  'running',
  'stopping',
  'stopped',
  'rebooting',
  'restoring',
  'reinstalling',
  'error',
  'destroying',
  'recreating',
] as const;

export type VpsStatus = (typeof VPS_STATUSES)[number];

/**
 * The actions that are possible now. `desired` is the state after all accepted operations, so a request is accepted if
 * it makes sense after them, and waits its turn.
 */
export function allowedActions(vps: Pick<Vps, 'status' | 'desired' | 'deployed_at'>) {
  if (vps.desired === 'deleted')
    return { start: false, stop: false, reboot: false, reinstall: false, destroy: false };
  // After a failure the instance may be in either state; one that was never deployed does not exist.
  const failed = vps.status === 'error';
  const exists = !failed || vps.deployed_at !== null;
  return {
    start: exists && (failed || vps.desired === 'stopped'),
    stop: exists && (failed || vps.desired === 'running'),
    reboot: !failed && vps.desired === 'running',
    reinstall: true,
    destroy: failed || vps.desired === 'stopped',
  };
}
