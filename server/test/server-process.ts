/**
 * A server in its own process, so that tests can kill it at an exact point; on the simulated data plane, or with
 * `DANUBE_ENGINE=incus` on the Incus of the test run. Communicates with `processes.ts` over the IPC channel.
 */
import { startApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { createSimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import { createLog } from '../src/lib/log.ts';
import { createSimMetricsStore } from '../src/metrics/sim/store.ts';
import { createSimObjectStore, stateFileOf } from '../src/object-store/sim/object-store.ts';
import { TEST_POOLS } from './harness.ts';
import { createTestIncus } from './incus.ts';
import type { FromServer, ToServer } from './processes.ts';
import { createTraps } from './traps.ts';

const tell = (message: FromServer) => void process.send!(message);

const config = readConfig(process.env);
const log = createLog(config.logLevel);
const traps = createTraps();
// In memory, unless the test keeps it: there is no data directory.
const stateFile = process.env.DANUBE_SIM_STATE ?? null;
const plane = config.engine === 'sim' ? simulated() : createTestIncus(log);

function simulated() {
  const sim = createSimDataPlane({ stateFile, latencyMs: config.sim.latencyMs });
  traps.watch(sim.faults);
  return sim;
}

const objects = createSimObjectStore({ stateFile: stateFileOf(stateFile), latencyMs: 0 });
traps.watch(objects.faults);

const app = await startApp({
  config,
  databaseFolder: null,
  databaseUrl: config.databaseUrl!,
  plane,
  objects,
  metrics: createSimMetricsStore(),
  pools:
    config.ipv4Pool && config.ipv6Pool
      ? { ...TEST_POOLS, ipv4: config.ipv4Pool, ipv6: config.ipv6Pool }
      : TEST_POOLS,
  publicAddress: config.publicAddress,
  secretKey: Buffer.from(config.secretKey!, 'base64'),
  executorId: 'test',
  log,
  runtime: {
    // A real data plane takes longer to recover.
    ...(config.engine === 'sim' ? { retrySeconds: 30 } : {}),
    // Operations waiting at points count as running.
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
// Exits when the test process is gone.
process.on('disconnect', () => process.exit(1));
// The open channel must not keep the server from exiting.
process.channel!.unref();
tell({ url: app.url! });
