import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  broadcastArrives,
  closeNetworks,
  disguiseHelps,
  forwards6,
  GUESTS,
  ID,
  ip,
  linkLocal,
  METADATA,
  OTHER_INSTALL,
  openNetworks,
  PATIENCE,
  PORT,
  pings,
  reaches,
  SILENCE,
  six,
  space,
} from '../../../test/host-networks.ts';
import { openHostPorts } from '../../dataplane/incus/host-ports.ts';
import { isRoot } from '../../lib/processes.ts';
import { applyHostFirewall, hostFirewallIsUp, removeHostFirewall } from './host-firewall.ts';

const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and the network of a full run' : false;

before(async () => {
  if (!skip) await openNetworks();
});
after(async () => {
  if (!skip) await closeNetworks();
});

test('without the table everything is open, so the tests below could see a hole', { skip }, async () => {
  assert.ok(await reaches('a', '198.18.2.10'));
  assert.ok(await reaches('a', '198.18.1.1'));
  for (const gateway of ['198.18.2.1', six('198.18.2.1')]) {
    assert.ok(await reaches('a', gateway, 53), gateway);
    assert.ok(await pings('a', gateway), gateway);
  }
  assert.ok(await reaches('a', METADATA.v4));
  if (!forwards6()) return;
  assert.ok(await reaches('a', METADATA.v6));
  assert.ok(await disguiseHelps(PATIENCE));
  assert.ok(await pings('out', six('198.18.1.10'), 'behind'));
});

test('teams are isolated, guests of one team are not, and the way out is open', { skip }, async () => {
  await applyHostFirewall(ID);
  assert.ok(await hostFirewallIsUp(ID));
  assert.equal(await reaches('a', '198.18.2.10', PORT, SILENCE), false, 'another team');
  assert.ok(await reaches('a', '198.18.1.11'), 'the same team');
  assert.ok(await reaches('a', '198.18.3.10'), 'outside');
  assert.ok(await reaches('out', '198.18.1.10'), 'from outside');
});

test('guests of two installs are isolated by the table of either', { skip }, async () => {
  await applyHostFirewall(ID);
  assert.ok(await reaches('a', '198.18.4.10'), 'open before the other install is known');
  await applyHostFirewall(ID, [OTHER_INSTALL]);
  assert.equal(await reaches('a', '198.18.4.10', PORT, SILENCE), false, 'to the other install');
  assert.equal(await reaches('d', '198.18.1.10', PORT, SILENCE), false, 'from the other install');
  if (forwards6()) assert.equal(await reaches('a', six('198.18.4.10'), PORT, SILENCE), false, 'over IPv6');
  assert.ok(await reaches('a', '198.18.3.10'), 'outside');
});

test("guests reach none of the host's addresses but for DNS", { skip }, async () => {
  await applyHostFirewall(ID);
  for (const address of ['198.18.1.1', '198.18.2.1', '198.18.3.1']) {
    assert.equal(await reaches('a', address, PORT, SILENCE), false, address);
  }
  assert.ok(await reaches('a', '198.18.1.1', 53), 'DNS');
  assert.ok(await reaches(null, '198.18.1.10'), 'the host reaches its guests');
});

test('guests reach the ports of the host that are opened for them, as long as these are', {
  skip,
}, async () => {
  await applyHostFirewall(ID);
  const every = ['198.18.1.1', '198.18.2.1', '198.18.3.1', six('198.18.3.1')];
  const check = async (guest: 'a' | 'c', open: readonly string[]): Promise<void> => {
    const one = async (address: string): Promise<void> => {
      const expected = open.includes(address);
      const seconds = expected ? PATIENCE : SILENCE;
      assert.equal(await reaches(guest, address, PORT, seconds), expected, `${guest} to ${address}`);
    };
    await Promise.all(every.map(one));
  };
  await openHostPorts(ID, [{ port: PORT, teamId: 'all' }]);
  await check('a', every);
  await openHostPorts(ID, [{ port: PORT, teamId: 1 }]);
  await check('a', ['198.18.1.1']);
  await check('c', []);
  await openHostPorts(ID, []);
  await check('a', []);
});

test("guests reach DNS and ping of their own gateway, and not another team's", { skip }, async () => {
  await applyHostFirewall(ID);
  for (const guest of ['a', 'c'] as const) {
    const own = guest === 'a' ? '198.18.1.1' : '198.18.2.1';
    const other = guest === 'a' ? '198.18.2.1' : '198.18.1.1';
    // Neighbour discovery has to work again with the table in place.
    await ip('-n', space(guest), 'neigh', 'flush', 'all');
    const check = async (address: string, expected: boolean): Promise<void> => {
      const seconds = expected ? PATIENCE : SILENCE;
      assert.equal(await reaches(guest, address, 53, seconds), expected, `DNS of ${address}`);
      assert.equal(await pings(guest, address, '', seconds), expected, `ping of ${address}`);
    };
    const others = [other, six(other), '198.18.3.1', six('198.18.3.1')];
    await Promise.all([
      ...[own, six(own)].map((address) => check(address, true)),
      ...others.map((address) => check(address, false)),
    ]);
  }
  assert.ok(await broadcastArrives('a'), 'a broadcast for DHCP');
  assert.ok(await reaches(null, six('198.18.1.10')), 'the host discovers its guests');
});

test("guests do not reach the metadata service of the host's cloud, and the host does", {
  skip,
}, async () => {
  await applyHostFirewall(ID);
  for (const address of [METADATA.v4, METADATA.v6]) {
    assert.equal(await reaches('a', address, PORT, SILENCE), false, address);
    assert.ok(await reaches(null, address), address);
  }
  assert.ok(await pings('a', await linkLocal('b')), 'link-local addresses within a team');
});

test('nobody outside can use a guest’s address, and no ICMPv6 hides behind other headers', {
  skip,
}, async () => {
  await applyHostFirewall(ID);
  assert.equal(await disguiseHelps(SILENCE), false);
  for (const [from, to] of [
    ['out', 'a'],
    ['a', 'out'],
  ] as const) {
    const address = six(GUESTS.find(({ name }) => name === to)!.address);
    assert.equal(await pings(from, address, 'behind', SILENCE), false, `from ${from}`);
    if (forwards6()) assert.ok(await pings(from, address), `from ${from}`);
  }
});

test('applying the table twice replaces it, removing it leaves nothing', { skip }, async () => {
  await applyHostFirewall(ID);
  await applyHostFirewall(ID);
  await removeHostFirewall(ID);
  await removeHostFirewall(ID);
  assert.equal(await hostFirewallIsUp(ID), false);
});
