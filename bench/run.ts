/** `npm run bench`: runs benchmarks on an install of their own and prints their tables. `--write` updates those in the docs. */
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  installTestPackages,
  prepareTestInstall,
  ROOT,
  removeTestInstall,
  startTestIncus,
  startTestPostgres,
  takeTestImages,
  terminal,
} from '../scripts/test-install.ts';
import { ALL_PACKAGES } from '../scripts/test-packages.ts';
import { benchAlerts } from './alerts.ts';
import { benchCreateReal } from './create-real.ts';
import { benchCreateServices } from './create-services.ts';
import { benchCreateSimulated } from './create-simulated.ts';
import { benchDashboard } from './dashboard.ts';
import { benchFairness } from './fairness.ts';
import { benchIdle } from './idle.ts';
import { benchListVps } from './list-vps.ts';
import { benchMetrics } from './metrics.ts';
import { benchObjectStorage } from './object-storage.ts';
import { benchReboots } from './reboots.ts';
import { type Row, table, withFigures } from './report.ts';
import { benchRetention } from './retention.ts';
import { benchSearch } from './search.ts';
import { benchSnapshots } from './snapshots.ts';
import { benchStart } from './start.ts';
import { benchStreams } from './streams.ts';
import { benchWebhooks } from './webhooks.ts';

const DOCUMENT = path.join(ROOT, 'docs/benchmarks.md');

const benchmarks: Record<string, () => Promise<Row[]>> = {
  start: benchStart,
  services: benchCreateServices,
  snapshots: benchSnapshots,
  idle: benchIdle,
  real: benchCreateReal,
  reboots: benchReboots,
  list: benchListVps,
  simulated: benchCreateSimulated,
  fairness: benchFairness,
  webhooks: benchWebhooks,
  streams: benchStreams,
  retention: benchRetention,
  search: benchSearch,
  alerts: benchAlerts,
  metrics: benchMetrics,
  dashboard: benchDashboard,
  storage: benchObjectStorage,
};
const wanted = process.argv.slice(2).filter((argument) => argument !== '--write');
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(
    `No benchmark is called ${unknown.join(' or ')}. There are: ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(1);
}
const figures = new Map<string, string>();
await prepareTestInstall('incus');
try {
  await installTestPackages(ALL_PACKAGES);
  await takeTestImages();
  await startTestPostgres({ durable: true });
  await startTestIncus();
  for (const [name, bench] of Object.entries(benchmarks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    terminal.line(`\n── ${name}`);
    const rows = await bench();
    figures.set(name, table(rows));
    process.stdout.write(`${table(rows)}\n`);
  }
} finally {
  await removeTestInstall();
}
if (process.argv.includes('--write')) {
  const where = `${os.cpus().length} cores (${os.cpus()[0]?.model}), Node ${process.version}`;
  let text = await readFile(DOCUMENT, 'utf8');
  for (const [name, rows] of figures) text = withFigures(text, name, `${rows}\n\nMeasured on ${where}.`);
  await writeFile(DOCUMENT, text);
}
process.exit(0);
