import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { createSecretBox } from '../../lib/crypto.ts';
import { createAuthority, issueCertificate, type KeyedCertificate } from '../../lib/pki.ts';
import { ConnectionTest } from './connection-test.ts';
import type { ManagedService } from './store.ts';

/** A server that speaks as Redis does, as far as it is asked here. */
interface Engine {
  port: number;
  close(): void;
}

const HOST = '127.0.0.1';
const PASSWORD = 'correct horse battery';
const HANGS_UP = 'hangs up';

describe('the test of a connection', () => {
  const secrets = createSecretBox(Buffer.alloc(32, 1));
  const engines: Engine[] = [];
  let authority: KeyedCertificate;
  let other: KeyedCertificate;
  before(async () => {
    [authority, other] = await Promise.all([createAuthority('ours'), createAuthority('another')]);
  });
  after(() => {
    for (const engine of engines) engine.close();
  });

  async function open(issuer: KeyedCertificate, answers: Record<string, string>): Promise<Engine> {
    const { certificate, key } = await issueCertificate(issuer, [HOST]);
    const server = tls.createServer({ cert: certificate, key }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const answer = answers[data.toString().split('\r\n')[2]!] ?? '-ERR';
        if (answer === HANGS_UP) socket.end();
        else socket.write(`${answer}\r\n`);
      });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const engine = { port: (server.address() as AddressInfo).port, close: () => void server.close() };
    engines.push(engine);
    return engine;
  }

  const run = (port: number, changes: Partial<ManagedService> = {}) => {
    const row = {
      id: 'one',
      kind: 'cache',
      provider: 'valkey',
      status: 'running',
      published: true,
      public_port: port,
      username: 'default',
      database_name: null,
      password_sealed: secrets.seal(PASSWORD),
      ...changes,
    };
    const test = new ConnectionTest({
      isReal: true,
      secrets,
      authority: async () => authority,
      publicAddress: HOST,
    });
    return test.run(row as ManagedService);
  };
  const states = async (port: number) =>
    (await run(port)).steps.map(({ step, state }) => `${step} ${state}`).slice(1);

  it('says that everything works', async () => {
    const { port } = await open(authority, { AUTH: '+OK', PING: '+PONG' });
    const report = await run(port);
    assert.deepEqual([report.ok, report.remediation, report.endpoint], [true, null, `${HOST}:${port}`]);
    assert.deepEqual(
      report.steps.map(({ state }) => state),
      ['ok', 'ok', 'ok', 'ok', 'ok'],
    );
  });

  it('names the step that fails, with the words of the engine and what to do', async () => {
    const closed = await open(authority, {});
    closed.close();
    assert.deepEqual(await states(closed.port), [
      'tcp failed',
      'tls skipped',
      'sign_in skipped',
      'query skipped',
    ]);
    const foreign = await open(other, { AUTH: '+OK', PING: '+PONG' });
    assert.deepEqual(await states(foreign.port), [
      'tcp ok',
      'tls failed',
      'sign_in skipped',
      'query skipped',
    ]);
    const refusing = await open(authority, {
      AUTH: '-WRONGPASS invalid username-password pair',
      PING: '+PONG',
    });
    const report = await run(refusing.port);
    const [, , , signIn, query] = report.steps;
    assert.deepEqual([report.ok, signIn?.state, query?.state], [false, 'failed', 'skipped']);
    assert.equal(signIn?.message, 'WRONGPASS invalid username-password pair.');
    assert.match(report.remediation ?? '', /password/);
    const loading = await open(authority, { AUTH: '+OK', PING: '-LOADING the dataset' });
    assert.deepEqual(await states(loading.port), ['tcp ok', 'tls ok', 'sign_in ok', 'query failed']);
  });

  it('ends with an engine that hangs up without an answer', async () => {
    for (const [answers, step] of [
      [{ AUTH: HANGS_UP }, 3],
      [{ AUTH: '+OK', PING: HANGS_UP }, 4],
    ] as const) {
      const { port } = await open(authority, answers);
      const { steps } = await run(port);
      assert.deepEqual(
        [steps[step]?.state, steps[step]?.message],
        ['failed', 'The connection was closed without an answer.'],
      );
    }
  });

  it('names the step for databases, too', async () => {
    const { port } = await open(authority, {});
    for (const provider of ['postgresql', 'mysql']) {
      const { steps } = await run(port, { kind: 'database', provider, database_name: 'shop' });
      // It is a TLS server, and neither of the two engines begins with that.
      assert.deepEqual([steps[1]?.state, steps[2]?.state], ['ok', 'failed'], provider);
    }
  });

  it('connects to nothing that does not run', async () => {
    const { port } = await open(authority, { AUTH: '+OK', PING: '+PONG' });
    const report = await run(port, { status: 'stopped' });
    assert.ok(!report.ok && report.steps.every(({ state }) => state === 'skipped'));
    assert.match(report.remediation ?? '', /stopped/);
  });
});
