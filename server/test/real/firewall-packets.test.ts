import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { firewall, openTo, rule } from '../../src/engines/contract/firewalls.ts';
import { createSshClient, type SshClient } from '../../src/engines/contract/ssh-client.ts';
import {
  type IncusSubject,
  networkOf,
  openIncus,
  specOf,
  TEAMS,
} from '../../src/engines/contract/subjects.ts';
import { refuses } from '../../src/engines/contract/verbs.ts';
import type { InstanceFirewall, InstanceSpec } from '../../src/engines/engine.ts';
import { IncusClient } from '../../src/engines/incus/client.ts';
import { bridgeName, projectName } from '../../src/engines/incus/names.ts';
import { buildUserData } from '../../src/images/cloud-init.ts';
import type { PolicyRule } from '../../src/lib/packet-filter/policy.ts';
import { findIncusd } from '../../src/platform/incus-daemon.ts';
import { signal } from '../../src/platform/processes.ts';
import { waitFor } from '../harness.ts';
import { fromTestRun } from '../incus.ts';
import {
  type Followed,
  hostPort,
  openTestHost,
  type Place,
  PORTS,
  type Probe,
  startGuest,
  type TestHost,
  verify,
} from './packets.ts';

const PUBLISHED = 31_020;
const port = (number: number) => ({ ports: { first: number, last: number } });

