import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '../../config.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { hostIpv4Ranges } from '../address-pools.ts';
import type { HostContext, Upkeep } from '../component.ts';
import type { Verdict } from '../verdict.ts';
import { addressRoutes, removeRoutes, usesIpv6 } from './address-routes.ts';

/** Ranges for benchmarks (RFC 2544) and of nobody, and a bridge in them that stands for the network of a team. */
const RANGES = ['198.18.128.0/17', 'fd00:da:800::/40'];
const [ABSENT, TEAM] = ['198.18.200.7', { gateway: '198.18.129.1', guest: '198.18.129.7' }];
const BRIDGE = 'dfcfcfc-1';

const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and the routes of the host' : false;
let context: HostContext;

before(async () => {
  if (skip) return;
  const home = await mkdtemp('/tmp/danube-test-routes-');
  const config = readConfig({ DANUBE_HOME: home });
  context = { config, installId: 'fcfcfc', incus: 'own', log: () => undefined };
  const [ipv4Pool, ipv6Pool] = RANGES;
  await writeFile(path.join(home, 'install.json'), JSON.stringify({ incus: 'own', ipv4Pool, ipv6Pool }));
});

after(async () => {
  if (skip) return;
  await run('ip', ['link', 'delete', BRIDGE], { allow: 'any' });
  await removeRoutes(RANGES);
  await rm(context.config.home, { recursive: true, force: true });
});

const upkeep = (): Upkeep => addressRoutes.create(context)!;
const doctor = async (): Promise<Verdict['state'] | undefined> =>
  (await addressRoutes.checks![0]!.look(context))?.state;
/** How the kernel sends to an address. */
const routeTo = async (address: string): Promise<string> =>
  (await run('ip', ['route', 'get', address], { allow: 'any' })).stdout;

async function destroy(): Promise<void> {
  await addressRoutes.remove!(context, async (_title, work) => {
    await work(() => undefined);
    return true;
  });
}

test('what is sent to an address without a network fails at once, and does not leave the host', {
  skip,
}, async () => {
  assert.equal(await doctor(), 'fail');
  await upkeep().ensure(() => undefined);
  await upkeep().ensure(() => undefined);
  assert.equal(await upkeep().isUp!(), true);
  assert.equal(await doctor(), 'ok');
  const socket = connect(22, ABSENT);
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  assert.match(String(error.code), /EHOSTUNREACH|ENETUNREACH/);
  assert.equal((await addressRoutes.remains!(context)).length, usesIpv6() ? 2 : 1);
  // One that an install has left behind takes no range from the next.
  assert.ok(!(await hostIpv4Ranges()).includes(RANGES[0]!));
});

test('a network of the install is reached through its bridge', { skip }, async () => {
  await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${TEAM.gateway}/24`, 'dev', BRIDGE]);
  await run('ip', ['link', 'set', BRIDGE, 'up']);
  assert.match(await routeTo(TEAM.guest), new RegExp(`dev ${BRIDGE} `));
  await run('ip', ['link', 'delete', BRIDGE]);
  assert.doesNotMatch(await routeTo(TEAM.guest), /dev/);
});

test('a route that somebody took away is noticed, and comes back', { skip }, async () => {
  await run('ip', ['route', 'delete', 'unreachable', RANGES[0]!]);
  assert.equal(await upkeep().isUp!(), false);
  assert.equal(await doctor(), 'fail');
  await upkeep().ensure(() => undefined);
  assert.equal(await doctor(), 'ok');
});

test('destroy removes the routes, and an install elsewhere has none', { skip }, async () => {
  await destroy();
  await destroy();
  assert.deepEqual(await addressRoutes.remains!(context), []);
  const file = path.join(context.config.home, 'install.json');
  await writeFile(file, JSON.stringify({ incus: 'remote', ipv4Pool: RANGES[0], ipv6Pool: RANGES[1] }));
  await upkeep().ensure(() => undefined);
  assert.equal(await doctor(), 'ok');
  assert.deepEqual(await addressRoutes.remains!(context), []);
});
