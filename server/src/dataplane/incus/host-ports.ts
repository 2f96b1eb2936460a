import { run } from '../../lib/run.ts';
import type { HostPort } from '../contract/networks.ts';
import { bridgeName, firewallTable } from './names.ts';

/** Sets of the host's firewall (`host/components/host-firewall.ts`): ports for all bridges, and for single ones. */
const ALL = 'open_to_all';
const SOME = 'open_to_bridge';

/** Fills the sets of the install's firewall table, in one step. Fails where the table is missing. */
export async function openHostPorts(installId: string, ports: readonly HostPort[]): Promise<void> {
  const table = firewallTable(installId);
  const lines = [`flush set inet ${table} ${ALL}`, `flush set inet ${table} ${SOME}`];
  for (const { port, teamId } of ports) {
    lines.push(
      teamId === 'all'
        ? `add element inet ${table} ${ALL} { ${port} }`
        : `add element inet ${table} ${SOME} { "${bridgeName(installId, teamId)}" . ${port} }`,
    );
  }
  await run('nft', ['-f', '-'], { input: lines.join('\n') });
}
