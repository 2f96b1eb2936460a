import { AclGuard } from '../acl-guard.ts';
import type { HostComponent } from '../component.ts';
import { usesLocalIncus } from '../incus-connection.ts';
import { hostFirewall } from './host-firewall.ts';

/** Closes bridges while Incus makes their rules anew. It ends with Danube, and leaves nothing behind. */
export const aclGuard: HostComponent = {
  name: 'Firewall guard',
  // It closes bridges in the table of the host's firewall.
  after: [hostFirewall],
  appliesTo: usesLocalIncus,
  create({ installId, log }) {
    const guard = new AclGuard(installId, log);
    return {
      title: 'Starting the firewall guard',
      ensure: () => guard.start(),
      isUp: () => guard.isUp(),
      stop: async () => guard.stop(),
    };
  },
};
