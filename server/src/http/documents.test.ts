import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ROUTES } from '../../test/api-client.ts';
import { startTestApp, type TestApp } from '../../test/harness.ts';
import { ERROR_STATUS } from '../lib/errors.ts';
import { toHtml } from './markdown.ts';

describe('what the server serves below /docs', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const get = (url: string, headers: Record<string, string> = {}) => test.app.http.inject({ url, headers });

  const FILES = ['/docs/api.json', '/docs/api', '/docs/assets/swagger-ui-bundle.js', '/docs/assets/page.css'];

  it('is compressed for those that accept it', async () => {
    for (const file of FILES) {
      const plain = await get(file);
      assert.equal(plain.headers['content-encoding'], undefined, file);
      const unpack = { gzip: gunzipSync, br: brotliDecompressSync };
      for (const [encoding, decompress] of Object.entries(unpack)) {
        const packed = await get(file, { 'accept-encoding': `zstd, ${encoding};q=0.9` });
        assert.equal(packed.headers['content-encoding'], encoding, file);
        assert.deepEqual(decompress(packed.rawPayload), plain.rawPayload, file);
        assert.ok(packed.rawPayload.length < 0.7 * plain.rawPayload.length, file);
      }
      const refused = await get(file, { 'accept-encoding': 'gzip;q=0, br;q=0.0' });
      assert.equal(refused.headers['content-encoding'], undefined, file);
    }
  });

  it('is not sent again to those that have it', async () => {
    for (const file of FILES) {
      const { headers } = await get(file, { 'accept-encoding': 'gzip' });
      assert.doesNotMatch(String(headers['cache-control']), /no-store/, file);
      assert.match(String(headers.vary), /accept-encoding/, file);
      const again = await get(file, { 'if-none-match': `"other", ${headers.etag}` });
      assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, '', headers.etag], file);
      assert.equal((await get(file, { 'if-none-match': '"other"' })).statusCode, 200, file);
    }
  });

  it('reads lists in headers in one pass, however many spaces are in them', async () => {
    // In the square of that many steps, it would take many minutes.
    const spaces = ' '.repeat(1_000_000);
    const [file] = FILES as [string];
    const { headers } = await get(file, { 'accept-encoding': `x${spaces}y, gzip${spaces}; q=0.9` });
    assert.equal(headers['content-encoding'], 'gzip');
    const known = { 'if-none-match': `"a"${spaces}b ,${spaces}${headers.etag}` };
    assert.equal((await get(file, known)).statusCode, 304);
    assert.equal((await get(file, { 'if-none-match': `"a"${spaces}"b"` })).statusCode, 200);
  });

  it('has a list of errors, and a page for each: HTML for browsers, text for the rest', async () => {
    const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const list = await get('/docs/errors', browser);
    assert.equal(list.statusCode, 200);
    const links = [...list.body.matchAll(/href="(\/docs\/errors\/\w+)"/g)].map(([, link]) => link!);
    assert.deepEqual(
      links.sort(),
      Object.keys(ERROR_STATUS)
        .map((code) => `/docs/errors/${code}`)
        .sort(),
    );
    for (const link of links) {
      const page = await get(link, browser);
      assert.match(String(page.headers['content-type']), /^text\/html/, link);
      assert.match(page.body, /<h1>\w+<\/h1>[\s\S]*<h2 id="what-to-do">What to do<\/h2>/, link);
      for (const [, target] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
        assert.equal((await get(target!)).statusCode, 200, `${link}: ${target}`);
      }
      const text = await get(link, { accept: '*/*' });
      assert.match(String(text.headers['content-type']), /^text\/plain/, link);
      assert.match(text.body, /^# \w+\n/, link);
    }
    assert.equal((await get('/docs/errors/nothing', browser)).statusCode, 404);
  });

  it('says which ids in an example of a body are only examples', () => {
    for (const { operation } of ROUTES) {
      const body = operation.requestBody as { description?: string; content: object } | undefined;
      const names = [...JSON.stringify(body?.content ?? {}).matchAll(/"(\w+_id)":"?\w/g)].map(
        ([, id]) => id!,
      );
      if (operation.operationId === 'createVps') assert.ok(names.includes('ssh_key_id'));
      const example = JSON.stringify(Object.values(body?.content ?? {}).map((one) => one.example));
      for (const name of names.filter((one) => example.includes(`"${one}"`))) {
        assert.ok(body!.description?.includes(`\`${name}\``), `${operation.operationId} ${name}`);
      }
    }
  });
});

it('Markdown becomes HTML, in which nothing of the text is markup', () => {
  const markdown = [
    '# not_found',
    '',
    'See `<b>` & [the **other**](other.md),',
    'or [another](../api.md).',
    '',
    '- one',
    '  and more',
    '- two',
    '',
    '| [`a`](a.md) | b |',
    '|---|---|',
    '| 1 | <script> |',
    '',
    '```json',
    '{"a": "<"}',
    '```',
  ].join('\n');
  const linkTo = (target: string) => (target.startsWith('..') ? null : `/docs/${target}`);
  assert.equal(
    toHtml(markdown, linkTo),
    [
      '<h1>not_found</h1>',
      '<p>See <code>&lt;b&gt;</code> &amp; <a href="/docs/other.md">the <strong>other</strong></a>, or another.</p>',
      '<ul><li>one and more</li><li>two</li></ul>',
      '<table><tr><th><a href="/docs/a.md"><code>a</code></a></th><th>b</th></tr>' +
        '<tr><td>1</td><td>&lt;script&gt;</td></tr></table>',
      '<pre><code>{&quot;a&quot;: &quot;&lt;&quot;}</code></pre>',
    ].join('\n'),
  );
});
