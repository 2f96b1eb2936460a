import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firewall, rule } from '../../../test/contract/firewalls.ts';
import { networkOf, specOf, TEAMS } from '../../../test/contract/subjects.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { createJudge } from './connections.ts';
import { type Connection, deleteConnections, listConnections, parseConnection } from './conntrack.ts';

const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and conntrack' : false;
const network = networkOf(TEAMS.one);
const [a, b] = [specOf('a', 21), specOf('b', 22)];
const stranger = specOf('c', 23);
const FAR = { ipv4: '198.51.100.7', ipv6: '2001:db8::7' };

const parsed = (line: string): Connection => {
  const connection = parseConnection(line);
  assert.ok(connection, line);
  return connection;
};

test('reads who opened a connection, and the final destination', () => {
  const published =
    'ipv4     2 tcp      6 431999 ESTABLISHED src=198.51.100.7 dst=203.0.113.1 sport=40000 dport=31000 src=10.64.0.10 dst=198.51.100.7 sport=5432 dport=40000 [ASSURED] mark=0 use=1';
  assert.deepEqual(parsed(published), {
    protocol: 6,
    from: '198.51.100.7',
    to: '10.64.0.10',
    port: 5432,
    begun: { src: '198.51.100.7', dst: '203.0.113.1', sport: '40000', dport: '31000' },
  });
  const unanswered =
    'ipv6     10 udp      17 29 src=fd00::10 dst=2001:db8::1 sport=5353 dport=53 [UNREPLIED] src=2001:db8::1 dst=fd00::1 sport=53 dport=5353 mark=0 use=1';
  assert.deepEqual(
    [parsed(unanswered).from, parsed(unanswered).to, parsed(unanswered).port],
    ['fd00::10', '2001:db8::1', 53],
  );
});

test('reads connections without ports', () => {
  const echo =
    'ipv6     10 icmpv6   58 29 src=fd00::10 dst=fd00::11 type=128 code=0 id=7 src=fd00::11 dst=fd00::10 type=129 code=0 id=7 mark=0 use=1';
  const { port, begun } = parsed(echo);
  assert.equal(port, null);
  assert.deepEqual(begun, { src: 'fd00::10', dst: 'fd00::11', type: '128', code: '0', id: '7' });
  const other =
    'ipv4     2 unknown  47 599 src=10.64.0.10 dst=198.51.100.7 [UNREPLIED] src=198.51.100.7 dst=10.64.0.10 mark=0 use=1';
  assert.deepEqual(parsed(other).begun, { src: '10.64.0.10', dst: '198.51.100.7' });
  for (const line of ['', 'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.']) {
    assert.equal(parseConnection(line), null);
  }
});

/** A connection to a port; TCP by default. */
const connection = (from: string, to: string, port: number | null, protocol = 6): Connection => ({
  protocol,
  from,
  to,
  port,
  begun: {},
});

test('judges both ends of a connection by the rules of their instances', () => {
  const web = rule('inbound', 'allow', { protocol: 'tcp', ports: { first: 80, last: 80 } });
  const isAllowed = createJudge(network, [
    firewall(a, web),
    firewall(b, web, rule('outbound', 'deny', { peers: [a.addresses.ipv4!, FAR.ipv6] })),
  ]);
  for (const family of ['ipv4', 'ipv6'] as const) {
    const [from, to, far] = [a.addresses[family]!, b.addresses[family]!, FAR[family]];
    assert.ok(isAllowed(connection(far, to, 80)), 'from outside');
    assert.ok(isAllowed(connection(network[family].gateway, to, 80)), 'from the host');
    assert.ok(!isAllowed(connection(far, to, 81)), 'another port');
    assert.ok(!isAllowed(connection(far, to, 80, 17)), 'another protocol');
    assert.ok(isAllowed(connection(from, to, 80)), 'both let it');
    assert.ok(!isAllowed(connection(from, to, 22)), 'one lets it');
    assert.equal(isAllowed(connection(to, from, 80)), family === 'ipv6', 'what is denied is denied');
    assert.equal(isAllowed(connection(to, far, 443)), family === 'ipv4');
    assert.ok(isAllowed(connection(from, far, null, family === 'ipv4' ? 1 : 58)), 'out by default');
  }
});

test('lets every instance use DNS and DHCP of the gateway, and instances without firewall nothing else', () => {
  const isAllowed = createJudge(network, [firewall(a, rule('outbound', 'deny'))]);
  for (const family of ['ipv4', 'ipv6'] as const) {
    const { gateway } = network[family];
    for (const from of [a.addresses[family]!, stranger.addresses[family]!]) {
      assert.ok(isAllowed(connection(from, gateway, 53)));
      assert.ok(isAllowed(connection(from, gateway, 53, 17)));
      assert.ok(isAllowed(connection(from, gateway, 67, 17)));
      assert.ok(!isAllowed(connection(from, gateway, 67)));
      assert.ok(!isAllowed(connection(from, FAR[family], 53)));
    }
    assert.ok(!isAllowed(connection(FAR[family], stranger.addresses[family]!, 22)));
  }
});

test('has no verdict on connections of other networks', () => {
  const isAllowed = createJudge(network, []);
  const other = networkOf(TEAMS.two);
  assert.ok(isAllowed(connection(FAR.ipv4, other.ipv4.gateway, 22)));
  assert.ok(isAllowed(connection('127.0.0.1', '127.0.0.1', 22)));
  assert.ok(isAllowed(connection(FAR.ipv6, other.ipv6.gateway, 22)));
});

/** Connections within this host, entered by conntrack(8) without any packet. */
test('deletes exactly the given connections from the table', { skip }, async () => {
  const [first, second] = ['198.18.250.1', '198.18.250.2'];
  const [third, fourth] = ['fd00:da:250::1', 'fd00:da:250::2'];
  const add = (from: string, to: string, ...rest: string[]) =>
    run('conntrack', ['-I', '-s', from, '-d', to, '-t', '60', ...rest]);
  const established = ['--state', 'ESTABLISHED'];
  const ports = (number: number) => ['--sport', String(number), '--dport', '22'];
  const echo = (name: string, type: number) => [`--${name}-type`, String(type), `--${name}-code`, '0'];
  const subnets = {
    ipv4: { subnet: '198.18.250.0/24', gateway: '198.18.250.254' },
    ipv6: { subnet: 'fd00:da:250::/64', gateway: 'fd00:da:250::ff' },
  };
  // A connection is listed twice when both ends are in the subnets.
  const list = async () => new Map((await listConnections(subnets)).map((one) => [JSON.stringify(one), one]));
  const clear = async (): Promise<void> => deleteConnections([...(await list()).values()]);
  await clear();
  try {
    await add(first, second, '-p', 'tcp', ...established, ...ports(40_001));
    await add(first, second, '-p', 'tcp', ...established, ...ports(40_002));
    await add(first, second, '-p', 'udp', ...ports(40_001));
    await add(first, second, '-p', 'icmp', ...echo('icmp', 8), '--icmp-id', '7');
    await add(third, fourth, '-p', 'tcp', ...established, ...ports(40_001));
    await add(third, fourth, '-p', 'icmpv6', ...echo('icmpv6', 128), '--icmpv6-id', '7');
    const all = [...(await list()).values()];
    assert.equal(all.length, 6);
    const kept = all.find(({ begun }) => begun.sport === '40002');
    const forbidden = all.filter((one) => one !== kept);
    await deleteConnections(forbidden);
    await deleteConnections(forbidden);
    assert.deepEqual([...(await list()).values()], [kept]);
  } finally {
    await clear();
  }
  assert.equal((await list()).size, 0);
});
