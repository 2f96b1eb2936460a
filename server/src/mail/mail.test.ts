import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, test } from 'node:test';
import tls from 'node:tls';
import { sql } from 'kysely';
import type { SMTPServerOptions } from 'smtp-server';
import { startTestApp, type TestApp, testConfig, waitFor } from '../../test/harness.ts';
import { type MailSink, startMailSink } from '../../test/mail-sink.ts';
import { createSecretBox } from '../lib/crypto.ts';
import { createAuthority, issueCertificate } from '../lib/pki.ts';
import { isMailAddress } from './address.ts';
import { checkMail } from './check.ts';
import { renderMail } from './layout.ts';
import { createMailer, type Mail } from './mailer.ts';
import { purgeMails } from './queue.ts';

const KEY = Buffer.alloc(32, 7);
const LETTER = renderMail({
  paragraphs: ['Grüße, <Ada> & Co.'],
  action: { label: 'Open', url: 'https://cloud.example/verify?a=1&b=2' },
  footer: 'You get this because you asked for it.',
});

describe('e-mail', () => {
  let sink: MailSink;
  let test: TestApp;
  const mailer = () => createMailer(testConfig(sink.settings).mail, createSecretBox(KEY));
  before(async () => {
    sink = await startMailSink();
    test = await startTestApp({ config: testConfig(sink.settings), secretKey: KEY });
  });
  after(async () => {
    await test?.close();
    await sink?.close();
  });
  beforeEach(() => {
    sink.refuse = () => null;
    sink.hold = async () => {};
  });

  const queue = (to: string, changes: Partial<Mail> = {}) =>
    mailer().queueMail(test.database.db, { to, subject: 'Hello', ...LETTER, ...changes });
  const rowOf = (to: string) =>
    test.database.db.selectFrom('mails').selectAll().where('to_address', '=', to).executeTakeFirstOrThrow();
  const ended = (to: string) =>
    waitFor(`the mail to ${to} to end`, async () => {
      const row = await rowOf(to);
      return row.state !== 'pending' && row;
    });
  const receivedBy = (to: string) => sink.received.filter((mail) => mail.to.includes(to));

  it('is sent as text and HTML after the commit, and not after a rollback', async () => {
    const vain = test.database.transaction(async (tx) => {
      await mailer().queueMail(tx, { to: 'vain@example.com', subject: 'Hello', ...LETTER });
      throw new Error('in vain');
    });
    await assert.rejects(vain, /in vain/);
    await queue('ada@example.com', { subject: 'Déjà\r\nBcc: eve@example.com' });
    const row = await ended('ada@example.com');
    assert.deepEqual([row.state, row.attempts, row.body_sealed], ['sent', 1, null]);
    const [mail, ...others] = receivedBy('ada@example.com');
    assert.deepEqual(others, []);
    assert.equal(mail?.from, 'cloud@example.com');
    assert.equal(mail.headers.get('from'), 'Danube <cloud@example.com>');
    assert.equal(mail.headers.get('message-id'), row.message_id);
    assert.equal(mail.headers.has('bcc'), false);
    assert.match(mail.text, /^Grüße, <Ada> & Co\.\n\nOpen:\nhttps:\/\/cloud\.example\/verify\?a=1&b=2\n/);
    assert.match(
      mail.html,
      /<p>Grüße, &lt;Ada&gt; &amp; Co\.<\/p>.*href="https:\/\/cloud\.example\/verify\?a=1&amp;b=2"/,
    );
    assert.deepEqual(receivedBy('vain@example.com'), []);
  });

  it('is sent again where the server refuses for now', async () => {
    sink.refuse = (address) => (address === 'later@example.com' ? 451 : null);
    await queue('later@example.com');
    await queue('now@example.com');
    await ended('now@example.com');
    const waiting = await waitFor('an attempt', async () => {
      const row = await rowOf('later@example.com');
      return row.attempts > 0 && row;
    });
    assert.equal(waiting.state, 'pending');
    assert.match(waiting.error_message ?? '', /^451 /);
    assert.ok(waiting.next_attempt_at! > waiting.created_at);
    sink.refuse = () => null;
    assert.equal((await ended('later@example.com')).state, 'sent');
    assert.equal(receivedBy('later@example.com').length, 1);
  });

  it('is sent once where the server takes its time', async () => {
    const [begun, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    sink.hold = () => {
      begun.resolve();
      return taken.promise;
    };
    await queue('slow@example.com');
    await begun.promise;
    assert.equal((await rowOf('slow@example.com')).state, 'pending');
    taken.resolve();
    assert.equal((await ended('slow@example.com')).state, 'sent');
    assert.equal(receivedBy('slow@example.com').length, 1);
  });

  it('is given up at once where the server refuses for good', async () => {
    sink.refuse = (address) => (address === 'nobody@example.com' ? 550 : null);
    await queue('nobody@example.com');
    const row = await ended('nobody@example.com');
    assert.deepEqual([row.state, row.attempts, row.body_sealed], ['failed', 1, null]);
    assert.match(row.error_message ?? '', /^550 /);
  });

  it('is not lost when the server is stopped or killed while it is sent', async () => {
    const begun = Promise.withResolvers<void>();
    sink.hold = () => {
      begun.resolve();
      return new Promise(() => {});
    };
    await queue('patient@example.com');
    await begun.promise;
    sink.hold = async () => {};
    await test.restart();
    assert.equal((await ended('patient@example.com')).state, 'sent');

    // As of a process that died.
    const leased = (until: Date) => ({ leased_until: until });
    await test.database.transaction(async (tx) => {
      await mailer().queueMail(tx, { to: 'killed@example.com', subject: 'Hello', ...LETTER });
      await tx
        .updateTable('mails')
        .set(leased(new Date(Date.now() + 3_600_000)))
        .where('state', '=', 'pending')
        .execute();
    });
    await queue('other@example.com');
    await ended('other@example.com');
    assert.equal((await rowOf('killed@example.com')).state, 'pending');
    await test.database.db
      .updateTable('mails')
      .set(leased(new Date(0)))
      .where('state', '=', 'pending')
      .execute();
    await queue('another@example.com');
    assert.equal((await ended('killed@example.com')).state, 'sent');
    assert.equal(receivedBy('killed@example.com').length, 1);
  });

  it('waits while the server is away, and is dropped where that takes too long for it', async () => {
    const { port } = sink;
    await sink.close();
    await queue('early@example.com', { expiresAt: new Date() });
    await queue('away@example.com');
    await waitFor('an attempt', async () => (await rowOf('away@example.com')).attempts > 0);
    assert.notEqual(await checkMail(testConfig(sink.settings).mail!), null);
    sink = await startMailSink({}, port);
    assert.equal((await ended('away@example.com')).state, 'sent');
    assert.equal((await ended('early@example.com')).state, 'failed');
    assert.deepEqual(receivedBy('early@example.com'), []);
    assert.equal(await checkMail(testConfig(sink.settings).mail!), null);
  });

  it('is forgotten after its time', async () => {
    await queue('old@example.com');
    await ended('old@example.com');
    const long = sql<Date>`now() - interval '31 days'`;
    await test.database.db
      .updateTable('mails')
      .set({ ended_at: long })
      .where('to_address', '=', 'old@example.com')
      .execute();
    await purgeMails(test.database.db, 30);
    await assert.rejects(rowOf('old@example.com'));
  });

  it('is not queued without a mail server, nor for what is no address', async () => {
    const none = createMailer(null, createSecretBox(KEY));
    assert.deepEqual([none.mailEnabled, mailer().mailEnabled], [false, true]);
    await none.queueMail(test.database.db, { to: 'ada@example.com', subject: 'None', ...LETTER });
    await assert.rejects(queue('ada@example.com, eve@example.com'), /no address/);
    const rows = await test.database.db
      .selectFrom('mails')
      .select('id')
      .where('subject', '=', 'None')
      .execute();
    assert.deepEqual(rows, []);
  });
});

describe('a mail server with TLS and a login', () => {
  const trusted = tls.getCACertificates();
  after(() => tls.setDefaultCACertificates(trusted));

  it('gets nothing before the connection is safe, and takes the login', async () => {
    const authority = await createAuthority('Mail');
    const { certificate: cert, key } = await issueCertificate(authority, ['127.0.0.1']);
    const logins: string[] = [];
    const options: SMTPServerOptions = {
      authOptional: false,
      cert,
      key,
      onAuth: ({ username, password }, _session, callback) => {
        logins.push(`${username}:${password}`);
        callback(password === 'right' ? null : new Error('wrong'), { user: 'ada' });
      },
    };
    const [bare, starttls, whole] = [
      await startMailSink(),
      await startMailSink({ ...options, disabledCommands: [] }),
      await startMailSink({ ...options, disabledCommands: [], secure: true }),
    ];
    const check = (scheme: string, { port }: MailSink, password = 'right') =>
      checkMail({
        smtpUrl: `${scheme}://ada:${password}@127.0.0.1:${port}`,
        from: { name: '', address: 'a@b.example' },
      });
    try {
      assert.match((await check('smtp', starttls)) ?? '', /certificate/);
      tls.setDefaultCACertificates([...trusted, authority.certificate]);
      assert.notEqual(await check('smtp', bare), null);
      assert.deepEqual(logins, []);
      assert.equal(await check('smtp', starttls), null);
      assert.equal(await check('smtps', whole), null);
      assert.match((await check('smtps', whole, 'wrong')) ?? '', /^535 /);
      assert.deepEqual(logins, ['ada:right', 'ada:right', 'ada:wrong']);
    } finally {
      for (const one of [bare, starttls, whole]) await one.close();
    }
  });
});

test('an address is one address', () => {
  for (const good of ['a@b', 'ada.lovelace+x@mail.example.com', "o'neil@example.com"])
    assert.ok(isMailAddress(good), good);
  const bad = [
    '',
    'nobody',
    '@b',
    'a@',
    'a@b.',
    '.a@b',
    'a..b@c',
    'a@-b',
    'a b@c',
    'a@b,c@d',
    'A <a@b>',
    'a@b\r\nBcc: c@d',
    `${'a'.repeat(65)}@b`,
  ];
  for (const text of bad) assert.ok(!isMailAddress(text), text);
});
