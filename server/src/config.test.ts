import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readConfig, unknownSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { readSmtpUrl } from './mail/smtp-url.ts';
import { SETTINGS } from './settings.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

test('the table in docs/configuration.md has every setting, as the code says it, and no other', async () => {
  const text = await readFile(path.join(root, 'docs', 'configuration.md'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => /^\| `[A-Z]/.test(line))
    // Formatters pad columns.
    .map((line) => line.replace(/ +\|/g, ' |'));
  const expected = SETTINGS.map(
    ({ name, default: value, meaning }) => `| \`${name}\` | ${value || '–'} | ${meaning} |`,
  );
  assert.deepEqual(rows, expected);
});

test('every setting that the code reads is in the table', async () => {
  const files = ['config.ts', 'oidc-config.ts', 's3-config.ts'].map((file) =>
    path.join(import.meta.dirname, file),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const read = [...texts.join().matchAll(/(?:get|oneOf)\(\s*'([A-Z_0-9]+)'/g)].map((match) => match[1]);
  const known = new Set(SETTINGS.map(({ name }) => name));
  assert.deepEqual(new Set(read), known);
});

test('a setting that makes no sense is named', () => {
  const wrong: [NodeJS.ProcessEnv, RegExp][] = [
    [{ DANUBE_LISTEN: 'here' }, /DANUBE_LISTEN.*"here"/],
    [{ DANUBE_LISTEN: '127.0.0.1:70000' }, /DANUBE_LISTEN/],
    ...['20000', '0-100', '300-200', '1-70000', 'a-b'].map((ports): [NodeJS.ProcessEnv, RegExp] => [
      { DANUBE_PUBLIC_PORTS: ports },
      /DANUBE_PUBLIC_PORTS/,
    ]),
    [{ DANUBE_ENGINE: 'xen' }, /DANUBE_ENGINE.*incus, sim/],
    [{ DANUBE_SIM_LATENCY_MS: '-1' }, /DANUBE_SIM_LATENCY_MS/],
    [{ DANUBE_MEMORY_FACTOR: '0' }, /DANUBE_MEMORY_FACTOR/],
    [{ DANUBE_DISK_RESERVE_PERCENT: '95' }, /DANUBE_DISK_RESERVE_PERCENT/],
    ...['mail.example.com', 'http://mail.example.com', 'smtp://', 'smtp://a:%zz@host', 'smtp://host/box'].map(
      (url): [NodeJS.ProcessEnv, RegExp] => [
        { SMTP_URL: url, DANUBE_MAIL_FROM: 'a@b.example' },
        /SMTP_URL makes no sense/,
      ],
    ),
    ...['', 'nobody', 'A <a@b.example>, B <b@b.example>'].map((from): [NodeJS.ProcessEnv, RegExp] => [
      { SMTP_URL: 'smtps://mail.example.com', DANUBE_MAIL_FROM: from },
      /SMTP_URL needs DANUBE_MAIL_FROM/,
    ]),
    [{ INCUS_URL: 'https://10.0.0.5:8443' }, /INCUS_CLIENT_CERT/],
  ];
  for (const [env, message] of wrong) assert.throws(() => readConfig(env), message);
  assert.throws(() => readConfig({ DANUBE_ROLE: 'king' }), ConfigError);
});

test('a misspelt setting is noticed', () => {
  const env = { DANUBE_HOME: '/srv/danube', DANUBE_LISTN: ':80', DANUBE_TEST_SEED: '1', LISTEN: ':80' };
  assert.deepEqual(unknownSettings(env), ['DANUBE_LISTN']);
});

test('addresses of IPv6 and of every interface are understood', () => {
  assert.deepEqual(readConfig({ DANUBE_LISTEN: '[::1]:8081' }).listen, { host: '::1', port: 8081 });
  assert.deepEqual(readConfig({ DANUBE_LISTEN: ':80' }).listen, { host: '0.0.0.0', port: 80 });
  assert.equal(readConfig({ DANUBE_LISTEN: '[::1]:8081' }).publicUrl, 'http://[::1]:8081');
});

test('a mail server is asked for by its URL', () => {
  assert.equal(readConfig({}).mail, null);
  const { mail } = readConfig({
    SMTP_URL: 'smtp://cloud%40example.com:p%3Aw@mail.example.com',
    DANUBE_MAIL_FROM: 'Müller & Co. <cloud@example.com>',
  });
  assert.deepEqual(mail?.from, { name: 'Müller & Co.', address: 'cloud@example.com' });
  assert.deepEqual(readSmtpUrl(mail.smtpUrl), {
    host: 'mail.example.com',
    port: 587,
    requireTLS: true,
    auth: { user: 'cloud@example.com', pass: 'p:w' },
  });
  assert.deepEqual(readSmtpUrl('smtps://[::1]:4650'), { host: '::1', port: 4650, secure: true });
  assert.deepEqual(readSmtpUrl('smtp+plain://localhost'), { host: 'localhost', port: 25, ignoreTLS: true });
});
