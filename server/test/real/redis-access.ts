import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from 'node:tls';
import { run } from '../../src/lib/run.ts';
import type { Provider } from '../../src/services/provider.ts';
import { assertContained } from './containment.ts';
import { ALLOWED, ATTACKS, ESCAPES, MISUSES } from './redis-commands.ts';
import { ask, type RedisSubject } from './redis-subject.ts';

/** Formats a command as arguments of Lua's `redis.call`. */
const words = (command: string): string =>
  command
    .split(' ')
    .map((word) => `'${word}'`)
    .join(',');

/** Tests who can connect, what the customer can do, and that they cannot get out of the engine. */
export function testAccess(subject: RedisSubject, provider: Provider): void {
  const { customer, plain } = subject;

  it('serves TLS that can be verified, and plain connections, with the password alone', async () => {
    assert.equal(await customer('PING', 'ACL WHOAMI'), 'PONG\ndefault');
    assert.equal(await plain(subject.service.settings.password), 'PONG');
    assert.match(await plain(''), /NOAUTH/);
    const wrong = await plain('wrong');
    assert.match(wrong, /WRONGPASS/);
    assert.match(wrong, /NOAUTH/);
    const wrongCa = {
      address: subject.service.address,
      password: 'x',
      ca: '/etc/ssl/certs/ca-certificates.crt',
    };
    assert.match(await ask(subject.cli, wrongCa, 'PING'), /certificate verify failed/);
    const sixth = await subject.service.inside([`${provider.id}-cli`, '-h', '::1', 'PING'], { allow: 'any' });
    assert.match(sixth.stdout, /NOAUTH/);
  });

  it('proves its name, and refuses TLS 1.1', async () => {
    const ca = await run('cat', [subject.services.caFile]);
    const greet = (options: object) =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: subject.service.address, port: 6380, ca: ca.stdout, ...options });
        socket.once('secureConnect', () => {
          resolve(socket.authorized ? 'verified' : 'not verified');
          socket.destroy();
        });
        socket.once('error', (error) => resolve(error.message));
      });
    assert.equal(await greet({}), 'verified');
    assert.match(
      await greet({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      /alert|protocol/i,
    );
  });

  it('lets the customer administer the cache', async () => {
    for (const command of ALLOWED) {
      assert.doesNotMatch(await customer(command), /NOPERM|^ERR|unknown/, command);
    }
    assert.match(await customer('MULTI', 'SET a 1', 'GET a', 'EXEC'), /^OK\nQUEUED\nQUEUED\nOK\n1$/);
    assert.equal(await customer('EVAL "return redis.call(\'get\', KEYS[1])" 1 a'), '1');
  });

  it('refuses what leads out of it, directly, in scripts and in functions', async () => {
    for (const command of ATTACKS) {
      // DEBUG and MODULE are disabled for everybody, so the engine does not check permissions for them.
      assert.match(await customer(command), /NOPERM|^ERR (DEBUG|MODULE) command not allowed/, command);
      const script = `return redis.call(${words(command)})`;
      assert.match(await customer(`EVAL "${script}" 0`), /ERR|NOPERM/, script);
      const library = `#!lua name=x\\nredis.register_function('f', function() ${script} end)`;
      assert.match(
        await customer(`FUNCTION LOAD REPLACE "${library}"`, 'FCALL f 0'),
        /^x\n(ERR|NOPERM)/,
        command,
      );
    }
    for (const command of MISUSES) assert.match(await customer(command), /^(ERR|WRONGPASS) /, command);
    for (const call of ESCAPES) {
      assert.match(await customer(`EVAL 'return ${call}' 0`), /ERR|NOPERM/, call);
    }
    assert.doesNotMatch(await customer('CONFIG GET *'), /[0-9a-f]{64}/);
    const { stdout } = await subject.service.inside(['ps', '-eo', 'user,args']);
    assert.match(stdout, new RegExp(`^${provider.id} +.*${provider.id}-server`, 'm'));
    assert.ok(!stdout.includes(subject.service.settings.password));
  });

  it('writes its data folder alone, and begins no connection', () =>
    assertContained(subject.service, {
      user: provider.id,
      folders: [`/data/${provider.id}`, `/run/danube/${provider.id}/socket`],
      connect: (host) => `timeout 10 ${provider.id}-cli -h ${host} ping`,
      refusal: /Permission denied/,
    }));
}
