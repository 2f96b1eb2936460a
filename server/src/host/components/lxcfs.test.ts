import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../../test/harness.ts';
import { allPids, isAlive } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { checkLxcfs, ensureLxcfs, LXCFS_MOUNT, lxcfsIsReadOnly, lxcfsWorks } from './lxcfs.ts';
import { lxcfsDaemons, lxcfsMounts } from './lxcfs-views.ts';

/**
 * The test runs itself again in its own mount and process namespaces, so that its lxcfs is separate from the host's.
 */
const INSIDE = 'DANUBE_TEST_LXCFS';
const HOME = '/run/danube-test';
/** The same file in an instance that was started with the present lxcfs. */
const VIEW = '/run/view';
const FILE = 'sys/devices/system/cpu/cpu0/power/pm_qos_resume_latency_us';
/** What FUSE answers once its daemon has ended: the second to a request that was on its way. */
const GONE = /ENOTCONN|ECONNABORTED/;

if (process.env[INSIDE]) describe('lxcfs', { timeout: 600_000 }, insideTests);
else {
  const skip = process.env.DANUBE_TEST_FAST ? 'needs root and lxcfs' : false;
  it('lxcfs is read-only, whoever has started it', { skip }, async () => {
    await run(process.execPath, ['--test', '--test-reporter=tap', import.meta.filename], {
      contained: true,
      env: { ...process.env, [INSIDE]: '1', NODE_TEST_CONTEXT: undefined },
      timeoutSeconds: 660,
    });
  });
}

function insideTests(): void {
  const said: string[] = [];
  const ensure = (): Promise<void> => ensureLxcfs(HOME, (message) => said.push(message));
  const remount = (options: string) =>
    run('mount', ['--options-source=disable', '-o', `remount,${options}`, LXCFS_MOUNT]);
  const serving = () => lxcfsDaemons(LXCFS_MOUNT).map(({ pid }) => pid);
  /** The error message of a write. It only ever writes the present value. */
  const write = async (place: string): Promise<string> => {
    const { stderr } = await run('sh', ['-c', `cat ${place} >/run/value && cat /run/value >${place}`], {
      allow: 'any',
    });
    return stderr;
  };
  const mounts = () => lxcfsMounts('self').filter(({ place }) => place === LXCFS_MOUNT).length;
  const startByHand = async (pidfile: string): Promise<ChildProcess> => {
    const before = mounts();
    const child = spawn('lxcfs', ['-l', '--pidfile', pidfile, LXCFS_MOUNT], { stdio: 'ignore' });
    started.push(child);
    // The previous lxcfs answers there until the new one is mounted over it.
    await waitFor('lxcfs', async () => mounts() > before && lxcfsWorks());
    return child;
  };
  /** Starts a process like a container's init: number 1 in its own namespace, with a view of the present lxcfs. */
  const startContainer = async (): Promise<ChildProcess> => {
    const script = `mount --bind ${LXCFS_MOUNT}/proc/uptime /proc/uptime && touch /run/started && exec sleep 1000`;
    await rm('/run/started', { force: true });
    const child = spawn('unshare', ['-m', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-c', script]);
    started.push(child);
    await waitFor('a container', async () => existsSync('/run/started'));
    return child;
  };
  const container: { process?: ChildProcess } = {};
  /** Ended after the tests also where one of them fails: this process would wait for them. */
  const started: ChildProcess[] = [];

  before(async () => {
    // Hides the host's /run, with the pid file of its lxcfs and the marker of systemd.
    await run('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
    await run('umount', ['--lazy', LXCFS_MOUNT], { allow: 'any' });
    await mkdir(VIEW);
  });
  after(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  it('is started read-only where it is not running', async () => {
    await ensure();
    assert.ok(lxcfsWorks() && lxcfsIsReadOnly());
    assert.equal(serving().length, 1);
    assert.match(await write(`${LXCFS_MOUNT}/${FILE}`), /Read-only file system/);
    assert.equal(checkLxcfs().state, 'ok');
  });

  it('is made read-only where somebody else runs it, including existing mounts', async () => {
    await remount('rw');
    await run('mount', ['--bind', LXCFS_MOUNT, VIEW]);
    container.process = await startContainer();
    const [before] = serving();
    assert.equal(checkLxcfs().state, 'fail');
    await ensure();
    assert.ok(lxcfsIsReadOnly());
    assert.match(await write(`${VIEW}/${FILE}`), /Read-only file system/);
    assert.deepEqual(serving(), [before]);
    assert.match(said.pop() ?? '', /now read-only/);
    assert.equal(checkLxcfs().state, 'ok');
  });

  it('is replaced where one of its files is kept open for writing, and doctor names the instances', async () => {
    await remount('rw');
    const [before] = serving();
    const kept = await open(`${VIEW}/${FILE}`, 'r+');
    await ensure();
    await assert.rejects(kept.write('0'), GONE);
    await assert.rejects(kept.close(), GONE);
    assert.ok(lxcfsWorks() && lxcfsIsReadOnly());
    assert.notDeepEqual(serving(), [before]);
    assert.match(said.pop() ?? '', /replacing lxcfs/);
    const { state, message, remedy } = checkLxcfs();
    assert.deepEqual([state, remedy], ['warn', 'Reboot them.']);
    assert.match(message, /process \d+$/);
    container.process?.kill('SIGKILL');
    await waitFor('the end of the container', async () => checkLxcfs().state === 'ok');
    await run('umount', ['--lazy', VIEW]);
  });

  it('is ended where it lives on under another one', async () => {
    await remount('rw');
    await run('mount', ['--bind', LXCFS_MOUNT, VIEW]);
    const older = lxcfsDaemons(LXCFS_MOUNT)[0]!;
    const newer = await startByHand('/run/other.pid');
    assert.match(checkLxcfs().message, /writable/);
    await remount('ro');
    assert.equal(checkLxcfs().state, 'fail');
    assert.match(checkLxcfs().message, new RegExp(`process ${older.pid}\\)`));
    await ensure();
    assert.ok(!isAlive(older));
    assert.deepEqual(serving(), [newer.pid]);
    await assert.rejects(readFile(`${VIEW}/${FILE}`), GONE);
    assert.ok(lxcfsWorks() && lxcfsIsReadOnly());
    newer.kill('SIGKILL');
    await once(newer, 'exit');
  });

  it('is started again where it was killed', async () => {
    assert.ok(!lxcfsWorks());
    await ensure();
    assert.ok(lxcfsWorks() && lxcfsIsReadOnly());
    assert.ok(allPids().includes(serving()[0]!));
  });
}
