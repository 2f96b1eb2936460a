import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf } from '../../../test/client.ts';
import { suiteWithCustomer } from '../../../test/customer.ts';
import { createTeam } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('what is said of a VPS', () => {
  const world = suiteWithCustomer();
  const { call, customer } = world;
  const { ended } = customer;
  const settled = (id: string, status: string) => customer.settled('vps', id, status);
  const create = (changes: Record<string, unknown> = {}) => customer.running('vps', changes);
  const ref = (id: string) => ({ teamId: world.test.team.teamId, name: `vps-${id}` });

  it('finds ports that no firewall opens, and what cloud-init does not do', async () => {
    const id = await create({ name: 'behind' });
    const diagnosis = async () => {
      const { verdict, findings } = (await call('GET', `/vps/${id}/diagnose`)).body.data;
      return [
        verdict,
        ...findings.map(({ code, summary }: Record<string, string>) => `${code}: ${summary}`),
      ].join('\n');
    };
    const listen = (protocol: 'tcp' | 'udp', port: number) => ({ protocol, port, family: null });
    const { drift } = world.test.plane;
    drift.changeGuest(ref(id), {
      listening: [listen('tcp', 80), listen('tcp', 2222), listen('udp', 53)],
      sshPorts: [2222],
      cloudInit: { running: 'config-bootcmd', errors: ["('runcmd', ...)"], keys: ['swap', 'users'] },
    });
    const found = await diagnosis();
    for (const expected of [
      /^degraded/,
      /ssh_not_admitted: SSH listens at tcp 2222,/,
      /ports_not_admitted: .* listen at tcp 80, udp 53,/,
      /cloud_init_running: .*config-bootcmd/,
      /cloud_init_failed: .*runcmd/,
      /user_data_without_effect: Of the user-data, swap had/,
    ]) {
      assert.match(found, expected);
    }
    const firewalls = (await call('GET', '/firewalls?per_page=100')).body.data;
    const { id: firewall } = firewalls.find(({ name }: { name: string }) => name.includes('behind'));
    const rule = { direction: 'inbound', action: 'allow', source_ips: ['192.0.2.0/24'] };
    const rules = [
      { ...rule, protocol: 'tcp', port_range_start: 2000, port_range_end: 3000 },
      { ...rule, protocol: 'udp', port: 53 },
    ];
    assert.equal((await call('PUT', `/firewalls/${firewall}`, { rules })).status, 200);
    drift.changeGuest(ref(id), {
      listening: [listen('tcp', 80), listen('tcp', 2222), listen('udp', 53)],
      sshPorts: [2222],
    });
    assert.match(await diagnosis(), /^healthy\nports_not_admitted: .* listen at tcp 80, and[^\n]*$/);
  });

  it('shows events and findings', async () => {
    const id = await create({ name: 'watched' });
    const events = (await call('GET', `/vps/${id}/events`)).body.data.events;
    assert.deepEqual(
      events.map(({ reason, resource }: Record<string, string>) => [reason, resource]),
      [
        ['Created', 'vps/watched'],
        ['Requested', 'vps/watched'],
      ],
    );
    const diagnosis = async () => {
      const { verdict, findings } = (await call('GET', `/vps/${id}/diagnose`)).body.data;
      return [verdict, ...findings.map(({ code }: { code: string }) => code)];
    };
    assert.deepEqual(await diagnosis(), ['healthy']);
    world.test.plane.faults.failNext('waitForSsh', new DataPlaneError('timeout', 'SSH did not answer.'));
    assert.deepEqual(await diagnosis(), ['degraded', 'ssh_not_answering']);
    world.test.plane.drift.fillDisk(ref(id), 39 * 1024 ** 3);
    assert.deepEqual(await diagnosis(), ['unhealthy', 'disk_nearly_full']);
    const { disk } = (await call('GET', `/vps/${id}/diagnose`)).body.data.sections;
    assert.deepEqual(disk, { size_gb: 40, used_mb: 39 * 1024 });
    world.test.plane.drift.fillDisk(ref(id), 0);
    await call('POST', `/vps/${id}/stop`);
    await settled(id, 'stopped');
    assert.deepEqual(await diagnosis(), ['stopped']);
    for (const log of ['console', 'cloud-init', 'cloud-init-output']) {
      const { data, meta } = (await call('GET', `/vps/${id}/logs?log=${log}`)).body;
      assert.deepEqual([data.available, data.log], [log === 'console', log]);
      assert.equal(meta.reason, log === 'console' ? null : 'The server is stopped.');
    }
    world.test.plane.faults.failNext('ensureRunning', new DataPlaneError('failed', 'The host refused.'));
    await ended(await call('POST', `/vps/${id}/start`));
    assert.equal((await diagnosis())[0], 'unhealthy');
    assert.equal((await call('GET', `/vps/${id}/events`)).body.data.events[0].type, 'Warning');
    // Somebody else's answers like one that does not exist.
    const stranger = clientOf(world.test.app.url!, (await createTeam(world.test.database)).token);
    for (const view of ['events', 'diagnose', 'logs'])
      assert.equal((await stranger('GET', `/vps/${id}/${view}`)).status, 404);
  });
});
