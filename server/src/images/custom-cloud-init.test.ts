import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkCloudInit } from './custom-cloud-init.ts';

const base64 = (content: string | Buffer): string => Buffer.from(content as string).toString('base64');

test('accepts what cloud-init accepts', () => {
  for (const text of [
    '',
    '#cloud-config\n',
    '\n#cloud-config\npackages: [nginx]\n',
    '#cloud-config\nwrite_files:\n  - path: /x\n    permissions: 0644\n',
    '#cloud-config\nusers:\n  - default\n  - name: bob\n',
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x--\n',
    `#cloud-config\n# ${'x'.repeat(65_519)}\n`,
    base64('#cloud-config\npackages: [nginx]\n'),
    base64(gzipSync(`#cloud-config\n# ${'x'.repeat(200_000)}\n`)),
    base64(gzipSync('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x--\n')),
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
    ['#cloud-config\na: [{b: 1, c: {d: 1, "d": 2}}]\n', /line 2, column 22: Map keys must be unique\.$/],
    ['#cloud-config\na: !!python/object:os.system x\n', /not valid YAML: line 2/],
    ['#cloud-config\n- a\n', /must be a YAML mapping/],
    ['#cloud-config\nusers: bob\n', /"users" must be a list/],
    ['#cloud-config\nusers:\n', /"users" must be a list/],
    ['packages: [nginx]\n', /needs "#cloud-config" as its first line/],
    ['echo hello\n', /begins with "echo hello", which is no format.*"#cloud-config".*"#part-handler"/],
    ['#cloud_config\n{}\n', /needs "#cloud-config" as its first line/],
    ['{"ignition": {"version": "3.0.0"}}', /is an Ignition config/],
    ['variant: fcos\nversion: 1.5.0\n', /is a Butane config/],
    ['<powershell>\nhostname\n</powershell>\n', /is a script for Windows/],
    [base64('#cloud-config\na: [1\n'), /not valid YAML: line/],
    [base64(gzipSync('#cloud-config\na: [1\n')), /not valid YAML: line/],
    [base64(gzipSync('#!/bin/sh\n').subarray(0, 20)), /damaged: gzip/],
    [base64(gzipSync('x'.repeat(300_000))), /more than 262144 bytes once it is unpacked/],
    [base64(gzipSync(Buffer.of(0xff, 0xfe))), /not UTF-8/],
    ['#cloud-config\na: "\0"\n', /null characters/],
    ['x'.repeat(65_537), /longer than 65536 bytes; it has 65537\. Compress it/],
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

test('refuses YAML that the server would read for minutes, also where a short text unpacks to it', () => {
  const keys = Array.from({ length: 15_000 }, (_, index) => `${index.toString(36)}:\n`).join('');
  for (const text of [keys, '['.repeat(200_000), `[${','.repeat(200_000)}`, '%\n'.repeat(100_000)]) {
    const packed = base64(gzipSync(`#cloud-config\n${text}`));
    assert.match(checkCloudInit(packed) ?? 'accepted', /has more than 30000 words and signs of YAML/);
  }
  const file = `#cloud-config\nwrite_files:\n  - path: /x\n    content: |\n${'      a: [1, 2]\n'.repeat(15_000)}`;
  assert.equal(checkCloudInit(base64(gzipSync(file))), null);
});
