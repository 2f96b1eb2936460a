import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { connectionTableEntries, FLOW_BOUNDS, type FlowBounds, TIME_WAIT_SECONDS } from './flow-bounds.ts';
import { applyHostFirewall, checkConnections, removeHostFirewall } from './host-firewall.ts';

/** Real packets between network namespaces: guests on bridges of two teams, and a machine outside. */
const ID = 'fafafc';
const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and the network of a full run' : false;

const MACHINES = [
  { name: 'a', bridge: `d${ID}-1`, net: '198.18.21' },
  { name: 'b', bridge: `d${ID}-2`, net: '198.18.22' },
  { name: 'out', bridge: `x${ID}`, net: '198.18.23' },
] as const;
type Name = (typeof MACHINES)[number]['name'];
const space = (name: Name): string => `dt-${ID}-${name}`;
const addressOf = (name: Name): string => `${MACHINES.find((machine) => machine.name === name)!.net}.10`;
const addressOf6 = (name: Name): string => `fd00:db:${MACHINES.findIndex((m) => m.name === name)}::10`;
const ip = (...args: string[]): Promise<unknown> => run('ip', args);

const FORWARDING = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];
const forwardingBefore = FORWARDING.map((file) => readFileSync(file, 'utf8'));

const PORT = 7071;
const TINY: FlowBounds = { open: 20, lists: 1, perSecond: 1000 };
/** Seconds for what must be answered, on a busy machine too; and without an answer that show that none comes. */
const [PATIENCE, SILENCE] = [60, 2];
const children: ChildProcess[] = [];

/** Starts a Node script in a machine; resolves to the first that it prints. */
async function inside(name: Name, script: string): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', space(name), process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', (status) => reject(new Error(`The script ended: ${status}.`)));
  });
}

/** Opens connections one after the other, and keeps them open; resolves once all are. */
const hold = (name: Name, address: string, count: number): Promise<string> =>
  inside(
    name,
    `let open = 0;
     const next = () => open === ${count} ? console.log(open)
       : require('net').connect(${PORT}, '${address}', () => { open++; next(); });
     next();`,
  );

async function reaches(name: Name, address: string, seconds = PATIENCE): Promise<boolean> {
  const connect = ['timeout', String(seconds), 'bash', '-c', `exec 3<>/dev/tcp/${address}/${PORT}`];
  return (await run('ip', ['netns', 'exec', space(name), ...connect], { allow: 'any' })).status === 0;
}

/** Entries of the host's table for datagrams from one address to another. */
async function entries(from: string, to: string): Promise<number> {
  const { stdout } = await run('conntrack', ['-L', '-p', 'udp', '--orig-src', from, '--orig-dst', to]);
  return stdout.split('\n').filter(Boolean).length;
}

async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const { name, bridge } of MACHINES) {
    await run('ip', ['netns', 'delete', space(name)], { allow: 'any' });
    await run('ip', ['link', 'delete', bridge], { allow: 'any' });
  }
  await removeHostFirewall(ID);
}

async function add({ name, bridge, net }: (typeof MACHINES)[number]): Promise<void> {
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('netns', 'add', space(name));
  const outer = `dt${ID}${name}`;
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(name));
  await ip('link', 'set', outer, 'master', bridge, 'up');
  await ip('link', 'set', bridge, 'up');
  const six = addressOf6(name).replace(/10$/, '');
  for (const [where, device, host] of [
    [[], bridge, '1'],
    [['-n', space(name)], 'eth0', '10'],
  ] as const) {
    await ip(...where, 'address', 'add', `${net}.${host}/24`, 'dev', device);
    await ip(...where, 'address', 'add', `${six}${host}/64`, 'dev', device, 'nodad');
  }
  await ip('-n', space(name), 'link', 'set', 'eth0', 'up');
  await ip('-n', space(name), 'route', 'add', 'default', 'via', `${net}.1`);
  await ip('-n', space(name), '-6', 'route', 'add', 'default', 'via', `${six}1`);
}

