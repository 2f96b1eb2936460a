import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../../src/dataplane/contract/compute.ts';
import { openTo, rule } from '../../contract/firewalls.ts';
import { specOf } from '../../contract/subjects.ts';
import { type FirewallWorld, openFirewallWorld } from '../firewall-world.ts';
import {
  both,
  everything,
  fromHost,
  hostPort,
  icmp,
  PORTS,
  type Probe,
  port,
  tcp,
  udp,
  verify,
} from '../packets.ts';

/** Sends real packets between instances, this host and another host, to see who reaches whom. */
describe('firewalls with packets', { timeout: 2_400_000 }, () => {
  let world: FirewallWorld;

  before(async () => {
    world = await openFirewallWorld();
  });
  after(() => world?.close());

  it('lets everything through where everything is allowed: the test can see', async () => {
    const { outside, specs, a, b, apply, toOutside } = world;
    await apply(...openTo(specs.a, specs.b));
    await Promise.all([
      verify(outside, { passes: everything(specs.b) }),
      verify(outside.host, { passes: everything(specs.b) }),
      verify(a, { passes: everything(specs.b) }),
      verify(b, {
        passes: [...everything(specs.a), ...toOutside('tcp', PORTS.one), ...toOutside('icmp')],
      }),
    ]);
  });

  it('lets nothing to or from an instance that no firewall names, but DNS of its gateway', async () => {
    const { subject, outside, specs, a, b, apply, toOutside } = world;
    await apply(...openTo(specs.a));
    const { ipv4, ipv6 } = specs.b.network;
    const dns = both('tcp', { ipv4: ipv4.gateway, ipv6: ipv6.gateway }, 53);
    // A DNS server sends nothing until it gets a request, so the test only checks that it accepts the connection.
    const asks = dns.map(({ to }) => `timeout 60 bash -c 'exec 3<>/dev/tcp/${to}/53'`);
    const { status } = await subject.exec(specs.b.ref, ['bash', '-c', asks.join(' && ')]);
    assert.equal(status, 0, 'DNS over TCP');
    const name = `ip-${specs.a.addresses.ipv4?.replaceAll('.', '-')}.danube.internal`;
    const found = await subject.exec(specs.b.ref, ['getent', 'ahostsv4', name]);
    assert.ok(found.stdout.includes(specs.a.addresses.ipv4!), 'DNS');
    await Promise.all([
      verify(outside, { dropped: everything(specs.b) }),
      verify(outside.host, { dropped: fromHost(everything(specs.b)) }),
      verify(a, { dropped: everything(specs.b) }),
      verify(b, {
        dropped: [...everything(specs.a), ...toOutside('tcp', PORTS.one), ...toOutside('icmp')],
      }),
    ]);
  });

  it('lets pass what is allowed, by protocol and port, from everywhere but other teams', async () => {
    const { outside, specs, a, foreign, guard } = world;
    const places = [outside, outside.host, a];
    await guard(
      rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.one) }),
      rule('inbound', 'allow', { protocol: 'icmp' }),
    );
    const first = {
      passes: [...tcp(specs.b), ...icmp(specs.b)],
      dropped: [...tcp(specs.b, PORTS.two), ...udp(specs.b), ...udp(specs.b, PORTS.two)],
    };
    await Promise.all([
      ...places.map((place) => verify(place, first)),
      verify(foreign, { dropped: [...everything(specs.b), ...everything(specs.a)] }),
    ]);
    await guard(rule('inbound', 'allow', { protocol: 'udp', ...port(PORTS.two) }));
    const second = {
      passes: udp(specs.b, PORTS.two),
      dropped: [...udp(specs.b), ...tcp(specs.b), ...tcp(specs.b, PORTS.two), ...icmp(specs.b)],
    };
    await Promise.all([
      ...[outside, a].map((place) => verify(place, second)),
      verify(outside.host, { ...second, dropped: fromHost(second.dropped) }),
    ]);
  });

  it('keeps in what outbound rules deny, and nothing else', async () => {
    const { outside, specs, a, b, guard, toOutside } = world;
    const { ipv4, ipv6 } = outside.networks;
    await guard(
      rule('inbound', 'allow'),
      rule('outbound', 'deny', { protocol: 'tcp', ...port(PORTS.one), peers: [ipv4, ipv6] }),
    );
    await verify(b, {
      passes: [
        ...toOutside('tcp', PORTS.two),
        ...toOutside('udp', PORTS.one),
        ...toOutside('icmp'),
        ...everything(specs.a),
      ],
      dropped: toOutside('tcp', PORTS.one),
    });
    const { addresses } = specs.a;
    await guard(
      rule('inbound', 'allow'),
      rule('outbound', 'deny', { peers: [addresses.ipv4!, addresses.ipv6!] }),
    );
    await verify(b, { passes: toOutside('tcp', PORTS.one), dropped: everything(specs.a) });
    // The other direction is open, and neighbour discovery works for it.
    await verify(a, { passes: everything(specs.b) });
    await guard(rule('inbound', 'allow'), rule('outbound', 'deny'));
    await verify(b, { dropped: [...everything(specs.a), ...toOutside('tcp', PORTS.one)] });
    await Promise.all([a, outside].map((place) => verify(place, { passes: everything(specs.b) })));
  });

  it('tells an instance from all others by its address', async () => {
    const { outside, specs, a, guard } = world;
    const { ipv4, ipv6 } = specs.a.addresses;
    await guard(rule('inbound', 'allow', { protocol: 'tcp', peers: [ipv4!, ipv6!] }));
    await Promise.all([
      verify(a, { passes: tcp(specs.b), dropped: [...udp(specs.b), ...icmp(specs.b)] }),
      verify(outside, { dropped: everything(specs.b) }),
      verify(outside.host, { dropped: fromHost(everything(specs.b)) }),
    ]);
  });

  it('goes by the order of rules whose addresses and ports overlap', async () => {
    const { outside, specs, a, guard } = world;
    const { networks } = outside;
    const [one, two] = [0, 1].map((index) => [outside.ipv4[index]!, outside.ipv6[index]!]) as [
      string[],
      string[],
    ];
    const from = (addresses: string[], number: number): Probe[] =>
      tcp(specs.b, number).map((probe, index) => ({ ...probe, from: addresses[index]! }));
    const everywhere = [networks.ipv4, networks.ipv6];
    await guard(
      rule('inbound', 'allow', { protocol: 'tcp', peers: one }),
      rule('inbound', 'deny', { peers: everywhere }),
      rule('inbound', 'allow'),
    );
    await verify(outside, { passes: from(one, PORTS.one), dropped: from(two, PORTS.one) });
    await verify(a, { passes: everything(specs.b) });
    await guard(
      rule('inbound', 'deny', { protocol: 'tcp', peers: one, ...port(PORTS.one) }),
      rule('inbound', 'allow', { protocol: 'tcp', peers: everywhere }),
    );
    await verify(outside, {
      passes: [...from(two, PORTS.one), ...from(two, PORTS.two), ...from(one, PORTS.two)],
      dropped: [...from(one, PORTS.one), ...udp(specs.b)],
    });
    await verify(a, { dropped: everything(specs.b) });
  });

  it('keeps instances to themselves, whatever their firewalls allow', async () => {
    const { subject, outside, specs, b, foreign, apply, published } = world;
    await apply(...openTo(specs.a, specs.b));
    await verify(outside, { passes: [published] });
    const own = specs.b.network;
    const other = specs.foreign.network;
    const services = [own, other].flatMap(({ ipv4, ipv6 }) =>
      both('tcp', { ipv4: ipv4.gateway, ipv6: ipv6.gateway }, hostPort(subject.installId)),
    );
    const onCable = both('tcp', outside.gateway, hostPort(subject.installId));
    await verify(outside, { passes: onCable });
    await verify(b, {
      passes: both('icmp', { ipv4: own.ipv4.gateway, ipv6: own.ipv6.gateway }),
      dropped: [
        ...services,
        ...onCable,
        ...both('icmp', { ipv4: other.ipv4.gateway, ipv6: other.ipv6.gateway }),
        ...everything(specs.foreign),
      ],
    });
    await verify(foreign, { dropped: [published, ...everything(specs.b)] });
  });

  it('lets nobody use addresses that are not his, whatever his firewall allows', async () => {
    const { subject, specs, b, apply, toOutside } = world;
    await apply(...openTo(specs.a, specs.b));
    const inside = async (command: string): Promise<void> => {
      const { status, stderr } = await subject.exec(specs.b.ref, ['bash', '-c', command]);
      assert.equal(status, 0, stderr);
    };
    const stolen = specOf('nobody', 77).addresses;
    await inside(`ip address add ${stolen.ipv4}/22 dev eth0`);
    await inside(`ip address add ${stolen.ipv6}/64 dev eth0 nodad`);
    const as = (addresses: InstanceSpec['addresses']) =>
      [...tcp(specs.a), ...toOutside('tcp', PORTS.one)].map((probe) => ({
        ...probe,
        from: (probe.to.includes(':') ? addresses.ipv6 : addresses.ipv4)!,
      }));
    await verify(b, { passes: as(specs.b.addresses), dropped: as(stolen) });
    await inside(`ip address delete ${stolen.ipv4}/22 dev eth0`);
    await inside(`ip address delete ${stolen.ipv6}/64 dev eth0`);
    await inside('ip link set eth0 address 02:00:00:00:00:77');
    await verify(b, { dropped: [...tcp(specs.a), ...toOutside('tcp', PORTS.one)] });
  });
});
