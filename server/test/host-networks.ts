import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { removeHostFirewall } from '../src/host/components/host-firewall.ts';
import { run } from '../src/lib/run.ts';

/**
 * Networks for tests of the host's firewall with real packets. Network namespaces stand for the guests of two teams, a
 * guest of another install, and a machine outside.
 */
export const ID = 'fafafa';
export const OTHER_INSTALL = 'fafafb';
export const ip = (...args: string[]): Promise<unknown> => run('ip', args);
const BRIDGES = [
  { name: `d${ID}-1`, address: '198.18.1.1' },
  { name: `d${ID}-2`, address: '198.18.2.1' },
  { name: `d${OTHER_INSTALL}-1`, address: '198.18.4.1' },
];
export const GUESTS = [
  { name: 'a', bridge: `d${ID}-1`, address: '198.18.1.10', gateway: '198.18.1.1' },
  { name: 'b', bridge: `d${ID}-1`, address: '198.18.1.11', gateway: '198.18.1.1' },
  { name: 'c', bridge: `d${ID}-2`, address: '198.18.2.10', gateway: '198.18.2.1' },
  { name: 'd', bridge: `d${OTHER_INSTALL}-1`, address: '198.18.4.10', gateway: '198.18.4.1' },
  { name: 'out', bridge: null, address: '198.18.3.10', gateway: '198.18.3.1' },
] as const;
/**
 * Address of a cloud's metadata service. It is not the usual IPv4 address, because the host of the test may need that
 * itself.
 */
export const METADATA = { v4: '169.254.77.77', v6: 'fd00:ec2::254' };
/** Set-up enables it. On a host without Danube, the test enables it, and disables it afterwards. */
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const forwardingBefore = readFileSync(FORWARDING, 'utf8');
export const forwards6 = (): boolean =>
  readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8').trim() === '1';
/** The IPv6 address that corresponds to 198.18.TEAM.HOST. */
export const six = (address: string): string => {
  const [, , team, host] = address.split('.');
  return `fd00:da:${team}::${host}`;
};
export const space = (guest: string): string => `dt-${ID}-${guest}`;
export const PORT = 7070;
const listeners: ChildProcess[] = [];

async function addGuest(guest: (typeof GUESTS)[number]): Promise<void> {
  const outer = `dt${ID}${guest.name}`;
  await ip('netns', 'add', space(guest.name));
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(guest.name));
  if (guest.bridge) await ip('link', 'set', outer, 'master', guest.bridge);
  else await addAddresses(outer, guest.gateway);
  await ip('link', 'set', outer, 'up');
  await addAddresses('eth0', guest.address, '-n', space(guest.name));
  await ip('-n', space(guest.name), 'link', 'set', 'eth0', 'up');
  await ip('-n', space(guest.name), 'route', 'add', 'default', 'via', guest.gateway);
  await ip('-n', space(guest.name), '-6', 'route', 'add', 'default', 'via', six(guest.gateway));
}

async function addAddresses(device: string, address: string, ...where: string[]): Promise<void> {
  await ip(...where, 'address', 'add', `${address}/24`, 'dev', device);
  await ip(...where, 'address', 'add', `${six(address)}/64`, 'dev', device, 'nodad');
}

/** Waits for duplicate address detection: for a second or two, an IPv6 address cannot be used. */
async function waitForAddresses(): Promise<void> {
  const deadline = Date.now() + 120_000;
  const devices = [
    ...BRIDGES.map(({ name }) => ['-6', 'address', 'show', 'dev', name, 'tentative']),
    ['-6', 'address', 'show', 'dev', `dt${ID}out`, 'tentative'],
    ...GUESTS.map(({ name }) => ['-n', space(name), '-6', 'address', 'show', 'dev', 'eth0', 'tentative']),
  ];
  for (const args of devices) {
    while ((await run('ip', args)).stdout.includes('inet6')) {
      assert.ok(Date.now() < deadline, `still tentative: ${args.join(' ')}`);
      await delay(50);
    }
  }
}

