import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { waitFor } from '../../../test/harness.ts';
import { createAuthority, issueCertificate, type KeyedCertificate } from '../../lib/pki.ts';
import { createFront, type Front, isAdmin } from './front.ts';

interface Seen {
  method: string;
  url: string;
  rawHeaders: string[];
  body: string;
}

interface Answered {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
  socket: TLSSocket;
}

describe('the front of the object store', () => {
  let authority: KeyedCertificate;
  let gateway: Server;
  let front: Front;
  let port: number;
  let hasRoom = true;
  let isUp = true;
  /** Bytes that the store has room for, and that it was sent. */
  let room = Number.POSITIVE_INFINITY;
  let letIn = 0;
  /** Sizes of objects that are copied. */
  const sizes: Record<string, number> = { 'b/large': 2000, 'b/small': 600 };
  /** Paths of requests that the gateway has got, and those of them that were whole. */
  const begun: string[] = [];
  const seen: Seen[] = [];
  /** Requests that the gateway does not answer yet. */
  const held: (() => void)[] = [];

  before(async () => {
    authority = await createAuthority('front test');
    gateway = createServer(async (incoming, response) => {
      begun.push(incoming.url!);
      const parts: Buffer[] | null = await incoming.toArray().catch(() => null);
      // The front has given it up.
      if (!parts) return;
      const body = Buffer.concat(parts).toString();
      if (incoming.url?.endsWith('?publicAccessBlock')) {
        incoming.socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone<More/>');
        return;
      }
      if (incoming.url?.startsWith('/held')) await new Promise<void>((resolve) => held.push(resolve));
      seen.push({ method: incoming.method!, url: incoming.url!, rawHeaders: incoming.rawHeaders, body });
      response.writeHead(200, { ETag: '"e"', 'X-Amz-Meta-Name': 'caf\u00e9' });
      response.end(`${incoming.method} ${incoming.url}`);
    });
    gateway.on('checkExpectation', (incoming, response) => gateway.emit('request', incoming, response));
    // Refuses without having read the body, as the gateway does with a wrong signature.
    gateway.on('checkContinue', (incoming: IncomingMessage, response) => {
      if (!incoming.url?.startsWith('/refused')) {
        response.writeContinue();
        gateway.emit('request', incoming, response);
        return;
      }
      response.writeHead(403);
      response.end('no');
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const upstream = {
      host: '127.0.0.1',
      port: (gateway.address() as AddressInfo).port,
      adminEntry: 'admin-secret',
      domain: 's3.example.com',
    };
    front = createFront({
      certificate: await issueCertificate(authority, ['localhost']),
      upstream: () => (isUp ? upstream : null),
      hasRoomFor: (bytes) => hasRoom && letIn + bytes <= room,
      letIn: (bytes) => {
        letIn += bytes;
      },
      sizeOf: async ({ bucket, key, versionId }) => {
        assert.equal(versionId, key === 'small' ? 'v+1' : null);
        return sizes[`${bucket}/${key}`]!;
      },
      requests: 8,
    });
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    port = (front.server.address() as AddressInfo).port;
  });
  after(async () => {
    await front?.close(100);
    gateway?.closeAllConnections();
    await new Promise((resolve) => gateway?.close(resolve));
  });

  const ask = (options: RequestOptions, body = ''): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const base = { host: '127.0.0.1', servername: 'localhost', port, ca: authority.certificate };
      const outgoing = request({ ...base, ...options }, async (response) => {
        const socket = response.socket as TLSSocket;
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode!, headers: response.headers, body: text, socket });
      });
      outgoing.once('error', reject);
      if (outgoing.getHeader('expect') === '100-continue')
        outgoing.once('continue', () => outgoing.end(body)).flushHeaders();
      // Node encodes headers as it does a text that follows them.
      else outgoing.end(Buffer.from(body));
    });

  it('passes on what signatures cover as it came, and the answer as it is', async () => {
    const path = '/bucket/a%20b+c%2Fd//e/../f?list-type=2&prefix=%C3%BC&x=a+b';
    const name = 'caf\u00e9';
    const sent = { Host: 'bucket.s3.example.com', 'X-Amz-Meta-Name': name, 'X-Forwarded-For': '1.2.3.4' };
    const answer = await ask({ method: 'PUT', path, headers: sent }, 'content');
    assert.deepEqual([answer.status, answer.body], [200, `PUT ${path}`]);
    assert.deepEqual([answer.headers.etag, answer.headers['x-amz-meta-name']], ['"e"', name]);
    const got = seen.at(-1)!;
    assert.deepEqual([got.method, got.url, got.body], ['PUT', path, 'content']);
    const pairs = got.rawHeaders.map((text, index) =>
      index % 2 === 0 ? [text, got.rawHeaders[index + 1]] : [],
    );
    const valuesOf = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
    assert.deepEqual(valuesOf('Host'), ['bucket.s3.example.com']);
    assert.deepEqual(valuesOf('X-Amz-Meta-Name'), [name]);
    assert.deepEqual(valuesOf('X-Forwarded-For'), ['127.0.0.1']);
    assert.deepEqual(valuesOf('X-Forwarded-Proto'), ['https']);
  });

  it('asks the gateway first where the client waits for that', async () => {
    const headers = { expect: '100-continue', 'content-length': '7' };
    const accepted = await ask({ method: 'PUT', path: '/b/k', headers }, 'content');
    assert.deepEqual([accepted.status, seen.at(-1)?.body], [200, 'content']);
    const before = seen.length;
    const refused = await ask({ method: 'PUT', path: '/refused', headers }, 'content');
    assert.deepEqual([refused.status, refused.body, seen.length], [403, 'no', before]);
  });

  it('passes on expectations that nobody knows', async () => {
    for (const expect of ['200', '']) {
      // What follows is sent without waiting for anything.
      const answer = await ask({ method: 'PUT', path: '/b/k', headers: { expect } }, 'content');
      assert.deepEqual([answer.status, seen.at(-1)?.body], [200, 'content'], expect);
    }
  });

  it('gives back an answer that the gateway goes on behind, and nothing of what follows', async () => {
    for (let count = 0; count < 3; count++) {
      const answer = await ask({ path: '/b?publicAccessBlock' });
      assert.deepEqual([answer.status, answer.body], [404, 'none']);
    }
  });

  it('lets nobody reach the admin API, however it is spelled', async () => {
    const before = seen.length;
    for (const path of [
      '/admin/user',
      '//admin',
      '/%61dmin/user',
      '/./admin',
      '/%2561dmin',
      '/ADMIN/x',
      '/admin-secret/user',
    ]) {
      const answer = await ask({ path });
      assert.equal(answer.status, 403, path);
      assert.match(answer.body, /<Code>AccessDenied<\/Code>/);
    }
    for (const host of ['admin.s3.example.com', 'Admin-Secret', 'admin-secret:9443']) {
      assert.equal((await ask({ path: '/user', headers: { host } })).status, 403, host);
    }
    const twice = ['Host', 'bucket.s3.example.com', 'Host', 'admin-secret'];
    assert.equal((await ask({ path: '/user', headers: twice })).status, 403);
    assert.equal(seen.length, before);
    const open = { adminEntry: 'admin-secret', domain: null };
    assert.ok(!isAdmin({ url: '/administration/x', headers: { host: 'admin.example.com' } }, open));
  });

  it('refuses what makes a full store fuller, and lets through what does not', async () => {
    hasRoom = false;
    try {
      const refused = await ask({ method: 'PUT', path: '/b/k' }, 'content');
      assert.equal(refused.status, 507);
      assert.match(refused.body, /<Code>InsufficientStorage<\/Code>/);
      assert.equal((await ask({ method: 'POST', path: '/b/k?uploads' })).status, 507);
      for (const [method, path] of [
        ['GET', '/b/k'],
        ['DELETE', '/b/k'],
        ['POST', '/b?delete'],
      ] as const) {
        assert.equal((await ask({ method, path })).status, 200, method);
      }
    } finally {
      hasRoom = true;
    }
  });

  it('refuses keys of a service that there is not, wherever they are asked for, and stores nothing', async () => {
    const kms = { 'x-amz-server-side-encryption': 'aws:kms' };
    const settings = (algorithm: string): string =>
      `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}` +
      '</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>';
    const form = (algorithm: string, file: string): string => {
      const fields = [`key"\r\n\r\nk`, `x-amz-server-side-encryption"\r\n\r\n${algorithm}`];
      const parts = [...fields, `file"; filename="f"\r\n\r\n${file}`];
      return `${parts.map((part) => `--b\r\nContent-Disposition: form-data; name="${part}\r\n`).join('')}--b--\r\n`;
    };
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const refused: [RequestOptions, string][] = [
      [{ method: 'PUT', path: '/b/k', headers: kms }, 'content'],
      [{ method: 'PUT', path: '/b/k', headers: { ...kms, 'x-amz-copy-source': '/b/other' } }, ''],
      [{ method: 'POST', path: '/b/k?uploads', headers: kms }, ''],
      [
        { method: 'PUT', path: '/b/k', headers: { 'x-amz-server-side-encryption': 'aws:kms:dsse' } },
        'content',
      ],
      [{ method: 'PUT', path: '/b?encryption' }, settings('aws:kms')],
      [{ method: 'PUT', path: '/b/?x=1&encryption=' }, settings(' aws:kms:dsse ')],
      [{ method: 'POST', path: '/b', headers }, form('aws:kms', 'content')],
    ];
    const before = seen.length;
    for (const [options, body] of refused) {
      const answer = await ask(options, body);
      assert.equal(answer.status, 400, `${options.method} ${options.path}`);
      assert.match(answer.body, /<Code>InvalidArgument<\/Code><Message>[^<]*no service for keys[^<]*AES256/);
    }
    assert.equal(seen.length, before);
    const taken: [RequestOptions, string][] = [
      [{ method: 'PUT', path: '/b/k', headers: { 'x-amz-server-side-encryption': 'AES256' } }, 'content'],
      [{ method: 'PUT', path: '/b/k' }, settings('aws:kms')],
      [{ method: 'PUT', path: '/b?encryption' }, settings('AES256')],
      [{ method: 'POST', path: '/b', headers }, form('AES256', form('aws:kms', 'content'))],
    ];
    for (const [options, body] of taken) {
      assert.equal((await ask(options, body)).status, 200, `${options.method} ${options.path}`);
      assert.equal(seen.at(-1)!.body, body);
    }
  });

  it('counts what it is sent, and not what is only announced', async () => {
    room = letIn + 1000;
    try {
      const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
      const options = { host: '127.0.0.1', servername: 'localhost', port, ca: authority.certificate };
      const headers = { 'content-length': '800' };
      const slow = request({ ...options, method: 'PUT', path: '/b/slow', headers }, resolve);
      slow.write('x'.repeat(100));
      await waitFor('it to begin', async () => begun.includes('/b/slow'));
      const other = await ask({ method: 'PUT', path: '/b/k' }, 'x'.repeat(800));
      assert.equal(other.status, 200);
      slow.end('x'.repeat(700));
      const answer = await promise;
      const body = Buffer.concat(await answer.toArray()).toString();
      assert.deepEqual([answer.statusCode, seen.at(-1)!.url], [507, '/b/k']);
      assert.match(body, /<Code>InsufficientStorage<\/Code>/);
    } finally {
      room = Number.POSITIVE_INFINITY;
    }
  });

  it('refuses copies that the store has no room for, and counts what was copied', async () => {
    const copy = (
      source: string,
      path = '/b/k?partNumber=1&uploadId=u',
      range?: string,
    ): Promise<Answered> => {
      const headers = { 'x-amz-copy-source': source };
      return ask({
        ...{ method: 'PUT', path },
        headers: range ? { ...headers, 'x-amz-copy-source-range': range } : headers,
      });
    };
    room = letIn + 1000;
    const before = letIn;
    try {
      for (const [source, range] of [
        ['/b/large'],
        ['b%2Flarge', 'none'],
        [':b/large'],
        ['/b/small?versionId=v%2B1', 'bytes=0-1000'],
        // Nobody knows how large that is.
        ['%zz'],
      ] as const) {
        const answer = await copy(source, undefined, range);
        assert.equal(answer.status, 507, source);
        assert.match(answer.body, /<Code>InsufficientStorage<\/Code>/);
      }
      // One that is not in parts may share all but its first 4 MiB with its copy.
      assert.equal((await copy('/b/small?versionId=v%2B1', '/b/k')).status, 507);
      assert.equal(letIn, before);
      assert.equal((await copy('/b/small?versionId=v%2B1')).status, 200);
      await waitFor('it to be counted', async () => letIn === before + 600);
      assert.equal((await copy('/b/large', undefined, 'bytes=100-299')).status, 200);
      await waitFor('the range to be counted', async () => letIn === before + 800);
    } finally {
      room = Number.POSITIVE_INFINITY;
    }
  });

  it('says that it is starting while there is no gateway', async () => {
    isUp = false;
    const answer = await ask({ path: '/b/k' });
    isUp = true;
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
  });

  it('leaves something for others, however many requests one client has in progress', async () => {
    const from = (localAddress: string) => ask({ path: '/held', localAddress });
    const slow = Array.from({ length: 4 }, () => from('127.0.0.2'));
    await waitFor('them to be held', async () => held.length === 4);
    const more = await from('127.0.0.2');
    assert.deepEqual([more.status, more.headers['retry-after']], [503, '5']);
    assert.match(more.body, /<Code>SlowDown<\/Code>/);
    const others = [from('127.0.0.3'), from('127.0.0.3')];
    await waitFor('those of another client', async () => held.length === 6);
    assert.equal((await ask({ path: '/b/k', localAddress: '127.0.0.4' })).status, 200);
    for (const answer of held.splice(0)) answer();
    for (const { status } of await Promise.all([...slow, ...others])) assert.equal(status, 200);
    const again = () => ask({ path: '/b/k', localAddress: '127.0.0.2' });
    await waitFor('its share to be free again', async () => (await again()).status === 200);
  });

  it('takes over a renewed certificate without ending a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask({ path: '/b/1', agent });
    const old = first.socket.getPeerCertificate().fingerprint256;
    front.renew(await issueCertificate(authority, ['localhost']));
    const same = await ask({ path: '/b/2', agent });
    assert.equal(same.socket, first.socket);
    const fresh = await ask({ path: '/b/3', agent: new Agent() });
    assert.notEqual(fresh.socket.getPeerCertificate().fingerprint256, old);
    agent.destroy();
  });
});
