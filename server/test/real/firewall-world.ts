import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { InstanceFirewall } from '../../src/dataplane/contract/networks.ts';
import { buildGuestData, type GuestData } from '../../src/images/cloud-init.ts';
import type { PolicyRule } from '../../src/lib/packet-filter/policy.ts';
import { firewall, openTo } from '../contract/firewalls.ts';
import { createSshClient, type SshClient } from '../contract/ssh-client.ts';
import { type IncusSubject, networkOf, openIncus, specOf, TEAMS } from '../contract/subjects.ts';
import { both, openTestHost, type Place, PORTS, type Probe, startGuest, type TestHost } from './packets.ts';

/** Two instances of a team, one of another team, this host, and a host outside. */
export interface FirewallWorld {
  subject: IncusSubject;
  outside: TestHost;
  ssh: SshClient;
  /** `b` accepts the key `ssh.mine`, and its first port is published at {@link published}. */
  specs: { a: InstanceSpec; b: InstanceSpec; foreign: InstanceSpec };
  a: Place;
  b: Place;
  foreign: Place;
  published: Probe;
  /** Applies these firewalls to the team of `a` and `b`, and no others. */
  apply(...firewalls: InstanceFirewall[]): Promise<void>;
  /** Applies these rules to `b`, with the usual default for outbound packets. `a` is left open. */
  guard(...rules: PolicyRule[]): Promise<void>;
  toOutside(kind: Probe['kind'], port?: number): Probe[];
  close(): Promise<void>;
}

const PUBLISHED = 31_020;

export async function openFirewallWorld(): Promise<FirewallWorld> {
  const subject = await openIncus();
  const closers: (() => Promise<void>)[] = [() => subject.clear(), () => subject.close()];
  const close = async (): Promise<void> => {
    for (const one of closers) await one();
  };
  try {
    await subject.clear();
    const outside = await openTestHost(subject.installId);
    closers.unshift(() => outside.close());
    const ssh = await createSshClient();
    closers.unshift(async () => ssh.close());
    const { plane } = subject;
    for (const teamId of [TEAMS.one, TEAMS.two]) {
      await plane.ensureTenant({ teamId, network: networkOf(teamId) });
    }
    await plane.ensureImage('debian-12');
    const specs = {
      a: specOf('a', 51),
      b: specOf('b', 52, {
        ...(await guestData(ssh)),
        publish: [{ address: outside.gateway.ipv4, port: PUBLISHED, targetPort: PORTS.one }],
      }),
      foreign: specOf('c', 51, { teamId: TEAMS.two }),
    };
    const apply: FirewallWorld['apply'] = (...firewalls) => plane.ensureFirewalls(TEAMS.one, firewalls);
    await apply(...openTo(specs.a, specs.b));
    await plane.ensureFirewalls(TEAMS.two, openTo(specs.foreign));
    const [a, b, foreign] = await Promise.all([
      startGuest(subject, specs.a),
      startGuest(subject, specs.b),
      startGuest(subject, specs.foreign),
    ]);
    return {
      ...{ subject, outside, ssh, specs, a, b, foreign, apply, close },
      published: { kind: 'tcp', to: outside.gateway.ipv4, port: PUBLISHED },
      guard: (...rules) => apply(firewall(specs.b, ...rules), ...openTo(specs.a)),
      toOutside: (kind, port) => both(kind, { ipv4: outside.ipv4[0], ipv6: outside.ipv6[0] }, port),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const guestData = (ssh: SshClient): Promise<GuestData> =>
  buildGuestData({
    hostname: 'b',
    authorizedKey: ssh.mine.publicKey,
    rootPassword: 'not used, but there',
    allowPasswordLogin: false,
    custom: null,
  });
