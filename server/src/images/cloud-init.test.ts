import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { buildGuestData, type UserDataOptions } from './cloud-init.ts';
import { checkCloudInit } from './custom-cloud-init.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrTZ9oQ3ZiTtfiG7Kcm0eD3D1m2ZsYtE3dB1V0VwZcN me@home';

const options = (changes: Partial<UserDataOptions> = {}): UserDataOptions => ({
  hostname: 'web-1',
  authorizedKey: KEY,
  rootPassword: 'correct horse battery',
  allowPasswordLogin: false,
  custom: null,
  ...changes,
});

const buildUserData = async (wanted: UserDataOptions): Promise<string> =>
  (await buildGuestData(wanted)).userData;

/** The decoded parts of a MIME archive, in order, as `[type, content]`. */
function partsOf(userData: string): [string, string][] {
  const boundary = /boundary="([^"]+)"/.exec(userData)?.[1];
  assert.ok(boundary, 'a MIME archive');
  return userData
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((text) => {
      const [headers = '', body = ''] = text.trim().split('\n\n');
      return [/Content-Type: ([^;]+)/.exec(headers)?.[1] ?? '', Buffer.from(body, 'base64').toString('utf8')];
    });
}

test('without a custom part it is one #cloud-config with key, host name and a hashed password', async () => {
  const text = await buildUserData(options());
  assert.match(text, /^#cloud-config\n/);
  assert.ok(!text.includes('correct horse'), 'the password is not in it');
  const config = parse(text);
  assert.equal(config.hostname, 'web-1');
  assert.equal(config.ssh_pwauth, false);
  assert.deepEqual(config.users[0].ssh_authorized_keys, [KEY]);
  assert.match(config.users[0].hashed_passwd, /^\$6\$/);
  assert.match(config.write_files[0].content, /PasswordAuthentication no\nPermitRootLogin prohibit-password/);
});

test('password authentication enables SSH login for root', async () => {
  const config = parse(await buildUserData(options({ authorizedKey: null, allowPasswordLogin: true })));
  assert.equal(config.ssh_pwauth, true);
  assert.equal(config.users[0].ssh_authorized_keys, undefined);
  assert.match(config.write_files[0].content, /PasswordAuthentication yes\nPermitRootLogin yes/);
});

test('a custom part comes before ours, unchanged except for its line ends', async () => {
  const custom = '#cloud-config\r\nruncmd:\r\n  - [touch, /ä]\r\n';
  const [first, second] = partsOf(await buildUserData(options({ custom })));
  assert.deepEqual(first, ['text/cloud-config', '#cloud-config\nruncmd:\n  - [touch, /ä]\n']);
  assert.equal(second?.[0], 'text/cloud-config');
  assert.deepEqual(parse(second?.[1] ?? '').merge_how, [
    { name: 'list', settings: ['append'] },
    { name: 'dict', settings: ['no_replace', 'recurse_list'] },
  ]);
});

test('every accepted kind gets its MIME type', async () => {
  for (const [custom, type] of [
    ['#!/bin/sh\ntrue\n', 'text/x-shellscript'],
    ['#cloud-boothook\ntrue\n', 'text/cloud-boothook'],
    ['#include\nhttps://example.com/x\n', 'text/x-include-url'],
    ['#include-once\nhttps://example.com/x\n', 'text/x-include-once-url'],
    ['#part-handler\ndef list_types(): return []\n', 'text/part-handler'],
    ['#cloud-config-jsonp\n[]\n', 'text/cloud-config-jsonp'],
    ['#cloud-config-archive\n- "#!/bin/sh"\n', 'text/cloud-config-archive'],
    ['## template: jinja\n#cloud-config\n{}\n', 'text/jinja2'],
  ] as const) {
    assert.equal(checkCloudInit(custom), null);
    assert.equal(partsOf(await buildUserData(options({ custom })))[0]?.[0], type);
  }
});

test('user-data in base64 or gzip is used as what it holds, and compressed where it is long', async () => {
  const custom = '#!/bin/sh\necho ä\n';
  for (const sent of [base64(custom), base64(gzipSync(custom)), base64(custom).replace(/.{10}/g, '$&\n')]) {
    assert.equal(checkCloudInit(sent), null);
    assert.deepEqual(partsOf(await buildUserData(options({ custom: sent })))[0], [
      'text/x-shellscript',
      custom,
    ]);
  }
  const long = `#cloud-config\n# ${'x'.repeat(60_000)}\n`;
  const userData = await buildUserData(options({ custom: long }));
  assert.ok(userData.length < 5_000, String(userData.length));
  const [, body] = /Content-Type: application\/gzip\n.*\n\n([^-]+)\n/.exec(userData) ?? [];
  assert.equal(gunzipSync(Buffer.from(body ?? '', 'base64')).toString(), long);
});

const base64 = (content: string | Buffer): string => Buffer.from(content as string).toString('base64');
