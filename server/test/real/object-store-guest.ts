import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { GATEWAY_PORT, gatewayAddress, KEYS_PORT } from '../../src/object-store/rgw/row.ts';
import { openTo } from '../contract/firewalls.ts';
import { waitFor } from '../harness.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';

const TEAM = slice.firstTeam + 720;
/** Ceph's ports: the monitor, and the first ones of storage daemons. */
const DAEMONS = [3300, 6789, 6800, 6801, 6802, 6803];
const PATIENCE = 300;

/** What an instance of a team reaches of the object store: the customers' endpoint, and nothing behind it. */
export function testFromGuest(world: StoreWorld): void {
  describe('from an instance of a team', () => {
    const network = slice.network(0);
    const spec: InstanceSpec = {
      ref: { teamId: TEAM, name: 'vps-neighbour' },
      image: 'debian-12',
      limits: { vcpu: 1, memoryMb: 512, diskGb: 3 },
      network,
      addresses: { ipv4: network.ipv4.gateway.replace(/\.1$/, '.10'), ipv6: null },
      hostname: 'neighbour',
      userData: '#cloud-config\n{}\n',
      ...{ volumes: [], files: [], publish: [], autoStart: true, generation: 1 },
    };
    before(async () => {
      const { plane } = world;
      await plane.ensureImage(spec.image);
      await plane.ensureTenant({ teamId: TEAM, network });
      await plane.ensureFirewalls(TEAM, openTo(spec));
      await plane.ensureInstance(spec);
    });
    after(async () => {
      await world.plane.removeInstance(spec.ref);
      await world.plane.removeTenant(TEAM);
    });

    const connects = async (address: string, port: number): Promise<boolean> => {
      const command = ['timeout', '3', 'bash', '-c', `: </dev/tcp/${address}/${port}`];
      return (await world.inside(command, spec.ref)).status === 0;
    };

    it('only the endpoint of customers can be reached', async () => {
      const row = await world.row();
      const { gateway } = network.ipv4;
      await waitFor('the endpoint to be reached', () => connects(gateway, world.port), PATIENCE);
      const reached: string[] = [];
      for (const [address, ports] of [
        [gatewayAddress(row), [GATEWAY_PORT, ...DAEMONS]],
        [row.network.ipv4.gateway, [KEYS_PORT, GATEWAY_PORT]],
        [gateway, [KEYS_PORT, GATEWAY_PORT, ...DAEMONS]],
      ] as const)
        for (const port of ports) if (await connects(address, port)) reached.push(`${address}:${port}`);
      assert.deepEqual(reached, []);
      // It still can.
      assert.ok(await connects(gateway, world.port));
    });
  });
}
