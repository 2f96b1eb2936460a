import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../../../test/harness.ts';
import { anchorOf } from '../markdown.ts';
import { readGuides, searchGuides } from './guides.ts';

describe('the guides for customers', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const get = (url: string) => test.app.http.inject({ url });

  it('are listed, and each is a page without scripts', async () => {
    const guides = await readGuides();
    const list = (await get('/docs')).body;
    for (const name of ['authentication', 'rate-limits', 'databases', 'object-storage', 'webhooks']) {
      assert.ok(
        guides.some((guide) => guide.name === name),
        name,
      );
    }
    for (const { name, title } of guides) {
      assert.match(list, new RegExp(`href="/docs/guides/${name}"`));
      const page = await get(`/docs/guides/${name}`);
      assert.equal(page.statusCode, 200, name);
      assert.ok(page.body.includes(`<h1>${title}</h1>`), name);
      assert.doesNotMatch(page.body, /<script|<!--/);
      assert.doesNotMatch(String(page.headers['content-security-policy']), /script-src|unsafe/);
    }
    for (const missing of ['nothing', 'operations', 'README', '..%2fREADME']) {
      assert.equal((await get(`/docs/guides/${missing}`)).statusCode, 404, missing);
    }
  });

  it('link only to what there is', async () => {
    const guides = await readGuides();
    for (const { name } of guides) {
      const { body } = await get(`/docs/guides/${name}`);
      for (const [, address] of body.matchAll(/href="([^"#]*#?[^"]*)"/g)) {
        if (/^https:/.test(address!)) continue;
        const [path = '', anchor] = address!.split('#');
        const page = path === '' ? body : (await get(path)).body;
        assert.doesNotMatch(page.slice(0, 40), /^\{/, `${name} links to ${address}`);
        if (anchor) assert.ok(page.includes(`id="${anchor}"`), `${name} links to ${address}`);
      }
    }
  });

  it('are found by their words, best headings first', async () => {
    const guides = await readGuides();
    const [best] = searchGuides(guides, 'Rate LIMITS');
    assert.equal(best?.guide.name, 'rate-limits');
    assert.deepEqual(searchGuides(guides, 'xyzzy'), []);
    assert.deepEqual(searchGuides(guides, '  '), []);
    const { body } = await get('/docs?q=signature');
    assert.match(body, /href="\/docs\/guides\/webhooks#/);
  });

  it('show what was searched for as text', async () => {
    const query = '"><img src=x onerror=alert(1)>';
    const { body } = await get(`/docs?q=${encodeURIComponent(query)}`);
    assert.doesNotMatch(body, /<img/);
    assert.match(body, /&quot;&gt;&lt;img src=x/);
    assert.equal((await get('/docs?q=a&q=b')).statusCode, 200);
  });

  it('have the anchors of headings that links on GitHub have', () => {
    assert.equal(anchorOf('What `PUT` changes, and how'), 'what-put-changes-and-how');
  });
});
