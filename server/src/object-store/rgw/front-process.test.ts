import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as listenAt } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import { freePort, waitFor } from '../../../test/harness.ts';
import { createAuthority, issueCertificate, type KeyedCertificate } from '../../lib/pki.ts';
import { FrontProcess, type FrontProcessOptions } from './front-process.ts';

describe('the process of the front', () => {
  let authority: KeyedCertificate;
  let certificate: KeyedCertificate;
  let gateway: Server;
  let port: number;
  let front: FrontProcess | null = null;
  let dispatcher: Agent;
  /** Bytes that were let in, sizes that were asked for, and how the process ended. */
  let letIn = 0;
  const asked: string[] = [];
  const ends: string[] = [];
  /** Requests that the gateway does not answer yet. */
  const held: (() => void)[] = [];

  before(async () => {
    authority = await createAuthority('front process test');
    certificate = await issueCertificate(authority, ['localhost']);
    dispatcher = new Agent({ connect: { ca: authority.certificate } });
    gateway = createServer(async (incoming, response) => {
      await incoming.toArray().catch(() => null);
      if (incoming.url === '/held') await new Promise<void>((resolve) => held.push(resolve));
      response.end(`${incoming.method} ${incoming.url}`);
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await front?.close(100);
    front = null;
  });
  after(async () => {
    await dispatcher?.close();
    gateway?.closeAllConnections();
    await new Promise((resolve) => gateway?.close(resolve));
  });

  const upstream = () => ({
    host: '127.0.0.1',
    port: (gateway.address() as AddressInfo).port,
    adminEntry: 'admin-secret',
    domain: null,
  });
  const start = async (changes: Partial<FrontProcessOptions> = {}): Promise<FrontProcess> => {
    port = await freePort();
    letIn = 0;
    front = await FrontProcess.start({
      ...{ port, certificate },
      letIn: (bytes) => {
        letIn += bytes;
      },
      sizeOf: async ({ bucket, key }) => {
        asked.push(`${bucket}/${key}`);
        return 600;
      },
      ended: (how) => ends.push(how),
      ...changes,
    });
    return front;
  };
  const ask = async (method: 'GET' | 'PUT', target: string, body = '', headers = {}) => {
    const answer = await request(`https://localhost:${port}${target}`, {
      ...{ method, dispatcher, headers },
      ...(method === 'PUT' ? { body } : {}),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  };

  it('passes requests on as soon as it is told where to', async () => {
    await start();
    assert.equal((await ask('GET', '/bucket/key')).status, 503);
    front!.update({ upstream: upstream(), room: null });
    await waitFor('the gateway to answer', async () => (await ask('GET', '/bucket/key')).status === 200);
    assert.deepEqual(await ask('GET', '/bucket/key'), { status: 200, body: 'GET /bucket/key' });
  });

  it('tells how many bytes it let in, and lets in no more than there is room for', async () => {
    await start();
    front!.update({ upstream: upstream(), room: 100 });
    await waitFor('the gateway to answer', async () => (await ask('GET', '/')).status === 200);
    assert.equal((await ask('PUT', '/bucket/key', 'x'.repeat(60))).status, 200);
    // Before it is told of anything: it counts what came since.
    assert.equal((await ask('PUT', '/bucket/key', 'x'.repeat(60))).status, 507);
    await waitFor('the server to know', async () => letIn === 60);
    front!.update({ upstream: upstream(), room: 40 });
    assert.equal((await ask('PUT', '/bucket/key', 'x'.repeat(60))).status, 507);
    front!.update({ upstream: upstream(), room: 1000 });
    await waitFor('room', async () => (await ask('PUT', '/bucket/key', 'x'.repeat(60))).status === 200);
    await waitFor('the server to know', async () => letIn === 120);
  });

  it('asks the server for the sizes of what is copied', async () => {
    await start();
    front!.update({ upstream: upstream(), room: 700 });
    await waitFor('the gateway to answer', async () => (await ask('GET', '/')).status === 200);
    const copy = () =>
      ask('PUT', '/bucket/copy?partNumber=1&uploadId=u', '', { 'x-amz-copy-source': '/bucket/key' });
    assert.equal((await copy()).status, 200);
    assert.deepEqual(asked, ['bucket/key']);
    await waitFor('the server to know', async () => letIn === 600);
    assert.equal((await copy()).status, 507);
  });

  it('shows a renewed certificate to new connections', async () => {
    await start();
    const other = await createAuthority('another authority');
    front!.renew(await issueCertificate(other, ['localhost']));
    const trusting = new Agent({ connect: { ca: other.certificate } });
    const answer = await waitFor('the new certificate', () =>
      request(`https://localhost:${port}/`, { dispatcher: trusting }).catch(() => null),
    );
    await answer.body.dump();
    await trusting.close();
  });

  it('says that its port is taken', async () => {
    const taken = listenAt();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    const { port: number } = taken.address() as AddressInfo;
    await assert.rejects(start({ port: number }), { code: 'EADDRINUSE' });
    await new Promise((resolve) => taken.close(resolve));
  });

  it('lets requests in progress end before it does', async () => {
    await start();
    front!.update({ upstream: upstream(), room: null });
    await waitFor('the gateway to answer', async () => (await ask('GET', '/')).status === 200);
    const answer = ask('GET', '/held');
    await waitFor('the gateway to have it', async () => held.length === 1);
    const closed = front!.close(60_000);
    await waitFor('the port to be free', isFree);
    held.pop()!();
    assert.deepEqual(await answer, { status: 200, body: 'GET /held' });
    await closed;
    assert.deepEqual(ends, []);
  });

  it('is reported where it ends by itself', async () => {
    await start();
    process.kill(front!.pid!, 'SIGKILL');
    await waitFor('the server to know', async () => ends.length > 0);
    assert.deepEqual(ends, ['SIGKILL']);
  });

  it('ends with its server, however that ends', async () => {
    port = await freePort();
    const options = `{ port: ${port}, certificate: ${JSON.stringify(certificate)}, letIn() {}, ended() {} }`;
    const module = new URL('./front-process.ts', import.meta.url);
    const folder = await mkdtemp(path.join(tmpdir(), 'danube-front-'));
    const file = path.join(folder, 'server.mjs');
    await writeFile(file, `import { FrontProcess } from '${module}'; await FrontProcess.start(${options});`);
    const server = spawn(process.execPath, [file], { stdio: 'ignore' });
    try {
      await waitFor('the port to be served', async () => !(await isFree()));
    } finally {
      server.kill('SIGKILL');
      await rm(folder, { recursive: true });
    }
    await waitFor('the port to be free', isFree);
  });

  const isFree = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(false));
      socket.once('error', () => resolve(true));
      socket.once('connect', () => socket.destroy());
    });
});
