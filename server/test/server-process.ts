/**
 * A server in a process of its own, so that tests can kill it at an exact point. On the simulated data plane, or with
 * `DANUBE_ENGINE=incus` on the Incus of the test run. It talks to `processes.ts` over the channel of its parent.
 */
import { startApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { createSimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import { createLog } from '../src/lib/log.ts';
import { TEST_POOLS } from './harness.ts';
import { createTestIncus } from './incus.ts';
import type { FromServer, ToServer } from './processes.ts';
import { createTraps } from './traps.ts';

const tell = (message: FromServer) => void process.send!(message);

const config = readConfig(process.env);
const log = createLog(config.logLevel);
const traps = createTraps();
const plane = config.engine === 'sim' ? simulated() : createTestIncus(log);

function simulated() {
  const sim = createSimDataPlane({ stateFile: config.sim.stateFile, latencyMs: config.sim.latencyMs });
  traps.watch(sim.faults);
  return sim;
}

const app = await startApp({
  config,
  databaseUrl: config.databaseUrl!,
  plane,
  pools:
    config.ipv4Pool && config.ipv6Pool
      ? { ...TEST_POOLS, ipv4: config.ipv4Pool, ipv6: config.ipv6Pool }
      : TEST_POOLS,
  publicAddress: config.publicAddress,
  secretKey: Buffer.from(config.secretKey!, 'base64'),
  executorId: 'test',
  log,
  runtime: {
    // A real data plane takes longer to come back.
    ...(config.engine === 'sim' ? { retrySeconds: 30 } : {}),
    // Operations that are parked are at work.
    concurrency: 1000,
    afterStep: traps.afterStep,
  },
});

process.on('message', ({ teamId, point, fate }: ToServer) => {
  traps.set(teamId, point, () => {
    if (fate === 'die') process.kill(process.pid, 'SIGKILL');
    tell({ parked: teamId });
    return new Promise(() => {});
  });
  tell({ armed: teamId });
});
process.on('SIGTERM', () => void app.close());
// The test that started this is gone, however it ended.
process.on('disconnect', () => process.exit(1));
// Nor does waiting for that keep a server from ending by itself.
process.channel!.unref();
tell({ url: app.url! });
