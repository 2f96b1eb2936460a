/**
 * `npm run conformance:clients [-- NAME …]`: generates clients of the API from the committed document, builds them as
 * their users do, and lets them create, use and delete a VPS on a server with simulated instances. Needs the packages
 * that it names, and the registries of Maven, npm, PyPI and Go. What is missing fails the clients that need it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from '../../server/src/lib/run.ts';
import { createTeam, type TestApp } from '../../server/test/harness.ts';
import { testKey } from '../../server/test/ssh-keys.ts';
import { installTestPackages, terminal } from '../test-install.ts';
import { CLIENT_KINDS, type ClientKind, GENERATOR_COMMANDS, packagesOf } from './client-kinds.ts';
import { fetchGenerator, generate } from './openapi-generator.ts';
import { withSimulatedServer } from './simulated-server.ts';

/** openapi-generator itself has about three for each client. */
const MOST_WARNINGS = 19;

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(CLIENT_KINDS);
const unknown = names.filter((name) => !(name in CLIENT_KINDS));
if (unknown.length > 0) {
  terminal.line(
    `There is no client ${unknown.join(', ')}. There are: ${Object.keys(CLIENT_KINDS).join(', ')}.`,
  );
  process.exit(2);
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-conformance-'));
let failed = 0;
try {
  await withSimulatedServer(async (server) => {
    await installTestPackages(packagesOf(GENERATOR_COMMANDS));
    const jar = await terminal.step('Fetching openapi-generator', () => fetchGenerator(folder));
    for (const name of names) {
      try {
        terminal.line(`✓ ${name}: ${await check(name, CLIENT_KINDS[name]!, jar, server)}`);
      } catch (error) {
        failed += 1;
        terminal.line(`✗ ${name}: ${(error as Error).message}`);
      }
    }
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
terminal.line(`${names.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** Resolves to what there is to say of a client that has no fault. */
async function check(name: string, kind: ClientKind, jar: string, server: TestApp): Promise<string> {
  const place = path.join(folder, name);
  await installTestPackages(packagesOf(kind.commands));
  const { models, anonymous, warnings } = await terminal.step(`Generating ${name}`, () =>
    generate(jar, kind.generator, place, kind.options),
  );
  await terminal.step(`Building ${name}`, () => kind.build(place));
  const said = [`${models} models`, `${warnings.length} warnings`, 'builds'];
  if (kind.flow) {
    const [program, ...args] = kind.flow(place);
    const { token } = await createTeam(server.database);
    const env = { ...process.env, API: `${server.app.url}/api/v1`, TOKEN: token, PUBLIC_KEY: testKey(1) };
    await terminal.step(`Using ${name}`, () => run(program!, args, { env, timeoutSeconds: 600 }));
    said.push('creates, uses and deletes a VPS');
  }
  const faults = [
    ...(anonymous.length > 0 ? [`models without a name in the document: ${anonymous.join(', ')}`] : []),
    ...(warnings.length > MOST_WARNINGS ? [`${warnings.length} warnings, such as ${warnings.at(-1)}`] : []),
  ];
  if (faults.length > 0) throw new Error(`${said.join(', ')}, but: ${faults.join('; ')}`);
  return said.join(', ');
}
