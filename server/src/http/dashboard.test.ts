import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { startTestApp, type TestApp } from '../../test/harness.ts';
import { ensureDashboard } from '../host/dashboard.ts';

/** Most KiB of JavaScript that a page loads before it can be used: as brotli, and as gzip, for browsers without https. */
const BUDGETS: [page: string, kib: { br: number; gz: number }, files: string[]][] = [
  ['sign-in', { br: 107, gz: 122 }, ['sign-in/index']],
  ['overview', { br: 120, gz: 140 }, ['_console', '_console/index']],
  ['a list', { br: 120, gz: 140 }, ['_console', '_console/vps/index']],
  ['a detail', { br: 130, gz: 148 }, ['_console', '_console/vps/$id', '_console/vps/$id/index']],
  ['graphs', { br: 130, gz: 148 }, ['_console', '_console/vps/$id', '_console/vps/$id/metrics']],
  ['a form', { br: 126, gz: 144 }, ['_console', '_console/vps/new']],
  [
    'the terminal',
    { br: 205, gz: 233 },
    ['_console', '_console/vps/$id', '_console/vps/$id/console', '../console/screen'],
  ],
];

describe('the dashboard', () => {
  let folder: string;
  let test: TestApp;
  before(async () => {
    folder = await ensureDashboard();
    test = await startTestApp({ dashboard: folder });
  });
  after(() => test?.close());

  const get = (url: string, headers: Record<string, string> = {}) => test.app.http.inject({ url, headers });
  const script = async () => /src="(\/assets\/[^"]+\.js)"/.exec((await get('/')).body)![1]!;

  it('is one page for all paths of its areas, which may load nothing from elsewhere and nothing inline', async () => {
    const { body } = await get('/');
    assert.match(body, /<div id="root">/);
    for (const url of [
      '/',
      '/vps',
      '/vps/0198c5a2',
      '/firewalls/1/x',
      '/sign-in?next=/vps',
      '/account/password',
    ]) {
      const page = await get(url);
      assert.deepEqual([page.statusCode, page.body], [200, body], url);
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'; script-src 'self'/);
      assert.doesNotMatch(String(page.headers['content-security-policy']), /unsafe/);
      assert.equal(page.headers['x-frame-options'], 'DENY');
      assert.equal(page.headers['cache-control'], 'no-cache');
    }
  });

  it('leaves other paths as they are', async () => {
    for (const url of ['/nothing', '/api/v1/nothing', '/assets/nothing.js', '/assets/..%2findex.html']) {
      const answer = await get(url, { accept: 'text/html' });
      assert.deepEqual([answer.statusCode, answer.json().code], [404, 'not_found'], url);
    }
    assert.match((await get('/docs')).body, /<h1>Documentation<\/h1>/);
    assert.equal((await test.app.http.inject({ method: 'POST', url: '/vps' })).statusCode, 405);
  });

  it('keeps files whose names change with their content for good, and sends them compressed', async () => {
    const url = await script();
    const plain = await get(url);
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    for (const [encoding, decompress] of Object.entries({ gzip: gunzipSync, br: brotliDecompressSync })) {
      const packed = await get(url, { 'accept-encoding': encoding });
      assert.equal(packed.headers['content-encoding'], encoding);
      assert.deepEqual(decompress(packed.rawPayload), plain.rawPayload);
      assert.ok(packed.rawPayload.length < 0.4 * plain.rawPayload.length);
    }
    assert.equal((await get('/theme.js')).headers['cache-control'], 'no-cache');
  });

  type Manifest = Record<string, { file: string; imports?: string[] }>;
  const readManifest = (): Manifest => JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));

  it('is split into files of which none needs itself', () => {
    const manifest = readManifest();
    const follow = (name: string, above: readonly string[]): void => {
      assert.ok(!above.includes(name), [...above, name].join(' needs '));
      for (const one of manifest[name]!.imports ?? []) follow(one, [...above, name]);
    };
    for (const name of Object.keys(manifest)) follow(name, []);
  });

  it('is light enough to load', () => {
    const manifest = readManifest();
    const load = (name: string, found: Set<string>): Set<string> => {
      const { file, imports = [] } = manifest[name]!;
      found.add(file);
      for (const one of imports) if (!found.has(manifest[one]!.file)) load(one, found);
      return found;
    };
    for (const [page, budget, files] of BUDGETS) {
      const found = load('index.html', new Set());
      for (const file of files) {
        const source = path.posix.join('src/pages', file);
        const name = Object.keys(manifest).find((key) => /^\.tsx?\b/.test(key.replace(source, '')));
        assert.ok(name, `${file} has no chunk of its own`);
        load(name, found);
      }
      for (const encoding of ['br', 'gz'] as const) {
        const bytes = [...found].map((file) => statSync(path.join(folder, `${file}.${encoding}`)).size);
        const kib = Math.round(bytes.reduce((sum, size) => sum + size, 0) / 1024);
        assert.ok(kib <= budget[encoding], `${page}: ${kib} KiB of ${encoding}, of ${budget[encoding]}`);
      }
    }
  });
});
