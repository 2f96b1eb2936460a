import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { type Config, readConfig } from '../config.ts';
import { installId } from '../lib/install-id.ts';
import type { Isolation } from './isolation.ts';
import { takeLock } from './lock.ts';
import { OperatorError } from './operator-error.ts';
import { type Host, preflight } from './preflight.ts';

const settings = (more: NodeJS.ProcessEnv = {}): Config =>
  readConfig({ DANUBE_HOME: '/tmp/danube-never-made', DANUBE_LISTEN: '127.0.0.1:0', ...more });

const ISOLATED: Isolation = {
  userNamespaces: true,
  seccomp: true,
  appArmor: true,
  cgroupVersion: 2,
  controllers: ['cpu', 'cpuset', 'memory', 'pids'],
};

const host = (changes: Partial<Host> = {}): Host => ({
  platform: 'linux',
  root: true,
  hasApt: true,
  missingPackages: () => [],
  freeBytes: async () => 50e9,
  isolation: () => ISOLATED,
  ...changes,
});

/** The problem and its remedy as one text. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof OperatorError, `not for the operator: ${error}`);
    assert.ok(error.remedy.length > 10);
    return `${error.message} ${error.remedy}`;
  }
  return assert.fail('Nothing was refused.');
}

test('a complete host passes', async () => {
  await preflight(settings(), true, host());
});

test('a host that cannot work is refused with reason and remedy', async () => {
  assert.match(await refusal(preflight(settings(), true, host({ platform: 'darwin' }))), /Linux.*darwin/);
  assert.match(await refusal(preflight(settings(), true, host({ root: false }))), /root.*sudo/);
  const noApt = host({ hasApt: false, missingPackages: () => ['incus-base'] });
  assert.match(await refusal(preflight(settings(), true, noApt)), /apt-get.*incus-base/);
  const full = host({ freeBytes: async () => 4 * 1024 ** 3 });
  assert.match(await refusal(preflight(settings(), true, full)), /4\.0 GB.*needs 10/);
  const long = settings({ DANUBE_HOME: `/tmp/${'x'.repeat(80)}` });
  assert.match(await refusal(preflight(long, true, host())), /too long/);
  const taken = settings({ DANUBE_HOME: '/etc' });
  assert.match(await refusal(preflight(taken, true, host())), /\/etc, which contains other files/);
});

test('missing isolation is reported, and refused only where it is indispensable', async () => {
  const told = async (changes: Partial<Isolation>): Promise<string> =>
    (await preflight(settings(), true, host({ isolation: () => ({ ...ISOLATED, ...changes }) }))).join('\n');
  assert.doesNotMatch(await told({}), /!/);
  assert.match(await told({ appArmor: false }), /no AppArmor.*\n {2}! without AppArmor/);
  assert.match(
    await told({ seccomp: false, controllers: [] }),
    /no seccomp.*subvolumes.*memory of the host/s,
  );
  assert.match(await refusal(told({ userNamespaces: false })), /user namespaces.*max_user_namespaces/);
});

test('a later start works with a full disk, and without apt if no package is missing', async () => {
  await preflight(settings(), false, host({ freeBytes: async () => 0, hasApt: false }));
});

test('the simulated data plane needs neither root nor apt', async () => {
  const nothing = host({ root: false, hasApt: false, missingPackages: () => ['incus-base'] });
  await preflight(settings({ DANUBE_ENGINE: 'sim' }), true, nothing);
});

test('a taken port is refused and named', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    const text = await refusal(preflight(settings({ DANUBE_LISTEN: `127.0.0.1:${port}` }), false, host()));
    assert.match(text, new RegExp(`Port ${port} is taken by ".*preflight\\.test.*DANUBE_LISTEN`));
    const worker = settings({ DANUBE_LISTEN: `127.0.0.1:${port}`, DANUBE_ROLE: 'worker' });
    await preflight(worker, false, host());
  } finally {
    server.close();
  }
});

test('an unreachable database is refused without showing its password', async () => {
  const config = settings({ DATABASE_URL: 'postgres://danube:topsecret@127.0.0.1:1/danube' });
  const text = await refusal(preflight(config, false, host()));
  assert.match(text, /DATABASE_URL does not answer/);
  assert.ok(!text.includes('topsecret'));
});

test('one data directory has one server', async () => {
  const home = `/tmp/danube-lock-test-${process.pid}`;
  const lock = await takeLock(home, installId(home));
  try {
    assert.match(await refusal(takeLock(home, installId(home))), /already runs/);
  } finally {
    await lock.release();
  }
  await (await takeLock(home, installId(home))).release();
});