/** Real packets between two instances of a team, one of another team, this host, and a host outside. */
describe('firewalls with packets', { timeout: 900_000 }, () => {
  let subject: IncusSubject;
  let outside: TestHost;
  let client: IncusClient;
  let ssh: SshClient;
  let specs: { a: InstanceSpec; b: InstanceSpec; foreign: InstanceSpec };
  let a: Place;
  let b: Place;
  let foreign: Place;

  const apply = (...firewalls: InstanceFirewall[]): Promise<void> =>
    subject.engine.ensureFirewalls(TEAMS.one, firewalls);
  /** The firewall of `b`, in which outbound is as everywhere by default; `a` is open. */
  const guard = (...rules: PolicyRule[]): Promise<void> =>
    apply(firewall(specs.b, ...rules), ...openTo(specs.a));

  /** Probes over both families. */
  const both = (kind: Probe['kind'], to: { ipv4: string | null; ipv6: string | null }, number?: number) =>
    [to.ipv4, to.ipv6].map(
      (address): Probe => ({ kind, to: address ?? '', ...(number ? { port: number } : {}) }),
    );
  const tcp = (spec: InstanceSpec, number: number = PORTS.one) => both('tcp', spec.addresses, number);
  const udp = (spec: InstanceSpec, number: number = PORTS.one) => both('udp', spec.addresses, number);
  const icmp = (spec: InstanceSpec) => both('icmp', spec.addresses);
  const everything = (spec: InstanceSpec): Probe[] => [
    ...Object.values(PORTS).flatMap((number) => [...tcp(spec, number), ...udp(spec, number)]),
    ...icmp(spec),
  ];
  /** Where nothing is allowed, the host itself may still send an ICMPv6 echo request: Incus lets that pass always. */
  const fromHost = (probes: readonly Probe[]): Probe[] =>
    probes.filter(({ kind, to }) => kind !== 'icmp' || !to.includes(':'));
  const toOutside = (kind: Probe['kind'], number?: number): Probe[] =>
    both(kind, { ipv4: outside.ipv4[0], ipv6: outside.ipv6[0] }, number);

  before(async () => {
    subject = await openIncus();
    await subject.clear();
    client = new IncusClient({ socketPath: subject.socketPath });
    outside = await openTestHost(subject.installId);
    ssh = await createSshClient();
    for (const teamId of [TEAMS.one, TEAMS.two]) {
      await subject.engine.ensureTenant({ teamId, network: networkOf(teamId) });
    }
    await subject.engine.ensureImage('debian-12');
    const userData = await buildUserData({
      hostname: 'b',
      authorizedKey: ssh.mine.publicKey,
      rootPassword: 'not used, but there',
      allowPasswordLogin: false,
      custom: null,
    });
    const publish = [{ address: outside.gateway.ipv4, port: PUBLISHED, targetPort: PORTS.one }];
    specs = {
      a: specOf('a', 51),
      b: specOf('b', 52, { userData, publish }),
      foreign: specOf('c', 51, { teamId: TEAMS.two }),
    };
    await apply(...openTo(specs.a, specs.b));
    await subject.engine.ensureFirewalls(TEAMS.two, openTo(specs.foreign));
    [a, b, foreign] = await Promise.all([
      startGuest(subject, specs.a),
      startGuest(subject, specs.b),
      startGuest(subject, specs.foreign),
    ]);
  });
  after(async () => {
    await outside?.close();
    ssh?.close();
    await client?.close();
    await subject?.clear();
    await subject?.close();
  });

  it('lets everything through where everything is allowed: the test can see', async () => {
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
    await apply(...openTo(specs.a));
    const { ipv4, ipv6 } = specs.b.network;
    const dns = both('tcp', { ipv4: ipv4.gateway, ipv6: ipv6.gateway }, 53);
    // A DNS server says nothing until it is asked: that it takes the connection is what counts here.
    const asks = dns.map(({ to }) => `timeout 3 bash -c 'exec 3<>/dev/tcp/${to}/53'`);
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
    // The other way round it is open, and neighbours are found for it.
    await verify(a, { passes: everything(specs.b) });
    await guard(rule('inbound', 'allow'), rule('outbound', 'deny'));
    await verify(b, { dropped: [...everything(specs.a), ...toOutside('tcp', PORTS.one)] });
    await Promise.all([a, outside].map((place) => verify(place, { passes: everything(specs.b) })));
  });

  it('tells an instance from all others by its address', async () => {
    const { ipv4, ipv6 } = specs.a.addresses;
    await guard(rule('inbound', 'allow', { protocol: 'tcp', peers: [ipv4!, ipv6!] }));
    await Promise.all([
      verify(a, { passes: tcp(specs.b), dropped: [...udp(specs.b), ...icmp(specs.b)] }),
      verify(outside, { dropped: everything(specs.b) }),
      verify(outside.host, { dropped: fromHost(everything(specs.b)) }),
    ]);
  });

  it('goes by the order of rules whose addresses and ports overlap', async () => {
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

  it('cuts what is established and forbidden now, and nothing else', async () => {
    const allow = (...numbers: number[]) =>
      guard(...numbers.map((number) => rule('inbound', 'allow', { protocol: 'tcp', ...port(number) })));
    await allow(22, PORTS.one, PORTS.two);
    const [four, six] = tcp(specs.b, PORTS.one);
    const published = { kind: 'tcp', to: outside.gateway.ipv4, port: PUBLISHED } as const;
    const session = sshSession();
    const forbidden = [four!, six!, published].map((probe) => outside.stream(probe));
    forbidden.push(outside.host.stream(four!));
    const allowed = tcp(specs.b, PORTS.two).map((probe) => outside.stream(probe));
    for (const one of [session, ...forbidden, ...allowed]) await goesOn(one);
    await allow(PORTS.two);
    for (const one of forbidden) await dies(one);
    await waitFor('the SSH session to end', async () => session.hasEnded());
    for (const one of allowed) await goesOn(one);
    // As if nothing had been, once it is allowed again.
    await allow(22, PORTS.one, PORTS.two);
    await verify(outside, { passes: [...tcp(specs.b), published] });
    for (const one of allowed) await goesOn(one);
  });

  it('cuts what an instance has begun and may not go on with', async () => {
    await guard(rule('inbound', 'allow'));
    const routed = await streamFrom(specs.b, toOutside('tcp', PORTS.one)[0]!);
    await guard(rule('inbound', 'allow'), rule('outbound', 'deny', { protocol: 'tcp' }));
    await waitFor('its end', async () => (await routed()) === 'dead');
  });

  it('cuts what neighbours talk about, though the other side may begin anew', async () => {
    await guard(rule('inbound', 'allow'));
    const streams = await Promise.all(tcp(specs.b).map((probe) => streamFrom(specs.a, probe)));
    // What the server goes on to send is allowed as the beginning of a connection, but it is in the middle of one.
    await guard();
    for (const said of streams) await waitFor('its end', async () => (await said()) === 'dead');
    await verify(b, { passes: tcp(specs.a) });
  });

  it('keeps its rules while Incus is killed and starts again', async () => {
    await guard(rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.one) }));
    const knocking = [...tcp(specs.b, PORTS.two)].map((probe) =>
      outside.follow('python3', [`${import.meta.dirname}/packets.py`, 'knock', JSON.stringify(probe)]),
    );
    const [four] = tcp(specs.b, PORTS.one);
    const kept = outside.stream(four!);
    await goesOn(kept);
    for (const one of knocking) await waitFor('knocking', async () => one.lines.includes('up'));
    const daemon = findIncusd(fromTestRun('DANUBE_HOME'));
    assert.ok(daemon);
    signal(daemon.pid, 'SIGKILL');
    await waitFor('Incus to answer again', answersAgain(daemon.pid), 120);
    await verify(outside, { passes: tcp(specs.b), dropped: [...tcp(specs.b, PORTS.two), ...udp(specs.b)] });
    for (const one of knocking) assert.deepEqual(one.lines, ['up'], 'nobody got in meanwhile');
    await goesOn(kept);
    await guard(rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.two) }));
    await dies(kept);
    for (const one of knocking) await waitFor('the new rules', async () => one.lines.includes('open'));
  });

  it('keeps the rules that it has where it is given some that cannot be', async () => {
    await guard(rule('inbound', 'allow', { protocol: 'tcp' }));
    const impossible = guard(rule('inbound', 'allow', { peers: ['nowhere'] }));
    await refuses(impossible, 'invalid');
    const many = Array.from({ length: 40_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
    await refuses(guard(rule('inbound', 'allow', { peers: many })), 'invalid');
    await verify(a, { passes: tcp(specs.b), dropped: udp(specs.b) });
  });

  it('takes over a network of before there were firewalls, and cuts nothing that is allowed', async () => {
    const network = networkOf(TEAMS.none);
    const old = specOf('old', 53, { teamId: TEAMS.none });
    const name = bridgeName(subject.installId, TEAMS.none);
    await client.request('POST', '/1.0/networks', {
      name,
      type: 'bridge',
      config: {
        'ipv4.address': `${network.ipv4.gateway}/22`,
        'ipv6.address': `${network.ipv6.gateway}/64`,
        'ipv6.dhcp.stateful': 'true',
      },
    });
    await subject.engine.ensureTenant({ teamId: TEAMS.none, network });
    await startGuest(subject, old);
    const kept = outside.stream(tcp(old)[0]!);
    const lost = outside.stream(tcp(old, PORTS.two)[0]!);
    for (const one of [kept, lost]) await goesOn(one);
    const rules = firewall(old, rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.one) }));
    await subject.engine.ensureFirewalls(TEAMS.none, [rules]);
    await dies(lost);
    await goesOn(kept);
    await verify(outside, { passes: tcp(old), dropped: tcp(old, PORTS.two) });
    await subject.engine.removeInstance(old.ref);
    await subject.engine.removeTenant(TEAMS.none);
  });

  it('leaves no rules of a team behind, also where removing it was cut off', async () => {
    const { engine } = subject;
    const name = bridgeName(subject.installId, TEAMS.none);
    const acl = () => client.find(`/1.0/network-acls/${name}`);
    for (const cutOff of [false, true]) {
      await engine.ensureTenant({ teamId: TEAMS.none, network: networkOf(TEAMS.none) });
      assert.ok(await acl());
      if (cutOff) {
        await client.remove(`/1.0/projects/${projectName(subject.installId, TEAMS.none)}`);
        await client.remove(`/1.0/networks/${name}`);
      }
      await engine.removeTenant(TEAMS.none);
      assert.equal(await acl(), null);
    }
  });

  it('keeps instances to themselves, whatever their firewalls allow', async () => {
    await apply(...openTo(specs.a, specs.b));
    const published = { kind: 'tcp', to: outside.gateway.ipv4, port: PUBLISHED } as const;
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

  /** A real session, in which the server says something all the time. */
  function sshSession(): Followed {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    const alive = ['BatchMode=yes', 'ServerAliveInterval=1', 'ServerAliveCountMax=3'];
    return outside.follow('ssh', [
      ...[...options, ...alive].flatMap((option) => ['-o', option]),
      ...['-i', ssh.mine.file, `root@${specs.b.addresses.ipv4}`, 'while sleep 0.2; do echo alive; done'],
    ]);
  }

  /** A connection in which both sides talk, from a guest; answers with what it says last. */
  async function streamFrom(spec: InstanceSpec, probe: Probe): Promise<() => Promise<string>> {
    const file = `/root/stream-${probe.to}`;
    const inside = (command: string) => subject.exec(spec.ref, ['bash', '-c', command]);
    const program = `setsid python3 /root/packets.py stream '${JSON.stringify(probe)}'`;
    await inside(`${program} >${file} 2>&1 </dev/null & true`);
    const said = async (): Promise<string> => (await inside(`tail -n1 ${file}`)).stdout.trim();
    await waitFor(`a connection to ${probe.to}`, async () => (await said()) === 'alive');
    return said;
  }

  const answersAgain = (killed: number) => async (): Promise<boolean> => {
    if (findIncusd(fromTestRun('DANUBE_HOME'))?.pid === killed) return false;
    return subject.engine.describe().then(
      () => true,
      () => false,
    );
  };
});

/** Something comes from now on. */
async function goesOn({ lines }: Followed): Promise<void> {
  const before = lines.length;
  await waitFor('a connection to go on', async () => {
    assert.notEqual(lines.at(-1), 'dead');
    return lines.length > before + 1;
  });
}

const dies = ({ lines }: Followed): Promise<true> =>
  waitFor('a connection to die', async () => lines.at(-1) === 'dead');
