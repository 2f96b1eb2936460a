/**
 * `npm run conformance:schemathesis [-- OPERATION …]`: Schemathesis, from PyPI, looks for requests that a server with
 * simulated instances answers otherwise than the document says, in all its phases and with all its checks. Names of
 * operations, such as `createVps`, narrow it to those.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ADDRESS_LIMITS } from '../../server/src/http/rate-limits.ts';
import { SERVICE_IMAGES } from '../../server/src/images/recipes.ts';
import { run } from '../../server/src/lib/run.ts';
import { createApiClient } from '../../server/test/api-client.ts';
import type { TestApp } from '../../server/test/harness.ts';
import { type Ids, makeThings } from '../../server/test/things.ts';
import { installTestPackages, terminal } from '../test-install.ts';
import { packagesOf } from './client-kinds.ts';
import { DOCUMENT } from './openapi-generator.ts';
import { withSimulatedServer } from './simulated-server.ts';

const SCHEMATHESIS = 'schemathesis==4.32.5';
const PHASES = 'examples,coverage,fuzzing,stateful';

// All requests come from one address, and more of them without a token than one is allowed.
Object.assign(ADDRESS_LIMITS, Array(3).fill(1_000_000));

const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-conformance-'));
let status = 1;
try {
  await installTestPackages(packagesOf({ python3: 'python3-venv' }));
  const program = await terminal.step(`Installing ${SCHEMATHESIS}`, install);
  await withSimulatedServer(async (server) => {
    const config = path.join(folder, 'schemathesis.toml');
    await writeFile(config, settings(server, await prepare(server)));
    const operations = process.argv.slice(2).flatMap((name) => ['--include-operation-id', name]);
    const args = ['--config-file', config, 'run', DOCUMENT, '--phases', PHASES, '--no-color', ...operations];
    const onLine = (line: string) => void process.stdout.write(`${line}\n`);
    ({ status } = await run(program, args, { cwd: folder, allow: 'any', timeoutSeconds: 3000, onLine }));
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(status);

async function install(): Promise<string> {
  await run('python3', ['-m', 'venv', folder], { timeoutSeconds: 120 });
  const pip = ['install', '--quiet', '--disable-pip-version-check', SCHEMATHESIS];
  await run(path.join(folder, 'bin/pip'), pip, { timeoutSeconds: 600 });
  return path.join(folder, 'bin/schemathesis');
}

/** Creates one of each resource, so that requests find something. */
async function prepare({ app, plane, team }: TestApp): Promise<Ids> {
  for (const image of SERVICE_IMAGES) await plane.ensureImage(image);
  return makeThings(createApiClient(app.http, team.token), team.token);
}

/** Schemathesis's settings. See its reference of the configuration file. */
function settings({ app, team }: TestApp, ids: Ids): string {
  const known = Object.entries(ids);
  return [
    `base-url = "${app.url}/api/v1"`,
    'continue-on-failure = true',
    // Ids of other resources, states, passwords and quotas decide as well, which no schema can say.
    'checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429]',
    // Headers with the longest queries are too large, before anything else about them is looked at.
    'checks.negative_data_rejection.expected-statuses = ["4xx"]',
    'generation.max-examples = 10',
    '[headers]',
    `Authorization = "Bearer ${team.token}"`,
    ...known.flatMap(([name, id]) => [
      `[dictionaries.${name}]`,
      `values = [${/^\d+$/.test(id) ? id : `"${id}"`}]`,
    ]),
    '[parameters]',
    ...known.map(([name]) => `"path.${name}" = { dictionary = "${name}", probability = 0.7 }`),
    '',
  ].join('\n');
}
