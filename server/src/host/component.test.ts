import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../../test/until.ts';
import { type Config, readConfig } from '../config.ts';
import { installId } from '../lib/install-id.ts';
import {
  allPids,
  argumentsOf,
  identify,
  isAlive,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../lib/processes.ts';
import { checkAll } from './checks.ts';
import type { HostComponent, HostContext } from './component.ts';
import { HOST_COMPONENTS } from './components.ts';
import { startDaemon } from './daemon.ts';
import { findRest, listInstall, removeInstall } from './removal.ts';
import { setUp } from './setup.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { createTerminal } from './terminal.ts';
import { fail, ok } from './verdict.ts';

/** A sample component: a daemon that keeps a folder. It is known to Danube only by being in the list. */
const sample: HostComponent = {
  name: 'Sample',
  packages: () => [{ name: 'dash', proof: '/bin/sh' }],
  entries: ['sample'],
  appliesTo: () => true,
  create({ config: { home } }) {
    let daemon: ProcessIdentity | null = null;
    return {
      async ensure(report) {
        report('making its folder');
        await mkdir(folderOf(home), { recursive: true });
        daemon = findSample(home) ?? (await startSample(home));
      },
      isUp: () => daemon !== null && isAlive(daemon),
      intervalMs: 10,
      stop: () => stopSample(home),
    };
  },
  checks: [
    {
      name: 'sample',
      look: async ({ config }) =>
        findSample(config.home) ? ok('runs') : fail('does not run', 'Start Danube.'),
    },
  ],
  contents: async ({ config }) => (existsSync(folderOf(config.home)) ? ['all that the sample holds'] : []),
  async remove({ config }, attempt) {
    await attempt('Stopping the sample', () => stopSample(config.home));
  },
  async remains({ config }) {
    const daemon = findSample(config.home);
    return daemon ? [`the sample (process ${daemon.pid})`] : [];
  },
};

const folderOf = (home: string): string => path.join(home, 'sample');

function findSample(home: string): ProcessIdentity | null {
  const pid = allPids().find((candidate) => argumentsOf(candidate).includes(folderOf(home)));
  return pid === undefined ? null : identify(pid);
}

const startSample = (home: string): Promise<ProcessIdentity | null> =>
  startDaemon({
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)', folderOf(home)],
    logFile: path.join(home, 'log', 'sample.log'),
  });

async function stopSample(home: string): Promise<void> {
  const daemon = findSample(home);
  if (!daemon) return;
  signal(daemon.pid, 'SIGTERM');
  await waitForExit(daemon, 120);
}

const terminal = { ...createTerminal(), line: () => undefined };
let config: Config;
let supervisor: Supervisor;
let messages: string[];

beforeEach(async () => {
  const home = await mkdtemp('/tmp/danube-test-component-');
  config = readConfig({ DANUBE_HOME: home, DANUBE_ENGINE: 'sim', DANUBE_LISTEN: '127.0.0.1:0' });
  messages = [];
  supervisor = createSupervisor({ log: (message) => messages.push(message) });
});

afterEach(async () => {
  await supervisor.stop();
  await rm(config.home, { recursive: true, force: true });
});

const start = (...components: HostComponent[]): Promise<unknown> =>
  setUp({ config, terminal, supervisor, components, log: (message) => messages.push(message) });

const contextOf = ({ home }: Config): HostContext => ({
  config,
  installId: installId(home),
  incus: 'none',
  log: () => undefined,
});

test('a component in the list is set up, watched, checked and removed', async () => {
  const { home } = config;
  const context = contextOf(config);
  const look = async (): Promise<unknown> =>
    (await checkAll(context, [sample])).find(({ component }) => component === 'sample')?.state;

  await start(sample);
  const first = findSample(home);
  assert.ok(first);
  assert.equal(await look(), 'ok');

  signal(first.pid, 'SIGKILL');
  await until('another daemon', () => messages.includes('Sample is up'), messages);
  assert.notDeepEqual(findSample(home), first);

  await supervisor.stop();
  assert.equal(findSample(home), null);
  assert.equal(await look(), 'fail');

  await startSample(home);
  const mine = path.join(home, 'mine.txt');
  await writeFile(mine, 'not of Danube');
  const listed = (await listInstall(context, [sample])).join('\n');
  assert.match(
    listed,
    /all that the sample holds\nthe sample \(process \d+\)\nin .*: install\.json, log, sample/,
  );
  await removeInstall(context, [sample], terminal);
  assert.deepEqual(await findRest(context, [sample]), { rest: [], foreign: ['mine.txt'] });
  assert.equal(findSample(home), null);
  assert.ok(!existsSync(folderOf(home)));
  await rm(mine);
  await removeInstall(context, [sample], terminal);
  assert.ok(!existsSync(home));
});

test('components start concurrently, except for those that come after others', async () => {
  const started: string[] = [];
  let letBaseUp = (): void => undefined;
  const baseUp = new Promise<void>((resolve) => {
    letBaseUp = resolve;
  });
  const component = (
    name: string,
    ensure: () => Promise<void>,
    after: HostComponent[] = [],
  ): HostComponent => ({
    name,
    after,
    appliesTo: () => name !== 'elsewhere',
    create: () => ({ ensure }),
  });
  const note = (name: string) => async () => void started.push(name);
  const elsewhere = component('elsewhere', note('elsewhere'));
  const base = component('base', () => baseUp);
  const top = component('top', note('top'), [elsewhere, base]);
  // Lets the base component come up: if the two waited for each other, neither would.
  const beside = component('beside', async () => {
    started.push('beside');
    letBaseUp();
  });
  await start(elsewhere, base, top, beside);
  assert.deepEqual(started, ['beside', 'top']);
});

test('a component is not started after one that fails to start', async () => {
  const started: string[] = [];
  const broken: HostComponent = {
    name: 'Broken',
    appliesTo: () => true,
    create: () => ({ ensure: () => Promise.reject(new Error('no luck')) }),
  };
  const late: HostComponent = {
    name: 'Late',
    after: [broken],
    appliesTo: () => true,
    create: () => ({ ensure: async () => void started.push('late') }),
  };
  await assert.rejects(start(broken, late), /no luck/);
  assert.deepEqual(started, []);
});

test('the set-up does not wait for a component in the background', async () => {
  let up = false;
  const slow: HostComponent = {
    name: 'Slow',
    appliesTo: () => true,
    create: () => ({
      background: true,
      intervalMs: 10,
      isUp: () => up,
      async ensure() {
        if (!up) throw new Error('not yet');
      },
    }),
  };
  await start(slow);
  up = true;
  await until('the slow one', () => messages.includes('Slow is up'), messages);
});

test('the list of components is in order of start, with unique names and entries', () => {
  for (const [index, { name, after = [] }] of HOST_COMPONENTS.entries()) {
    const before = HOST_COMPONENTS.slice(0, index);
    assert.ok(
      after.every((other) => before.includes(other)),
      `${name} comes before what it needs.`,
    );
  }
  const names = HOST_COMPONENTS.flatMap(({ name, entries = [] }) => [name, ...entries]);
  assert.equal(new Set(names).size, names.length);
});
