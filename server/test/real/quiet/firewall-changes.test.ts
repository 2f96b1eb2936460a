import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { InstanceSpec } from '../../../src/dataplane/contract/compute.ts';
import { IncusClient } from '../../../src/dataplane/incus/client.ts';
import { bridgeName, projectName } from '../../../src/dataplane/incus/names.ts';
import { firewall, rule } from '../../contract/firewalls.ts';
import { networkOf, patiently, specOf, TEAMS } from '../../contract/subjects.ts';
import { refuses } from '../../contract/verbs.ts';
import { waitFor } from '../../harness.ts';
import { type FirewallWorld, openFirewallWorld } from '../firewall-world.ts';
import {
  dies,
  type Followed,
  goesOn,
  PORTS,
  type Probe,
  port,
  startGuest,
  tcp,
  udp,
  verify,
} from '../packets.ts';

/** Sends real packets while firewalls change. */
describe('firewalls that change', { timeout: 2_400_000 }, () => {
  let world: FirewallWorld;
  let client: IncusClient;

  before(async () => {
    world = await openFirewallWorld();
    client = new IncusClient({ socketPath: world.subject.socketPath });
  });
  after(async () => {
    await client?.close();
    await world?.close();
  });

  it('cuts what is established and forbidden now, and nothing else', async () => {
    const { outside, specs, guard, published } = world;
    const allow = (...numbers: number[]) =>
      guard(...numbers.map((number) => rule('inbound', 'allow', { protocol: 'tcp', ...port(number) })));
    await allow(22, PORTS.one, PORTS.two);
    const [four, six] = tcp(specs.b, PORTS.one);
    const session = sshSession();
    const forbidden = [four!, six!, published].map((probe) => outside.stream(probe));
    forbidden.push(outside.host.stream(four!));
    const allowed = tcp(specs.b, PORTS.two).map((probe) => outside.stream(probe));
    for (const one of [session, ...forbidden, ...allowed]) await goesOn(one);
    await allow(PORTS.two);
    for (const one of forbidden) await dies(one);
    await waitFor('the SSH session to end', async () => session.hasEnded());
    for (const one of allowed) await goesOn(one);
    // Once these ports are allowed again, new connections work as before.
    await allow(22, PORTS.one, PORTS.two);
    await verify(outside, { passes: [...tcp(specs.b), published] });
    for (const one of allowed) await goesOn(one);
  });

  it('cuts what an instance has begun and may not go on with', async () => {
    const { specs, guard, toOutside } = world;
    await guard(rule('inbound', 'allow'));
    const routed = await streamFrom(specs.b, toOutside('tcp', PORTS.one)[0]!);
    await guard(rule('inbound', 'allow'), rule('outbound', 'deny', { protocol: 'tcp' }));
    await waitFor('its end', async () => (await routed()) === 'dead');
  });

  it('cuts what neighbours talk about, though the other side may begin anew', async () => {
    const { specs, b, guard } = world;
    await guard(rule('inbound', 'allow'));
    const streams = await Promise.all(tcp(specs.b).map((probe) => streamFrom(specs.a, probe)));
    // `b` may still begin connections itself, but its packets here belong to connections that `a` began.
    await guard();
    for (const said of streams) await waitFor('its end', async () => (await said()) === 'dead');
    await verify(b, { passes: tcp(specs.a) });
  });

  it('keeps the rules that it has where it is given some that cannot be', async () => {
    const { specs, a, guard } = world;
    await guard(rule('inbound', 'allow', { protocol: 'tcp' }));
    const impossible = guard(rule('inbound', 'allow', { peers: ['nowhere'] }));
    await refuses(impossible, 'invalid');
    const many = Array.from({ length: 40_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
    await refuses(guard(rule('inbound', 'allow', { peers: many })), 'invalid');
    await verify(a, { passes: tcp(specs.b), dropped: udp(specs.b) });
  });

  it('takes over a network of before there were firewalls, and cuts nothing that is allowed', async () => {
    const { subject, outside } = world;
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
    await subject.plane.ensureTenant({ teamId: TEAMS.none, network });
    await startGuest(subject, old);
    const kept = outside.stream(tcp(old)[0]!);
    const lost = outside.stream(tcp(old, PORTS.two)[0]!);
    for (const one of [kept, lost]) await goesOn(one);
    const rules = firewall(old, rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.one) }));
    await subject.plane.ensureFirewalls(TEAMS.none, [rules]);
    await dies(lost);
    await goesOn(kept);
    await verify(outside, { passes: tcp(old), dropped: tcp(old, PORTS.two) });
    await subject.plane.removeInstance(old.ref);
    await subject.plane.removeTenant(TEAMS.none);
  });

  it('leaves no rules of a team behind, also where removing it was cut off', async () => {
    const { subject } = world;
    const { plane } = subject;
    const name = bridgeName(subject.installId, TEAMS.none);
    const acl = () => client.find(`/1.0/network-acls/${name}`);
    for (const cutOff of [false, true]) {
      await plane.ensureTenant({ teamId: TEAMS.none, network: networkOf(TEAMS.none) });
      assert.ok(await acl());
      if (cutOff) {
        await client.remove(`/1.0/projects/${projectName(subject.installId, TEAMS.none)}`);
        // Incus looks at all interfaces of the host, and fails where one of other guests is gone meanwhile.
        await patiently(async () => void (await client.remove(`/1.0/networks/${name}`)));
      }
      await plane.removeTenant(TEAMS.none);
      assert.equal(await acl(), null);
    }
  });

  /** A real SSH session in which the server keeps sending output. */
  function sshSession(): Followed {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    const alive = ['BatchMode=yes', 'ServerAliveInterval=1', 'ServerAliveCountMax=10'];
    return world.outside.follow('ssh', [
      ...[...options, ...alive].flatMap((option) => ['-o', option]),
      ...[
        '-i',
        world.ssh.mine.file,
        `root@${world.specs.b.addresses.ipv4}`,
        'while sleep 0.2; do echo alive; done',
      ],
    ]);
  }

  /** Opens a connection from a guest, in which both sides keep sending. Returns a function that reads its last line. */
  async function streamFrom(spec: InstanceSpec, probe: Probe): Promise<() => Promise<string>> {
    const file = `/root/stream-${probe.to}`;
    const inside = (command: string) => world.subject.exec(spec.ref, ['bash', '-c', command]);
    const program = `setsid python3 /root/packets.py stream '${JSON.stringify(probe)}'`;
    await inside(`${program} >${file} 2>&1 </dev/null & true`);
    const said = async (): Promise<string> => (await inside(`tail -n1 ${file}`)).stdout.trim();
    await waitFor(`a connection to ${probe.to}`, async () => (await said()) === 'alive');
    return said;
  }
});
