import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { applyHostFirewall, hostFirewallIsUp, removeHostFirewall } from './host-firewall.ts';
import { run } from './run.ts';
import { isRoot } from './system.ts';

/** Real packets between network namespaces: two teams' bridges, three guests, and a machine outside. */
const ID = 'fafafa';
const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and the network of a full run' : false;

const ip = (...args: string[]): Promise<unknown> => run('ip', args);
const BRIDGES = [
  { name: `d${ID}-1`, address: '198.18.1.1' },
  { name: `d${ID}-2`, address: '198.18.2.1' },
];
const GUESTS = [
  { name: 'a', bridge: `d${ID}-1`, address: '198.18.1.10', gateway: '198.18.1.1' },
  { name: 'b', bridge: `d${ID}-1`, address: '198.18.1.11', gateway: '198.18.1.1' },
  { name: 'c', bridge: `d${ID}-2`, address: '198.18.2.10', gateway: '198.18.2.1' },
  { name: 'out', bridge: null, address: '198.18.3.10', gateway: '198.18.3.1' },
] as const;
const space = (guest: string): string => `dt-${ID}-${guest}`;
const PORT = 7070;
const listeners: ChildProcess[] = [];

async function addGuest(guest: (typeof GUESTS)[number]): Promise<void> {
  const outer = `dt${ID}${guest.name}`;
  await ip('netns', 'add', space(guest.name));
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(guest.name));
  if (guest.bridge) await ip('link', 'set', outer, 'master', guest.bridge);
  else await ip('address', 'add', `${guest.gateway}/24`, 'dev', outer);
  await ip('link', 'set', outer, 'up');
  await ip('-n', space(guest.name), 'address', 'add', `${guest.address}/24`, 'dev', 'eth0');
  await ip('-n', space(guest.name), 'link', 'set', 'eth0', 'up');
  await ip('-n', space(guest.name), 'route', 'add', 'default', 'via', guest.gateway);
}

/** Listens on an address (by default all) of a guest, or of the host, and resolves once it does. */
async function listen(guest: string | null, port: number, address = '0.0.0.0'): Promise<void> {
  const script = `require('net').createServer((s) => s.on('error', () => {}).end('hi')).listen(${port}, '${address}', () => console.log('up'))`;
  const command = [process.execPath, '-e', script];
  const [program = '', ...args] = guest ? ['ip', 'netns', 'exec', space(guest), ...command] : command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  listeners.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('The listener ended.')));
  });
}

async function reaches(guest: string | null, address: string, port = PORT): Promise<boolean> {
  const connect = ['timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
  const [program = '', ...args] = guest ? ['ip', 'netns', 'exec', space(guest), ...connect] : connect;
  return (await run(program, args, { allow: 'any' })).status === 0;
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

before(async () => {
  if (skip) return;
  await cleanUp();
  for (const { name, address } of BRIDGES) {
    await ip('link', 'add', name, 'type', 'bridge');
    await ip('address', 'add', `${address}/24`, 'dev', name);
    await ip('link', 'set', name, 'up');
  }
  for (const guest of GUESTS) {
    await addGuest(guest);
    await listen(guest.name, PORT);
  }
  await listen(null, PORT);
  await listen(null, 53, '198.18.1.1');
});

after(async () => {
  if (!skip) await cleanUp();
});

test('without the table, everything is open: the test could see a hole', { skip }, async () => {
  assert.ok(await reaches('a', '198.18.2.10'));
  assert.ok(await reaches('a', '198.18.1.1'));
});

test('teams are apart, guests of one team are not, and both ways out are open', { skip }, async () => {
  await applyHostFirewall(ID);
  assert.ok(await hostFirewallIsUp(ID));
  assert.equal(await reaches('a', '198.18.2.10'), false, 'another team');
  assert.ok(await reaches('a', '198.18.1.11'), 'the same team');
  assert.ok(await reaches('a', '198.18.3.10'), 'outside');
  assert.ok(await reaches('out', '198.18.1.10'), 'from outside');
});

test("guests reach none of the host's addresses but for DNS", { skip }, async () => {
  await applyHostFirewall(ID);
  for (const address of ['198.18.1.1', '198.18.2.1', '198.18.3.1']) {
    assert.equal(await reaches('a', address), false, address);
  }
  assert.ok(await reaches('a', '198.18.1.1', 53), 'DNS');
  assert.ok(await reaches(null, '198.18.1.10'), 'the host reaches its guests');
});

test('applying twice replaces, removing leaves nothing', { skip }, async () => {
  await applyHostFirewall(ID);
  await applyHostFirewall(ID);
  await removeHostFirewall(ID);
  await removeHostFirewall(ID);
  assert.equal(await hostFirewallIsUp(ID), false);
});
