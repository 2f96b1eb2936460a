import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { run } from '../../src/lib/run.ts';
import type { IncusSubject } from '../contract/subjects.ts';
import { waitFor } from '../harness.ts';
import { slice } from '../slice.ts';

/** The Python program also runs in guests, because Debian's cloud image has Python. */
export const PACKETS = path.join(import.meta.dirname, 'packets.py');
const IN_GUEST = '/root/packets.py';

/** Ports on which every place answers, over TCP and UDP. */
export const PORTS = { one: 7001, two: 7002 } as const;

export interface Probe {
  kind: 'tcp' | 'udp' | 'icmp';
  to: string;
  port?: number;
  /** The address to send from, if the place has several. */
  from?: string;
  /** Seconds to wait for an answer. The default is long enough to show that none comes. */
  patience?: number;
}

/** A place that sends packets: a guest, this host, or another host. */
export interface Place {
  name: string;
  /** Sends the probes. Returns for each whether it was answered. */
  probe(probes: readonly Probe[]): Promise<boolean[]>;
}

/** A place on this machine, where tests can run processes and read their output. */
export interface LocalPlace extends Place {
  /** Starts a program there; {@link TestHost.close} ends it. */
  follow(program: string, args: readonly string[]): Followed;
  /** Opens a connection in which both sides keep sending. */
  stream(probe: Probe): Followed;
}

/** A process of a test, and the lines that it has printed so far. */
export interface Followed {
  lines: readonly string[];
  hasEnded(): boolean;
}

/** Simulates another machine: a network namespace that is connected to this host by a veth pair. */
export interface TestHost extends LocalPlace {
  /** Addresses of this host on the veth pair. */
  gateway: { ipv4: string; ipv6: string };
  /** Three addresses of the machine in each family. `networks` are the blocks that contain them. */
  ipv4: readonly [string, string, string];
  ipv6: readonly [string, string, string];
  networks: { ipv4: string; ipv6: string };
  /** This host. */
  host: LocalPlace;
  close(): Promise<void>;
}

const ip = (...words: string[]) => run('ip', words);

/**
 * The install's `id` and the slice make names and addresses unique on this host. Replaces what an earlier run of the
 * same id left.
 */
export async function openTestHost(id: string): Promise<TestHost> {
  const own = `${id}-${slice.number}`;
  const [namespace, here, there] = [`danube-packets-${own}`, `p${own}a`, `p${own}b`];
  const number = Number.parseInt(id, 16);
  const four = `198.19.${(number + slice.number) & 255}`;
  const six = `fd97:${(0xda1c + slice.number).toString(16)}:${(0x1000 | (number >> 12)).toString(16)}:${(number & 0xfff).toString(16)}:`;
  const gateway = { ipv4: `${four}.1`, ipv6: `${six}:1` };
  const ipv4 = [`${four}.10`, `${four}.11`, `${four}.12`] as const;
  const ipv6 = [`${six}:10`, `${six}:11`, `${six}:12`] as const;
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    // Deletes both ends of the veth pair. Status 1: it does not exist.
    await run('ip', ['link', 'delete', here], { allow: [1] });
    await run('ip', ['netns', 'delete', namespace], { allow: [1] });
  };
  await close();
  await ip('netns', 'add', namespace);
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace);
  const inside = ['-n', namespace];
  const addAddresses = async (device: string, where: string[], v4: string, v6: string): Promise<void> => {
    await ip(...where, 'address', 'add', `${v4}/24`, 'dev', device);
    await ip(...where, 'address', 'add', `${v6}/64`, 'dev', device, 'nodad');
  };
  await addAddresses(here, [], gateway.ipv4, gateway.ipv6);
  await ip('link', 'set', here, 'up');
  await ip(...inside, 'link', 'set', 'lo', 'up');
  for (const index of [0, 1, 2] as const) await addAddresses(there, inside, ipv4[index], ipv6[index]);
  await ip(...inside, 'link', 'set', there, 'up');
  await ip(...inside, 'route', 'add', 'default', 'via', gateway.ipv4);
  await ip(...inside, '-6', 'route', 'add', 'default', 'via', gateway.ipv6);
  const outside = localPlace('outside', ['ip', 'netns', 'exec', namespace], children);
  const host = localPlace('host', [], children);
  const serving = [
    serve(outside, [...ipv4, ...ipv6], Object.values(PORTS)),
    // Stands for a service that the operator runs on all addresses of the host.
    serve(host, ['0.0.0.0', '::'], [hostPort(id)]),
  ];
  try {
    await Promise.all(serving);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...outside,
    gateway,
    ipv4,
    ipv6,
    networks: { ipv4: `${four}.0/24`, ipv6: `${six}:/64` },
    host,
    close,
  };
}

/** A port on which this host answers. */
export const hostPort = (id: string): number => 20_000 + ((Number.parseInt(id, 16) + slice.number) % 10_000);

