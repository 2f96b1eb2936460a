import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { AppError } from '../../lib/errors.ts';
import type { Lookup } from '../../lib/lookup.ts';
import { createSender } from './sender.ts';
import { isPublic, parseTarget } from './targets.ts';

/** Spellings of addresses of this host, of private networks, and of what is not the internet. */
const HOSTILE_HOSTS = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.1',
  '0',
  '0.0.0.0',
  '１２７.０.０.１',
  '127。0。0。1',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  'printer.local',
  'metadata.google.internal',
  'nas.home.arpa',
  'intranet',
  'postgres',
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '169.254.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '192.88.99.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:169.254.169.254]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::1]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[2001::1]',
  '[2002:7f00:1::]',
  '[3fff::1]',
  '[100::1]',
  '[5f00::1]',
];

/** URLs that are wrong otherwise. */
const HOSTILE_URLS = [
  '',
  'hooks.example.org',
  '//hooks.example.org/',
  'http://hooks.example.org/',
  'ftp://hooks.example.org/',
  'file:///etc/passwd',
  'gopher://hooks.example.org/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'https://',
  'https://user@hooks.example.org/',
  'https://user:secret@hooks.example.org/',
  'https://hooks.example.org@127.0.0.1/',
  'https://[::1',
  'https://hooks.example.org:99999/',
];

const isRefused = (url: string): boolean => {
  try {
    parseTarget(url, 'public', 'url');
    return false;
  } catch (error) {
    return error instanceof AppError && error.code === 'validation_failed';
  }
};

describe('targets of webhooks', () => {
  it('are refused where they do not lead to the public internet, however they are spelt', () => {
    const urls = [...HOSTILE_HOSTS.map((host) => `https://${host}/hook`), ...HOSTILE_URLS];
    assert.ok(urls.length > 60);
    assert.deepEqual(
      urls.filter((url) => !isRefused(url)),
      [],
    );
  });

  it('are taken where they do', () => {
    for (const url of [
      'https://hooks.example.org/a?b=c',
      'https://1.1.1.1/',
      'https://[2606:4700:4700::1111]:8443/',
    ]) {
      assert.equal(parseTarget(url, 'public', 'url'), url);
    }
    assert.equal(
      parseTarget('https://hooks.example.org/a#b', 'public', 'url'),
      'https://hooks.example.org/a',
    );
    assert.equal(parseTarget('http://10.0.0.1/', 'any', 'url'), 'http://10.0.0.1/');
    assert.throws(() => parseTarget('file:///etc/passwd', 'any', 'url'), AppError);
    for (const host of [
      '169.254.169.254',
      '[fe80::1]',
      '[fd00:ec2::254]',
      '[::ffff:169.254.169.254]',
      '2852039166',
    ])
      assert.throws(() => parseTarget(`http://${host}/latest`, 'any', 'url'), AppError, host);
  });

  it('are not addresses of this host', () => {
    for (const { address } of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
      assert.equal(isPublic(address), false, address);
    }
  });
});

describe('a sender', () => {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits += 1;
    response.end('ok');
  });
  let port: number;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());

  /** Posts to a URL while names resolve to these addresses, one list for each question. */
  async function post(url: string, answers: string[][], policy: 'public' | 'any' = 'public') {
    const lookup: Lookup = (_name, callback) =>
      callback(
        null,
        (answers.shift() ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const sender = createSender(lookup, policy, 1);
    try {
      return await sender.post(url, {}, '{}');
    } finally {
      await sender.close();
    }
  }

  it('connects to no name that leads here, whatever it led to before', async () => {
    const hostile = [
      ['127.0.0.1'],
      ['::1'],
      ['::ffff:127.0.0.1'],
      ['169.254.169.254'],
      // The second address would be tried next.
      ['1.1.1.1', '127.0.0.1'],
      [],
    ];
    for (const addresses of hostile) {
      const { error } = await post(`https://rebinding.example.org:${port}/`, [addresses]);
      assert.match(error!, /not on the public internet|has no address/, addresses.join());
    }
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '0x7f.1']) {
      assert.match((await post(`https://${host}:${port}/`, [])).error!, /not on the public internet/);
    }
    assert.match((await post(`http://hooks.example.org:${port}/`, [['127.0.0.1']])).error!, /not https/);
    assert.equal(hits, 0);
  });

  it('asks for the address once, and connects to that one', async () => {
    const answers = [['127.0.0.1'], ['192.0.2.1']];
    const outcome = await post(`http://hooks.example.org:${port}/`, answers, 'any');
    assert.deepEqual(outcome, { status: 200, body: 'ok', error: null });
    assert.equal(answers.length, 1);
    assert.equal(hits, 1);
  });
});
