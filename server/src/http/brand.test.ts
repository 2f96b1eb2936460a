import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp, testConfig } from '../../test/harness.ts';
import { readConfig } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { ensureDashboard } from '../host/dashboard.ts';

describe('an install with the name and the colours of its operator', () => {
  let test: TestApp;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-brand-'));
    const logo = path.join(folder, 'logo.svg');
    await writeFile(logo, '<svg xmlns="http://www.w3.org/2000/svg"/>');
    const config = testConfig({
      DANUBE_BRAND_NAME: 'Sea & "Sky"',
      DANUBE_BRAND_LOGO: logo,
      DANUBE_BRAND_COLOR: '#0B5D4E',
      DANUBE_SUPPORT_URL: 'mailto:help@example.org',
      DANUBE_COMMUNITY_URL: 'https://forum.example.org/',
    });
    test = await startTestApp({ config, dashboard: await ensureDashboard() });
  });
  after(async () => {
    await test?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const get = (url: string) => test.app.http.inject({ url });

  it('tells the dashboard, with nothing inline', async () => {
    const { body, headers } = await get('/');
    assert.match(body, /<title>Sea &amp; &quot;Sky&quot;<\/title>/);
    const told = /<meta name="danube-brand" content="([^"]*)" \/>/.exec(body)![1]!;
    assert.deepEqual(JSON.parse(told.replaceAll('&quot;', '"').replaceAll('&amp;', '&')), {
      name: 'Sea & "Sky"',
      logo: '/brand/logo',
      supportUrl: 'mailto:help@example.org',
      communityUrl: 'https://forum.example.org/',
    });
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
    assert.match((await get('/brand/style.css')).body, /--accent: light-dark\(#0b5d4e,/);
    const logo = await get('/brand/logo');
    assert.equal(logo.headers['content-type'], 'image/svg+xml');
    assert.match(String(logo.headers['content-security-policy']), /sandbox/);
  });

  it('tells the guides', async () => {
    const { body } = await get('/docs');
    assert.match(body, /Sea &amp; &quot;Sky&quot; documentation/);
    assert.match(body, /href="mailto:help@example.org">Support/);
    assert.match(body, /href="https:\/\/forum.example.org\/">Community/);
  });

  it('refuses what could not be shown', () => {
    const wrong: Record<string, string> = {
      DANUBE_BRAND_NAME: 'x'.repeat(41),
      DANUBE_BRAND_LOGO: path.join(folder, 'logo.gif'),
      DANUBE_BRAND_COLOR: 'blue',
      DANUBE_SUPPORT_URL: 'javascript:alert(1)',
      DANUBE_COMMUNITY_URL: 'forum',
    };
    for (const [name, value] of Object.entries(wrong)) {
      assert.throws(() => readConfig({ [name]: value }), ConfigError, name);
    }
    assert.throws(() => readConfig({ DANUBE_BRAND_COLOR: '#ffee00' }), /could not be read/);
    assert.throws(() => readConfig({ DANUBE_BRAND_LOGO: path.join(folder, 'none.png') }), /cannot be read/);
  });
});
