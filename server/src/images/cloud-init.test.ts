import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { buildUserData, checkCloudInit, type UserDataOptions } from './cloud-init.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrTZ9oQ3ZiTtfiG7Kcm0eD3D1m2ZsYtE3dB1V0VwZcN me@home';

const options = (changes: Partial<UserDataOptions> = {}): UserDataOptions => ({
  hostname: 'web-1',
  authorizedKey: KEY,
  rootPassword: 'correct horse battery',
  allowPasswordLogin: false,
  custom: null,
  ...changes,
});

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
    ['#cloud-config-archive\n- "#!/bin/sh"\n', 'text/cloud-config-archive'],
    ['## template: jinja\n#cloud-config\n{}\n', 'text/jinja2'],
  ] as const) {
    assert.equal(checkCloudInit(custom), null);
    assert.equal(partsOf(await buildUserData(options({ custom })))[0]?.[0], type);
  }
});

test('accepts what cloud-init accepts', () => {
  for (const text of [
    '',
    '#cloud-config\n',
    '\n#cloud-config\npackages: [nginx]\n',
    '#cloud-config\nwrite_files:\n  - path: /x\n    permissions: 0644\n',
    '#cloud-config\nusers:\n  - default\n  - name: bob\n',
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x--\n',
    `#cloud-config\n# ${'x'.repeat(9_980)}\n`,
  ]) {
    assert.equal(checkCloudInit(text), null, JSON.stringify(text.slice(0, 60)));
  }
});

test('says in a sentence what is wrong', () => {
  const bomb = `#cloud-config\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
    .join('\n')}\n`;
  for (const [text, expected] of [
    ['#cloud-config\na: [1\n', /not valid YAML: line \d+, column \d+: .+\.$/],
    ['#cloud-config\na: 1\na: 2\n', /line 3, column 1: Map keys must be unique\.$/],
    ['#cloud-config\na: !!python/object:os.system x\n', /not valid YAML: line 2/],
    ['#cloud-config\n- a\n', /must be a YAML mapping/],
    ['#cloud-config\nusers: bob\n', /"users" must be a list/],
    ['#cloud-config\nusers:\n', /"users" must be a list/],
    ['packages: [nginx]\n', /needs "#cloud-config" as its first line/],
    ['echo hello\n', /must begin with "#cloud-config", "#!"/],
    ['#cloud-config\na: "\0"\n', /null characters/],
    ['x'.repeat(10_001), /longer than 10000 characters; it has 10001/],
    [bomb, /aliases too often/],
  ] as const) {
    assert.match(checkCloudInit(text) ?? 'accepted', expected);
  }
});

test('rejects YAML that would take extremely long to resolve', () => {
  const bomb = `#cloud-config\na: &a [*a${',*a'.repeat(3000)}]\n`;
  const start = process.cpuUsage();
  checkCloudInit(bomb);
  // Resolving three hundred of these took seconds; three thousand did not finish.
  assert.ok(process.cpuUsage(start).user < 5_000_000);
  assert.match(String(checkCloudInit('#cloud-config\n!!set {users: }\n')), /mapping/);
  assert.match(String(checkCloudInit(`#cloud-config\na: ${'['.repeat(4000)}`)), /YAML/);
});
