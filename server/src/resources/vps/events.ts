import { NOTHING, normal } from '../../events/catalogue.ts';
import { instanceEvents } from '../../instances/events.ts';

/** The events of servers. */
export const vpsEvents = {
  ...instanceEvents('vps', 'server', {
    lost: 'Restore a snapshot of it, or reinstall it: then the data on its disk is lost.',
    broken: 'Reinstall it, or ask the operator to look at the host.',
  }),
  created: normal('vps.created', 'Created', NOTHING, () => 'The server was created and accepts SSH.'),
  rebooted: normal('vps.rebooted', 'Rebooted', NOTHING, () => 'The server was rebooted.'),
  reinstalled: normal('vps.reinstalled', 'Reinstalled', NOTHING, () => 'The server was reinstalled.'),
  updated: normal('vps.updated', 'Updated', NOTHING, () => 'Plan and settings of the server were changed.'),
};