async function serve(
  place: LocalPlace,
  addresses: readonly string[],
  ports: readonly number[],
): Promise<void> {
  const server = place.follow('python3', [PACKETS, 'serve', JSON.stringify({ addresses, ports })]);
  await waitFor(`servers at ${place.name}`, async () => {
    assert.ok(!server.hasEnded(), 'the server ended');
    return server.lines.includes('up');
  });
}

function localPlace(name: string, prefix: readonly string[], children: ChildProcess[]): LocalPlace {
  const follow = (program: string, args: readonly string[]): Followed => {
    const [first = program, ...others] = [...prefix, program, ...args];
    const child = spawn(first, others, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    return { lines, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
  };
  return {
    name,
    follow,
    stream: (probe) => follow('python3', [PACKETS, 'stream', JSON.stringify(probe)]),
    async probe(probes) {
      const [first = '', ...others] = [...prefix, 'python3', PACKETS, 'probe', JSON.stringify(probes)];
      return JSON.parse((await run(first, others)).stdout);
    },
  };
}

/** Starts a guest that answers on {@link PORTS} and can send probes. Its team's firewalls must exist. */
export async function startGuest(subject: IncusSubject, spec: InstanceSpec): Promise<Place> {
  const { plane } = subject;
  const content = readFileSync(PACKETS);
  await plane.ensureInstance({ ...spec, files: [{ path: IN_GUEST, content, mode: '0700' }] });
  await plane.waitForSsh(spec.ref, 300);
  const inside = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await subject.exec(spec.ref, ['bash', '-c', command]);
    assert.equal(status, 0, `${spec.hostname}: ${command}: ${stdout}${stderr}`);
    return stdout;
  };
  const served = { addresses: [spec.addresses.ipv4, spec.addresses.ipv6], ports: Object.values(PORTS) };
  await inside(
    `setsid python3 ${IN_GUEST} serve '${JSON.stringify(served)}' >/root/up 2>&1 </dev/null & true`,
  );
  await waitFor(`servers at ${spec.hostname}`, async () => (await inside('cat /root/up')).trim() === 'up');
  return {
    name: spec.hostname,
    probe: async (probes) =>
      JSON.parse(await inside(`python3 ${IN_GUEST} probe '${JSON.stringify(probes)}'`)),
  };
}

/** Sends all probes at once, and asserts which of them are answered. The error lists the unexpected results. */
export async function verify(
  place: Place,
  expected: { passes?: readonly Probe[]; dropped?: readonly Probe[] },
): Promise<void> {
  const { passes = [], dropped = [] } = expected;
  const answered = await place.probe([...passes.map((probe) => ({ ...probe, patience: 60 })), ...dropped]);
  const describe = ({ kind, to, port, from }: Probe): string =>
    [kind, from ? `from ${from}` : '', `to ${to}`, port ? `port ${port}` : ''].filter(Boolean).join(' ');
  const wrong = [...passes, ...dropped].flatMap((probe, index) =>
    answered[index] === index < passes.length ? [] : [`${describe(probe)}: ${answered[index]}`],
  );
  assert.deepEqual(wrong, [], `from ${place.name}`);
}

/** Waits until the process prints more lines. */
export async function goesOn({ lines }: Followed): Promise<void> {
  const before = lines.length;
  await waitFor('a connection to go on', async () => {
    assert.notEqual(lines.at(-1), 'dead');
    return lines.length > before + 1;
  });
}

/** Waits until the process reports that its connection was cut. */
export const dies = ({ lines }: Followed): Promise<true> =>
  waitFor('a connection to die', async () => lines.at(-1) === 'dead');

/** The part of a rule that selects one port. */
export const port = (number: number) => ({ ports: { first: number, last: number } });

/** The same probe over IPv4 and IPv6. */
export const both = (kind: Probe['kind'], to: InstanceSpec['addresses'], port?: number): Probe[] =>
  [to.ipv4, to.ipv6].map((address) => ({ kind, to: address ?? '', ...(port ? { port } : {}) }));

export const tcp = (spec: InstanceSpec, port: number = PORTS.one): Probe[] =>
  both('tcp', spec.addresses, port);
export const udp = (spec: InstanceSpec, port: number = PORTS.one): Probe[] =>
  both('udp', spec.addresses, port);
export const icmp = (spec: InstanceSpec): Probe[] => both('icmp', spec.addresses);

export const everything = (spec: InstanceSpec): Probe[] => [
  ...Object.values(PORTS).flatMap((port) => [...tcp(spec, port), ...udp(spec, port)]),
  ...icmp(spec),
];

/** Removes the ICMPv6 echo requests from the host, because Incus always allows them, whatever the rules say. */
export const fromHost = (probes: readonly Probe[]): Probe[] =>
  probes.filter(({ kind, to }) => kind !== 'icmp' || !to.includes(':'));
