import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../../test/harness.ts';
import { createAuthority, issueCertificate, type KeyedCertificate } from '../../lib/pki.ts';
import { GatewayClient } from './client.ts';
import { sizeOfSource } from './copies.ts';
import { createFront, type Front } from './front.ts';

interface Answered {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

const ROOM = 1000;
const KEYS = { accessKey: 'key', secretKey: 'secret' };

describe('room for copies within the store', () => {
  let authority: KeyedCertificate;
  let gateway: Server;
  let front: Front;
  /** Bytes that were counted. */
  let letIn = 0;
  let asked = 0;
  /** Copies that the gateway has not decided on, and those that it makes. Paths say which. */
  const undecided: (() => void)[] = [];
  const copying: (() => void)[] = [];

  before(async () => {
    authority = await createAuthority('copies test');
    gateway = createServer();
    // Every copy is to be told of before it is made.
    gateway.on('checkContinue', (incoming: IncomingMessage, response) => void decide(incoming, response));
    gateway.on('request', (_, response) => response.end());
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as AddressInfo;
    const client = new GatewayClient({
      ...{ url: `http://127.0.0.1:${port}`, region: 'fsn1', adminEntry: 'admin', ...KEYS },
    });
    front = createFront({
      certificate: await issueCertificate(authority, ['localhost']),
      upstream: () => ({ host: '127.0.0.1', port, adminEntry: 'admin', domain: null }),
      hasRoomFor: (bytes) => bytes <= ROOM,
      letIn: (bytes) => {
        letIn += bytes;
      },
      sizeOf: (source) => sizeOfSource(client, KEYS, source),
    });
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await front?.close(100);
    gateway?.closeAllConnections();
    await new Promise((resolve) => gateway?.close(resolve));
  });

  async function decide(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    asked += 1;
    if (incoming.url!.startsWith('/undecided')) await new Promise<void>((resolve) => undecided.push(resolve));
    if (/refused/.test(incoming.url!)) return void response.writeHead(403).end('no');
    response.writeContinue();
    if (incoming.url!.startsWith('/slow')) await new Promise<void>((resolve) => copying.push(resolve));
    response.end('copied');
  }

  const begin = (path: string, headers: Record<string, string>, leave = false) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const { port } = front.server.address() as AddressInfo;
    const options: RequestOptions = { host: '127.0.0.1', servername: 'localhost', port };
    const outgoing = request(
      {
        ...options,
        ca: authority.certificate,
        method: 'PUT',
        path: `${path}?partNumber=1&uploadId=u`,
        headers,
      },
      async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode!, headers: response.headers, body });
      },
    );
    outgoing.once('error', leave ? () => undefined : reject);
    return { outgoing, promise };
  };
  /** Copies so many bytes. */
  const copy = (path: string, bytes: number): Promise<Answered> => {
    const range = { 'x-amz-copy-source': '/b/any', 'x-amz-copy-source-range': `bytes=0-${bytes - 1}` };
    const { outgoing, promise } = begin(path, range);
    outgoing.end();
    return promise;
  };
  const isBusy = ({ status, headers, body }: Answered) => {
    assert.deepEqual([status, headers['retry-after']], [503, '5']);
    assert.match(body, /<Code>SlowDown<\/Code>/);
  };

  it('is held from when the gateway begins until it has answered, and then counted', async () => {
    const before = letIn;
    const first = copy('/slow/1', 600);
    await waitFor('it to begin', async () => copying.length === 1);
    isBusy(await copy('/b/k', 600));
    assert.equal((await copy('/b/k', 400)).status, 200);
    assert.equal(letIn, before + 400);
    copying.splice(0)[0]!();
    assert.equal((await first).status, 200);
    await waitFor('it to be counted', async () => letIn === before + 1000);
    assert.equal((await copy('/b/k', 600)).status, 200);
  });

  it('is held while the gateway copies for somebody who has gone', async () => {
    const before = letIn;
    const headers = { 'x-amz-copy-source': '/b/any', 'x-amz-copy-source-range': 'bytes=0-599' };
    const { outgoing } = begin('/slow/2', headers, true);
    outgoing.end();
    await waitFor('it to begin', async () => copying.length === 1);
    outgoing.destroy();
    isBusy(await copy('/b/k', 600));
    copying.splice(0)[0]!();
    await waitFor('it to be counted', async () => letIn === before + 600);
    assert.equal((await copy('/b/k', 600)).status, 200);
  });

  it('is not taken by requests that the gateway refuses, however long it takes to do so', async () => {
    const before = letIn;
    for (let count = 0; count < 3; count++) assert.equal((await copy('/refused', 600)).status, 403);
    const refused = Array.from({ length: 3 }, () => copy('/undecided/refused', 600));
    await waitFor('one to be looked at', async () => undecided.length === 1);
    // It waits for its turn instead of being told that others use the room.
    const good = copy('/b/k', 600);
    for (let count = 0; count < 3; count++) {
      await waitFor('the next to be looked at', async () => undecided.length === 1);
      undecided.splice(0)[0]!();
    }
    for (const answer of await Promise.all(refused))
      assert.deepEqual([answer.status, answer.body], [403, 'no']);
    assert.equal((await good).status, 200);
    assert.equal(letIn, before + 600);
  });

  it('is refused to a copy with a body, which could be there for ever', async () => {
    const before = asked;
    for (const length of [{ 'content-length': '5' }, { 'transfer-encoding': 'chunked' }]) {
      const { outgoing, promise } = begin('/b/k', { 'x-amz-copy-source': '/b/any', ...length }, true);
      outgoing.flushHeaders();
      const answer = await promise;
      outgoing.destroy();
      assert.equal(answer.status, 400);
      assert.match(answer.body, /<Code>InvalidRequest<\/Code>/);
    }
    assert.equal(asked, before);
  });
});

describe('the size of what is copied', () => {
  it('is what the gateway says, and the most where it does not tell', async () => {
    const answers: Record<string, [number, Record<string, string>]> = {
      '/b/there': [200, { 'content-length': '600' }],
      '/b/there?versionId=v%2B1': [200, { 'content-length': '500' }],
      '/b/missing': [404, {}],
      '/b/locked': [400, {}],
      '/b/denied': [403, {}],
    };
    const gateway = createServer(({ url }, response) => {
      const [status, headers] = answers[url!]!;
      response.writeHead(status, headers).end();
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as AddressInfo;
    const client = new GatewayClient({
      ...{ url: `http://127.0.0.1:${port}`, region: 'fsn1', adminEntry: 'admin', ...KEYS },
    });
    const sizeOf = (key: string, versionId: string | null = null) =>
      sizeOfSource(client, KEYS, { bucket: 'b', key, versionId });
    try {
      assert.deepEqual([await sizeOf('there'), await sizeOf('there', 'v+1')], [600, 500]);
      assert.equal(await sizeOf('missing'), 0);
      for (const key of ['locked', 'denied', '../other']) assert.equal(await sizeOf(key), 5 * 1024 ** 3, key);
    } finally {
      gateway.closeAllConnections();
      await new Promise((resolve) => gateway.close(resolve));
    }
  });
});
