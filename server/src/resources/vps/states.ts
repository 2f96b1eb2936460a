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
 * What may be asked of a VPS now. `desired` is where it is headed once every accepted operation is done, so a
 * request that makes sense after the ones before it is accepted and waits its turn.
 */
export function allowedActions(vps: Pick<Vps, 'status' | 'desired' | 'deployed_at'>) {
  if (vps.desired === 'deleted')
    return { start: false, stop: false, reboot: false, reinstall: false, destroy: false };
  // After a failure the instance may be in either state; one that was never deployed is not there at all.
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
