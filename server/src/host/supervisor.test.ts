import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../../test/until.ts';
import {
  allPids,
  argumentsOf,
  identify,
  isAlive,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../lib/processes.ts';
import { startDaemon } from './daemon.ts';
import { createSupervisor, type Supervised, type Supervisor } from './supervisor.ts';

let folder = '';
let supervisors: Supervisor[] = [];
let messages: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp('/tmp/danube-test-supervisor-');
  messages = [];
});

afterEach(async () => {
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
  supervisors = [];
  for (const pid of dummies()) signal(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Processes of this test have its folder as an argument. */
const dummies = (): number[] => allPids().filter((pid) => argumentsOf(pid).includes(folder) && identify(pid));

const supervise = (): Supervisor => {
  const supervisor = createSupervisor({
    log: (message) => messages.push(message),
    backoffMs: 20,
    maxBackoffMs: 80,
  });
  supervisors.push(supervisor);
  return supervisor;
};

/** A component whose daemon is taken over where it runs, and started otherwise. */
function dummyComponent(): Supervised & { starts: number; current: ProcessIdentity | null } {
  return {
    name: 'Dummy',
    intervalMs: 10,
    starts: 0,
    current: null,
    async ensure() {
      const running = dummies()[0];
      this.current = running === undefined ? null : identify(running);
      if (this.current) return;
      this.starts += 1;
      this.current = await startDaemon({
        command: process.execPath,
        args: ['-e', 'setInterval(() => {}, 1000)', folder],
        logFile: path.join(folder, 'log'),
      });
    },
    isUp() {
      return this.current !== null && isAlive(this.current);
    },
  };
}

test('a daemon that dies is restarted, with a log line', async () => {
  const component = dummyComponent();
  await supervise().add(component);
  const first = component.current;
  assert.ok(first);
  signal(first.pid, 'SIGKILL');
  await until('another process', () => component.starts === 2 && component.isUp?.() === true, messages);
  assert.notEqual(component.current?.pid, first.pid);
  assert.ok(messages.some((message) => message.startsWith('Dummy is down')));
});

test('a daemon runs in its own process group and outlives its supervisor', async () => {
  const component = dummyComponent();
  const supervisor = supervise();
  await supervisor.add(component);
  await supervisor.stop();
  assert.ok(component.current && isAlive(component.current));
  const stat = await readFile(`/proc/${component.current.pid}/stat`, 'latin1');
  const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
  assert.equal(group, String(component.current.pid));
});

test('the next supervisor takes over a running daemon instead of starting a second one', async () => {
  const first = dummyComponent();
  const before = supervise();
  await before.add(first);
  await before.stop();
  const second = dummyComponent();
  await supervise().add(second);
  assert.equal(second.starts, 0);
  assert.equal(second.current?.pid, first.current?.pid);
  assert.equal(dummies().length, 1);
});

test('the first failure is thrown, later ones are retried with growing waits', async () => {
  const supervisor = supervise();
  const broken: Supervised = {
    name: 'Broken',
    intervalMs: 10,
    isUp: () => false,
    ensure: () => Promise.reject(new Error('no')),
  };
  await assert.rejects(supervisor.add(broken), /no/);

  let attempts = 0;
  const flaky: Supervised = {
    name: 'Flaky',
    intervalMs: 10,
    isUp: () => attempts >= 5,
    async ensure() {
      attempts += 1;
      if (attempts < 5) throw new Error('not yet');
    },
  };
  supervisor.addInBackground(flaky);
  await until('five attempts', () => messages.includes('Flaky is up'), messages);
  const waits = messages
    .flatMap((message) => /next attempt in ([\d.]+) s/.exec(message)?.[1] ?? [])
    .map(Number);
  assert.equal(waits.length, 4);
  assert.deepEqual(
    waits,
    [...waits].sort((a, b) => a - b),
  );
  assert.ok((waits.at(-1) ?? 0) > (waits[0] ?? 0));
});

test('stop stops everything, including what never came up, even if something fails to stop', async () => {
  const supervisor = createSupervisor({ log: (message) => messages.push(message) });
  const stopped: string[] = [];
  const component = (name: string, ensure: () => Promise<void>, stop: () => Promise<void>): Supervised => ({
    name,
    intervalMs: 10,
    ensure,
    stop,
  });
  const note = (name: string) => async () => void stopped.push(name);
  const fail = (message: string) => () => Promise.reject(new Error(message));
  await supervisor.add(component('one', async () => undefined, fail('will not stop')));
  await assert.rejects(
    supervisor.add(component('two', fail('will not start'), note('two'))),
    /will not start/,
  );
  supervisor.addInBackground(component('three', fail('will not start'), note('three')));
  await assert.rejects(supervisor.stop(), /will not stop/);
  assert.deepEqual(stopped, ['two', 'three']);
});

test('a check that throws counts as down', async () => {
  let repairs = 0;
  const component: Supervised = {
    name: 'Check',
    intervalMs: 10,
    isUp() {
      if (repairs < 2) throw new Error('cannot look');
      return true;
    },
    async ensure() {
      repairs += 1;
    },
  };
  await supervise().add(component);
  await until('a second ensure', () => repairs === 2, messages);
});

test('a reused process id is not mistaken for ours', async () => {
  const component = dummyComponent();
  await component.ensure();
  const identity = component.current;
  assert.ok(identity);
  assert.equal(isAlive({ pid: identity.pid, startTime: 'another boot:1' }), false);
  signal(identity.pid, 'SIGKILL');
  assert.ok(await waitForExit(identity, 120));
});
