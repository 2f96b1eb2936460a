import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { withBareServer } from '../../test/bare-server.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import type { Api } from './api.ts';

/** The first bytes of a TLS handshake. */
const CLIENT_HELLO = Buffer.from('16030100c8010000c403036b1f4c9a3e5d7b2a8c6e0f1d2b3a495867', 'hex');

describe('what goes wrong on the client’s side', () => {
  let test: TestApp;
  const { log, lines } = collectLog();
  before(async () => {
    test = await startTestApp({ log });
  });
  after(() => test?.close());
  beforeEach(() => {
    lines.length = 0;
  });

  /** Opens a connection to the server and sends `parts`. */
  async function open(...parts: (string | Buffer)[]): Promise<Socket> {
    const { port } = new URL(test.app.url!);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    for (const part of parts) socket.write(part);
    return socket;
  }

  /** Everything that the server sends until it closes the connection. */
  async function answerOf(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    await once(socket, 'close');
    return text;
  }

  const noConnections = () =>
    waitFor('the connections to end', async () => {
      const count = new Promise<number>((resolve, reject) =>
        test.app.http.server.getConnections((error, open) => (error ? reject(error) : resolve(open))),
      );
      return (await count) === 0;
    });

  function assertQuiet(): void {
    const loud = lines.filter((line) => JSON.parse(line).level >= 40 || /"stack":|\\n {4}at /.test(line));
    assert.deepEqual(loud, []);
  }

  const head = (...more: string[]): string =>
    [
      'POST /api/v1/ssh-keys HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${test.team.token}`,
      'Content-Type: application/json',
      ...more,
      '\r\n',
    ].join('\r\n');

  /** The access log's line for the only request. */
  const accessLine = () =>
    waitFor('the line in the access log', async () => {
      const line = lines.find((one) => one.includes('"msg":"request"'));
      return line === undefined ? null : JSON.parse(line);
    });

  it('is no error where the client hangs up while it sends a body, and is in the access log', async () => {
    for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      for (const hangUp of ['end', 'resetAndDestroy'] as const) {
        lines.length = 0;
        const socket = await open(head(framing, 'Expect: 100-continue'));
        // The request is now being handled, and waits for its body.
        await once(socket, 'data');
        socket.write(framing.startsWith('Transfer') ? '8\r\n{"name":\r\n' : '{"name":');
        socket[hangUp]();
        const { status, route } = await accessLine();
        assert.deepEqual({ status, route }, { status: null, route: '/api/v1/ssh-keys' });
        await noConnections();
        assertQuiet();
      }
    }
  });

  it('is no error where the client hangs up before anything is done', async () => {
    for (let count = 0; count < 20; count += 1) {
      const socket = await open(head('Content-Length: 100'), '{"name":');
      socket.resetAndDestroy();
    }
    await noConnections();
    assertQuiet();
  });

  it('is no error where the client hangs up while it is answered', async () => {
    const request = 'GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const socket = await open(request.repeat(20));
    await once(socket, 'data');
    socket.resetAndDestroy();
    await noConnections();
    assertQuiet();
  });

  it('is no error where a kept connection is reset', async () => {
    const socket = await open('GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
    await noConnections();
    assertQuiet();
  });

  it('is told to the client where it can be read, and ends the connection', async () => {
    const headers = `X-Large: ${'x'.repeat(20_000)}\r\n`;
    const cases: [string | Buffer, number, string][] = [
      ['garbage\r\n\r\n', 400, 'bad_request'],
      [CLIENT_HELLO, 400, 'bad_request'],
      ['GET / HTTP/9.9\r\n\r\n', 400, 'bad_request'],
      [head('Transfer-Encoding: chunked').concat('zz\r\n'), 400, 'bad_request'],
      [`GET / HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`, 431, 'headers_too_large'],
    ];
    for (const [bytes, status, code] of cases) {
      const text = await answerOf(await open(bytes));
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(JSON.parse(text.split('\r\n\r\n')[1]!).code, code);
    }
    await noConnections();
    assertQuiet();
  });

  it('does not keep a connection whose client never ends its side', async () => {
    const { port } = new URL(test.app.url!);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {}).resume();
    socket.write('garbage\r\n\r\n');
    await once(socket, 'end');
    await noConnections();
    socket.destroy();
  });
});

describe('what goes wrong on our side', () => {
  const { log, lines } = collectLog();
  const levels = () => lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40);
  beforeEach(() => {
    lines.length = 0;
  });

  const withFailure = (error: unknown, work: () => void) =>
    withBareServer(
      (api) =>
        void api.get('/fails', { config: { public: true } }, async () => {
          throw error;
        }),
      async (call) => {
        await call('GET', '/fails');
        work();
      },
      { log },
    );

  const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

  it('is a warning without a stack where the database is away', async () => {
    for (const code of ['ECONNREFUSED', '57P01', 'ECONNRESET', '08006']) {
      lines.length = 0;
      await withFailure(coded(code), () => {
        assert.deepEqual(
          levels().map(({ level, reason, err }) => ({ level, reason, err })),
          [{ level: 40, reason: code, err: undefined }],
        );
      });
    }
  });

  it('is an error without a stack where the database has no room', () =>
    withFailure(coded('53100', 'could not extend file'), () => {
      assert.deepEqual(
        levels().map(({ level, reason, err }) => ({ level, reason, err })),
        [{ level: 50, reason: 'could not extend file', err: undefined }],
      );
    }));

  it('is an error with a stack where it is a fault', () =>
    withFailure(new TypeError('x is not a function'), () => {
      const [line, ...more] = levels();
      assert.equal(more.length, 0);
      assert.equal(line.level, 50);
      assert.match(line.err.stack, /^TypeError: x is not a function\n/);
    }));

  it('is an error where an answer breaks off that had begun', async () => {
    const register = (api: Api) =>
      void api.get('/breaks', { config: { public: true } }, async (_request, reply) =>
        reply.send(
          Readable.from(
            (function* () {
              yield 'begun';
              throw new TypeError('no more of it');
            })(),
          ),
        ),
      );
    await withBareServer(
      register,
      async (_call, http) => {
        const url = await http.listen({ host: '127.0.0.1', port: 0 });
        await assert.rejects(async () => (await fetch(`${url}/api/v1/breaks`)).text());
        const [line] = await waitFor('the line', async () => levels().length > 0 && levels());
        assert.equal(line.level, 50);
        assert.equal(line.err.message, 'no more of it');
      },
      { log },
    );
  });
});
