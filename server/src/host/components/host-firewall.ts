import type { HostComponent } from '../component.ts';
import { applyHostFirewall, firewallTable, hostFirewallIsUp, removeHostFirewall } from '../host-firewall.ts';
import { usesLocalIncus } from '../incus-connection.ts';
import { fail, ok, RESTART } from '../verdict.ts';

/** The nftables table that keeps instances away from this host, and teams from each other. */
export const hostFirewall: HostComponent = {
  name: 'Host firewall',
  packages: [{ name: 'nftables', proof: '/usr/sbin/nft' }],
  appliesTo: usesLocalIncus,
  create: ({ installId }) => ({
    title: 'Setting up the host firewall',
    ensure: () => applyHostFirewall(installId),
    isUp: () => hostFirewallIsUp(installId),
    intervalMs: 10_000,
  }),
  checks: [
    {
      name: 'host firewall',
      look: async ({ installId }) =>
        (await hostFirewallIsUp(installId))
          ? ok(`table inet ${firewallTable(installId)} is in place`)
          : fail('missing: instances reach services of this host, and other teams', RESTART),
    },
  ],
  async remove({ installId }, attempt) {
    if (!(await hostFirewallIsUp(installId))) return;
    await attempt('Removing the firewall table', () => removeHostFirewall(installId));
  },
  async remains({ installId }) {
    return (await hostFirewallIsUp(installId)) ? [`the nftables table ${firewallTable(installId)}`] : [];
  },
};