/** Makes the outside machine answer at the metadata service's addresses. */
async function addMetadata(): Promise<void> {
  await ip('-n', space('out'), 'address', 'add', `${METADATA.v4}/32`, 'dev', 'eth0');
  await ip('-n', space('out'), 'address', 'add', `${METADATA.v6}/128`, 'dev', 'eth0', 'nodad');
  await ip('route', 'add', `${METADATA.v4}/32`, 'dev', `dt${ID}out`);
  await ip('-6', 'route', 'add', `${METADATA.v6}/128`, 'dev', `dt${ID}out`);
}

/** Starts a server on an address (by default all) of a guest or the host. Resolves once it is listening. */
async function listen(guest: string | null, port: number, address = '::'): Promise<void> {
  const script = `require('net').createServer((s) => s.on('error', () => {}).end('hi'))
    .listen(${port}, '${address}', () => console.log('up'))`;
  const command = [process.execPath, '-e', script];
  const [program = '', ...args] = guest ? ['ip', 'netns', 'exec', space(guest), ...command] : command;
  await nextOutput(start(program, args));
}

function start(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  listeners.push(child);
  return child;
}

const nextOutput = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', () => reject(new Error('The listener ended.')));
  });

/** Seconds to wait for an answer that must come, even on a busy machine. */
export const PATIENCE = 60;
/** Seconds without an answer after which a test assumes that none will come. */
export const SILENCE = 2;

