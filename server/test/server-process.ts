/**
 * A server in a process of its own, so that tests can kill it at an exact point. On the simulated data plane, or with
 * `DANUBE_ENGINE=incus` on the Incus of the test run.
 *
 * `DANUBE_TEST_KILL` says where: `step NAME` after that step is recorded, `before VERB` or `after VERB` around the
 * first call of that verb of the data plane once an operation has begun: reconcilers call verbs too. The process prints
 * one line of JSON `{url}` when it serves.
 */
import type { Socket } from 'node:net';
import { startApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { createSimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import { createLog } from '../src/lib/log.ts';
import { TEST_POOLS } from './harness.ts';
import { createTestIncus } from './incus.ts';

const config = readConfig(process.env);
const [killWhen, killAt] = (process.env.DANUBE_TEST_KILL ?? '').split(' ');
const die = () => process.kill(process.pid, 'SIGKILL');
let begun = false;

const log = createLog(config.logLevel);
const plane = config.engine === 'sim' ? simulated() : createTestIncus(log);

function simulated() {
  const sim = createSimDataPlane({ stateFile: config.sim.stateFile, latencyMs: config.sim.latencyMs });
  if (killWhen === 'before') sim.faults.before((verb) => void (begun && verb === killAt && die()));
  if (killWhen === 'after') sim.faults.after((verb) => void (begun && verb === killAt && die()));
  return sim;
}

const app = await startApp({
  config,
  databaseUrl: config.databaseUrl!,
  plane,
  pools: config.ipv4Pool && config.ipv6Pool ? { ipv4: config.ipv4Pool, ipv6: config.ipv6Pool } : TEST_POOLS,
  publicAddress: config.publicAddress,
  secretKey: Buffer.from(config.secretKey!, 'base64'),
  executorId: 'test',
  log,
  runtime: {
    // A real data plane takes longer to come back.
    ...(config.engine === 'sim' ? { retrySeconds: 5 } : {}),
    afterStep: (_operation, step) => {
      begun = true;
      if (killWhen === 'step' && step === killAt) die();
    },
  },
});
console.log(JSON.stringify({ url: app.url }));
process.on('SIGTERM', () => void app.close());
// The test that started this is gone, however it ended.
process.stdin.on('end', () => process.exit(1)).resume();
// Nor does waiting for that keep a server from ending by itself.
(process.stdin as unknown as Socket).unref();
