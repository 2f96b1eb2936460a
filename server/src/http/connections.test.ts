import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { withBareServer } from '../../test/bare-server.ts';
import { waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import type { Api, HttpServer } from './api.ts';
import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS } from './connections.ts';

const HELLO = 'GET /api/v1/hello HTTP/1.1\r\nHost: localhost\r\n\r\n';
const UPLOAD =
  'POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n';

describe('connections', () => {
  const { log, lines } = collectLog();
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    lines.length = 0;
  });

  const register = (api: Api) => {
    api.get('/hello', { config: { public: true } }, async () => ({}));
    api.get('/large', { config: { public: true } }, async () => ({ text: 'x'.repeat(50_000_000) }));
    api.post('/upload', { config: { public: true } }, async () => ({}));
  };

  const withServer = (
    work: (open: (from?: string, halfOpen?: boolean) => Promise<Client>, http: HttpServer) => Promise<void>,
    settings: Record<string, string> = {},
  ) =>
    withBareServer(
      register,
      async (_call, http) => {
        const { port } = new URL(await http.listen({ host: '127.0.0.1', port: 0 }));
        await work((from = '127.0.0.1', halfOpen = false) => openTo(Number(port), from, halfOpen), http);
        for (const socket of sockets) socket.destroy();
      },
      { log, settings },
    );

  interface Client {
    socket: Socket;
    send(text: string): void;
    received: string;
    ended: boolean;
  }

  /** `halfOpen`: it does not end its side when the server does. */
  async function openTo(port: number, localAddress: string, halfOpen: boolean): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: halfOpen });
    sockets.push(socket);
    const client: Client = { socket, send: (text) => void socket.write(text), received: '', ended: false };
    socket
      .on('error', () => {})
      .on('close', () => {
        client.ended = true;
      });
    socket.on('data', (data) => {
      client.received += data;
    });
    await once(socket, 'connect');
    return client;
  }

  const answered = (client: Client, text: string) =>
    waitFor('the answer', async () => client.received.includes(text) || client.ended);

  const count = ({ server }: HttpServer) =>
    new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open)));

  const everybodyIs = (what: string, clients: Client[], is: (client: Client) => boolean) =>
    waitFor(what, async () => clients.every(is));

  it('end where no request comes on them, or not all of its headers, and others stay', () =>
    withServer(async (open) => {
      const idle = await open();
      idle.send(HELLO);
      await answered(idle, '200 OK');
      const silent = await open();
      const slow = await open();
      slow.send(UPLOAD);
      const trickle = setInterval(() => slow.send('X-More: 1\r\n'), 200);
      await everybodyIs('both to end', [silent, slow], (client) => client.ended);
      clearInterval(trickle);
      for (const { received } of [silent, slow]) {
        assert.match(received, /^HTTP\/1\.1 408 Request Timeout\r\n/);
        assert.match(received, /"code":"request_timeout"/);
      }
      assert.equal(idle.ended, false);
      idle.send(HELLO);
      await waitFor('another answer', async () => idle.received.split('200 OK').length === 3);
      assert.ok(!lines.some((line) => JSON.parse(line).level >= 40));
    }));

  it('end where a body does not come', () =>
    withServer(async (open, http) => {
      assert.equal(http.server.requestTimeout, 60_000);
      http.server.headersTimeout = 500;
      http.server.requestTimeout = 1_000;
      const slow = await open();
      slow.send(`${UPLOAD}\r\n`);
      const trickle = setInterval(() => slow.send('x'), 200);
      await everybodyIs('it to end', [slow], (client) => client.ended);
      clearInterval(trickle);
      assert.match(slow.received, /^HTTP\/1\.1 408 /);
      assert.ok(!lines.some((line) => JSON.parse(line).level >= 40));
    }));

  it('end where the client does not take the answer', () =>
    withServer(async (open, http) => {
      assert.equal(http.server.timeout, 300_000);
      http.server.timeout = 1_000;
      const deaf = await open();
      deaf.socket.pause();
      deaf.send('GET /api/v1/large HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await waitFor('no connection to be left', async () => (await count(http)) === 0);
    }));

  it('end after the answer to who asks for a WebSocket and gets none, whether or not the client ends its side', () =>
    withServer(async (open, http) => {
      const asks = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      const clients = await Promise.all(Array.from({ length: 4 }, () => open('127.0.0.1', true)));
      for (const [index, client] of clients.entries()) {
        client.send(`GET /api/v1/${index % 2 ? 'hello' : 'none'} HTTP/1.1\r\nHost: localhost\r\n${asks}`);
        await answered(client, 'HTTP/1.1 ');
        if (index > 1) client.socket.end();
      }
      await waitFor('no connection to be left', async () => (await count(http)) === 0);
      assert.deepEqual(
        clients.map(({ received }) => received.slice(9, 12)),
        ['404', '200', '404', '200'],
      );
    }));

  it('of one address leave room for others', () =>
    withServer(async (open, http) => {
      assert.equal(http.server.maxConnections, MAX_CONNECTIONS);
      assert.ok(MAX_CONNECTIONS > MAX_CONNECTIONS_PER_ADDRESS);
      const many: Client[] = [];
      for (let count = 0; count < MAX_CONNECTIONS_PER_ADDRESS; count += 1) many.push(await open());
      const further = await open();
      await everybodyIs('the further one to end', [further], (client) => client.ended);
      assert.equal(further.received, '');
      assert.ok(many.every((client) => !client.ended));
      const other = await open('127.0.0.2');
      other.send(HELLO);
      await answered(other, '200 OK');
      assert.match(other.received, /200 OK/);
      const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40);
      assert.deepEqual(
        warnings.map(({ level, address }) => [level, address]),
        [[40, '127.0.0.1']],
      );
      many[0]!.socket.destroy();
      await waitFor('room for one more', async () => {
        const next = await open();
        next.send(HELLO);
        await answered(next, '200 OK');
        return next.received.includes('200 OK');
      });
    }));

  it('of a trusted proxy are as many as it likes', () =>
    withServer(
      async (open) => {
        const many: Client[] = [];
        for (let count = 0; count < MAX_CONNECTIONS_PER_ADDRESS; count += 1) many.push(await open());
        const further = await open();
        further.send(HELLO);
        await answered(further, '200 OK');
        assert.match(further.received, /200 OK/);
        assert.ok(many.every((client) => !client.ended));
      },
      { DANUBE_TRUST_PROXY: '10.0.0.1, 127.0.0.1' },
    ));
});