/** Whether a connection is accepted. Pass {@link SILENCE} as `seconds` if it must not be. */
export async function reaches(
  guest: string | null,
  address: string,
  port = PORT,
  seconds = PATIENCE,
): Promise<boolean> {
  const connect = ['timeout', String(seconds), 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
  const [program = '', ...args] = guest ? ['ip', 'netns', 'exec', space(guest), ...connect] : connect;
  return (await run(program, args, { allow: 'any' })).status === 0;
}

/** Sends one echo request. It is written in Perl, which every Debian has, unlike ping. */
const PING = `
use Socket qw(:all);
my ($error, $to) = getaddrinfo($ARGV[0], '', { flags => AI_NUMERICHOST, socktype => SOCK_RAW });
die $error if $error;
my $v6 = $to->{family} == AF_INET6;
socket(my $s, $to->{family}, SOCK_RAW, $v6 ? 58 : 1) or die $!;
# IPV6_DSTOPTS: a header of padding alone.
if ($ARGV[1]) { setsockopt($s, 41, 59, pack('C8', 0, 0, 1, 4, 0, 0, 0, 0)) or die $!; }
my $sum = 0xffff - (0x0800 + $$ % 65536) % 65535;
send($s, pack('CCnnn', $v6 ? 128 : 8, 0, $v6 ? 0 : $sum, $$ % 65536, 0), 0, $to->{addr}) or exit 1;
alarm $ARGV[2];
while (defined recv($s, my $got, 1500, 0)) {
  my ($type, undef, undef, $id) = unpack('CCnn', $v6 ? $got : substr($got, 20));
  exit 0 if $type == ($v6 ? 129 : 0) && $id == $$ % 65536;
}
exit 1;`;

/**
 * Whether an echo request is answered. With `behind`, it follows a header of destination options, which only IPv6 has.
 * `seconds` is as in {@link reaches}.
 */
export async function pings(
  guest: string,
  address: string,
  behind = '',
  seconds = PATIENCE,
): Promise<boolean> {
  const args = ['netns', 'exec', space(guest), 'perl', '-e', PING, address, behind, String(seconds)];
  return (await run('ip', args, { allow: 'any' })).status === 0;
}

/** A guest's IPv6 link-local address, in the notation for another guest of its bridge. */
export async function linkLocal(guest: string): Promise<string> {
  const args = ['-n', space(guest), '-json', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link'];
  const [device] = JSON.parse((await run('ip', args)).stdout) as { addr_info: { local?: string }[] }[];
  // `ip` prints addresses that it filters out as {}.
  const found = device?.addr_info.find(({ local }) => local);
  assert.ok(found);
  return `${found.local}%eth0`;
}

/** Whether a process reports within this many seconds that it received something. */
async function heard(said: Promise<string>, seconds: number): Promise<boolean> {
  const nothing = delay(seconds * 1000, 'nothing', { ref: false });
  return (await Promise.race([said, nothing])) === 'got';
}

/**
 * Whether guest `a` receives a UDP packet over IPv6 that the machine outside sends with the address of `b`, a neighbour
 * of `a`. `seconds` is as in {@link reaches}.
 */
export async function disguiseHelps(seconds: number): Promise<boolean> {
  const [from, to] = [six('198.18.1.11'), six('198.18.1.10')];
  const inside = (guest: string): string[] => ['netns', 'exec', space(guest)];
  await ip(...inside('out'), 'ip', 'address', 'add', `${from}/128`, 'dev', 'eth0', 'nodad');
  try {
    const socket = `const s = require('dgram').createSocket('udp6');`;
    const receive = `s.on('message', () => console.log('got')); s.bind(${PORT + 1}, () => console.log('up'));`;
    const receiver = start('ip', [...inside('a'), process.execPath, '-e', socket + receive]);
    await nextOutput(receiver);
    const outcome = nextOutput(receiver);
    const send = `s.bind(0, '${from}', () => s.send('x', ${PORT + 1}, '${to}', () => s.close()));`;
    await run('ip', [...inside('out'), process.execPath, '-e', socket + send]);
    const got = await heard(outcome, seconds);
    receiver.kill('SIGKILL');
    return got;
  } finally {
    await ip(...inside('out'), 'ip', 'address', 'delete', `${from}/128`, 'dev', 'eth0');
  }
}

/** Whether the host receives what a guest broadcasts to the port of DHCP. */
export async function broadcastArrives(guest: string): Promise<boolean> {
  const word = `dhcp of ${guest}`;
  const socket = `const s = require('dgram').createSocket({ type: 'udp4', reuseAddr: true });`;
  const receiver = start(process.execPath, [
    '-e',
    `${socket} s.on('message', (m) => { if (String(m) === '${word}') console.log('got'); });
     s.bind(67, '255.255.255.255', () => console.log('up'));`,
  ]);
  await nextOutput(receiver);
  const outcome = nextOutput(receiver);
  const send = `${socket} s.bind(() => {
    s.setBroadcast(true);
    s.send('${word}', 67, '255.255.255.255', () => s.close());
  });`;
  await run('ip', ['netns', 'exec', space(guest), process.execPath, '-e', send]);
  return heard(outcome, PATIENCE);
}

async function cleanUp(): Promise<void> {
  for (const child of listeners) child.kill('SIGKILL');
  for (const guest of GUESTS) {
    await run('ip', ['netns', 'delete', space(guest.name)], { allow: 'any' });
    await run('ip', ['link', 'delete', `dt${ID}${guest.name}`], { allow: 'any' });
  }
  for (const { name } of BRIDGES) await run('ip', ['link', 'delete', name], { allow: 'any' });
  await removeHostFirewall(ID);
}

/** Creates the bridges and the guests, and starts servers in them. */
export async function openNetworks(): Promise<void> {
  await cleanUp();
  writeFileSync(FORWARDING, '1');
  for (const { name, address } of BRIDGES) {
    await ip('link', 'add', name, 'type', 'bridge');
    await addAddresses(name, address);
    await ip('link', 'set', name, 'up');
  }
  for (const guest of GUESTS) {
    await addGuest(guest);
    await listen(guest.name, PORT);
  }
  await addMetadata();
  await waitForAddresses();
  await listen(null, PORT);
  for (const { address } of BRIDGES) {
    await listen(null, 53, address);
    await listen(null, 53, six(address));
  }
}

/** Removes everything, and restores the host's forwarding. */
export async function closeNetworks(): Promise<void> {
  await cleanUp();
  writeFileSync(FORWARDING, forwardingBefore);
}