before(async () => {
  if (skip) return;
  await cleanUp();
  for (const file of FORWARDING) writeFileSync(file, '1');
  for (const machine of MACHINES) await add(machine);
});
beforeEach(async () => {
  if (skip) return;
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const { name } of MACHINES) {
    await inside(
      name,
      `require('net').createServer(() => {}).listen(${PORT}, '::', () => console.log('up'))`,
    );
  }
});
after(async () => {
  if (skip) return;
  await cleanUp();
  for (const [index, file] of FORWARDING.entries()) writeFileSync(file, forwardingBefore[index]!);
});

test('a guest opens as many flows as it may, over both families, and others are not concerned', {
  skip,
}, async () => {
  await applyHostFirewall(ID, [], TINY);
  await hold('a', addressOf('out'), TINY.open);
  assert.equal(await reaches('a', addressOf('out'), SILENCE), false, 'one more');
  assert.equal(await reaches('a', addressOf6('out'), SILENCE), false, 'one more over IPv6');
  assert.ok(await reaches('b', addressOf('out')), 'from a guest of another team');
  assert.ok(await reaches('b', addressOf6('out')), 'from a guest of another team over IPv6');
  assert.ok(await reaches('out', addressOf('a')), 'to the guest');
});

test('others open as many flows to a guest as it may have, and no other guest is concerned', {
  skip,
}, async () => {
  await applyHostFirewall(ID, [], TINY);
  for (const address of [addressOf('a'), addressOf6('a')]) {
    await hold('out', address, TINY.open);
    assert.equal(await reaches('out', address, SILENCE), false, `one more to ${address}`);
  }
  assert.ok(await reaches('out', addressOf('b')), 'to a guest of another team');
  assert.ok(await reaches('a', addressOf('out')), 'from the guest');
});

/** Sends a packet from each of so many ports: nobody answers, so each is a flow of its own. */
const scatter = (name: Name, address: string, count: number): Promise<string> =>
  inside(
    name,
    `let left = ${count};
     const next = () => {
       if (left-- === 0) return console.log('sent');
       const socket = require('dgram').createSocket('udp4');
       socket.send('x', 9, '${address}', () => socket.close(next));
     };
     next();`,
  );

test('flows that nobody answers count, and those that come too fast are not taken', { skip }, async () => {
  await applyHostFirewall(ID, [], { ...TINY, lists: 4 });
  await scatter('a', addressOf('out'), 3 * TINY.open);
  assert.equal(await entries(addressOf('a'), addressOf('out')), TINY.open);
  assert.equal(await reaches('a', addressOf('out'), SILENCE), false);

  const begun = process.hrtime.bigint();
  await applyHostFirewall(ID, [], { open: 100_000, lists: 1, perSecond: 2 });
  await scatter('b', addressOf('out'), 200);
  const found = await entries(addressOf('b'), addressOf('out'));
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  assert.ok(found > 0 && found <= 2 + 2 * seconds, `${found} in ${seconds} s`);
  assert.ok(await reaches('a', addressOf('out')), 'from another guest');
});

test('the table holds what all guests are allowed, however many the memory holds', () => {
  const eachWay = FLOW_BOUNDS.open + FLOW_BOUNDS.perSecond * (TIME_WAIT_SECONDS + 1);
  const hostMb = 64 * 1024;
  assert.ok((hostMb / 1024) * 2 * eachWay <= connectionTableEntries(hostMb), 'servers of 1 GB');
  assert.ok((hostMb / 256) * eachWay <= connectionTableEntries(hostMb), 'caches of 256 MB');
});

test('doctor warns of a table that is nearly full', () => {
  const having = (count: number | null) => (name: string) => (name.endsWith('_count') ? count : 1000);
  assert.equal(checkConnections(having(749))?.state, 'ok');
  assert.equal(checkConnections(having(750))?.state, 'warn');
  assert.equal(checkConnections(having(null)), null);
});
