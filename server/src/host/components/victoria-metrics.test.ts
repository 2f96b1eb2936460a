import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { metricsStoreContract } from '../../../test/contract/metrics-store.ts';
import { waitFor } from '../../../test/harness.ts';
import { type Config, readConfig } from '../../config.ts';
import { installId } from '../../lib/install-id.ts';
import { allPids, argumentsOf, environmentOf, isRoot, signal } from '../../lib/processes.ts';
import type { Expression } from '../../metrics/contract.ts';
import { readConnection } from '../../metrics/victoria/client.ts';
import { createVictoriaStore } from '../../metrics/victoria/store.ts';
import { checkAll } from '../checks.ts';
import type { HostContext, Upkeep } from '../component.ts';
import { findRest, removeInstall } from '../removal.ts';
import { removeUser, systemUserName } from '../system.ts';
import { createTerminal } from '../terminal.ts';
import { connectionFile, victoriaMetrics } from './victoria-metrics.ts';

const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and VictoriaMetrics' : false;

const level: Expression = { kind: 'last', series: 'level', windowSeconds: 3600 };

describe('VictoriaMetrics of the host', { skip, timeout: 600_000 }, () => {
  let home: string;
  let context: HostContext;
  let upkeep: Upkeep;

  const configOf = (changes: NodeJS.ProcessEnv = {}): Config => readConfig({ DANUBE_HOME: home, ...changes });
  /** What a start of Danube with these settings would keep up. */
  const start = async (changes: NodeJS.ProcessEnv = {}): Promise<Upkeep> => {
    const made = victoriaMetrics.create({ ...context, config: configOf(changes) })!;
    await made.ensure(() => undefined);
    return made;
  };
  const store = (id = 'abcdef') =>
    createVictoriaStore({ connect: () => readConnection(connectionFile(home)), installId: id });
  const pids = (): number[] =>
    allPids().filter((pid) => argumentsOf(pid).includes(`-storageDataPath=${home}/metrics/data`));
  const portOf = async (): Promise<string> => new URL((await readConnection(connectionFile(home))).url).port;
  const verdict = async () =>
    (await checkAll(context, [victoriaMetrics])).find(({ component }) => component === 'metrics')?.state;
  const stored = async (id?: string) =>
    (await store(id).query({ expression: level, teamId: 1, resources: 'all' })).get('kept') ?? null;

  before(async () => {
    home = await mkdtemp('/tmp/danube-test-metrics-');
    await chmod(home, 0o711);
    context = { config: configOf(), installId: installId(home), incus: 'none', log: () => undefined };
    upkeep = await start();
  });
  after(async () => {
    await upkeep?.stop?.();
    await removeUser(systemUserName(installId(home)));
    await rm(home, { recursive: true, force: true });
  });

  metricsStoreContract('victoria', async () => store('contract'));

  it('answers nobody without its password, which its arguments do not show', async () => {
    const { url, login } = await readConnection(connectionFile(home));
    assert.equal((await fetch(`${url}/api/v1/query?query=1`)).status, 401);
    const [pid] = pids();
    assert.ok(!argumentsOf(pid!).join(' ').includes(login!.password));
    assert.equal(environmentOf(pid!, 'httpAuth_password'), login!.password);
  });

  it('keeps installs that share it apart', async () => {
    const sample = { teamId: 1, resource: 'kept', series: 'level', value: 5, at: Date.now() };
    await store().push([sample]);
    await waitFor('the sample', async () => (await stored()) === 5);
    assert.equal(await stored('fedcba'), null);
  });

  it('is taken over by the next start, and started again with what it held', async () => {
    const first = pids();
    const next = await start();
    assert.deepEqual(pids(), first);
    assert.equal(await verdict(), 'ok');
    await next.stop!();
    assert.deepEqual(pids(), []);
    assert.equal(await upkeep.isUp!(), false);
    assert.equal(await verdict(), 'fail');
    await upkeep.ensure(() => undefined);
    await waitFor('the sample', async () => (await stored()) === 5);
  });

  it('starts again after a kill, and for another retention', async () => {
    const [killed] = pids();
    signal(killed!, 'SIGKILL');
    await waitFor('its end', async () => !(await upkeep.isUp!()));
    await upkeep.ensure(() => undefined);
    const [second] = pids();
    assert.notEqual(second, killed);
    const other = await start({ DANUBE_METRICS_DAYS: '7' });
    const [third] = pids();
    assert.notEqual(third, second);
    assert.ok(argumentsOf(third!).includes('-retentionPeriod=7d'));
    await other.stop!();
  });

  it('listens elsewhere where somebody has its port, and its clients find it', async () => {
    const port = await portOf();
    const squatter = createServer((socket) => void socket.destroy());
    await new Promise<void>((resolve) => squatter.listen(Number(port), '127.0.0.1', resolve));
    try {
      const client = store();
      assert.equal(await client.isReady(), false);
      await upkeep.ensure(() => undefined);
      assert.notEqual(await portOf(), port);
      assert.equal(await client.isReady(), true);
    } finally {
      squatter.close();
    }
  });

  it('is checked where METRICS_URL names it', async () => {
    const { url, login } = await readConnection(connectionFile(home));
    const look = async (password: string) => {
      const config = configOf({ METRICS_URL: url.replace('//', `//danube:${password}@`) });
      const found = await checkAll({ ...context, config }, [victoriaMetrics]);
      return found.find(({ component }) => component === 'metrics')?.state;
    };
    assert.equal(await look(login!.password), 'ok');
    assert.equal(await look('wrong'), 'fail');
  });

  it('is removed with all that it has stored', async () => {
    const terminal = { ...createTerminal(), line: () => undefined };
    await removeInstall(context, [victoriaMetrics], terminal);
    assert.deepEqual(pids(), []);
    assert.deepEqual(await findRest(context, [victoriaMetrics]), { rest: [], foreign: [] });
    assert.ok(!existsSync(`${home}/metrics`));
  });
});
