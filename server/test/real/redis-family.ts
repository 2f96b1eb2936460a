import assert from 'node:assert/strict';
import { createConnection, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type RunResult, run } from '../../src/lib/run.ts';
import type { EngineMetrics, EngineState, PlanSize, Provider } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { sample } from '../seed.ts';
import { volumeOf } from '../volumes.ts';
import { assertContained } from './containment.ts';
import { ALLOWED, ATTACKS, ESCAPES, MISUSES } from './redis-commands.ts';
import { openServices, type TestService, type TestServices } from './service.ts';
import { testSnapshots } from './service-snapshots.ts';

export const MICRO: PlanSize = { vcpu: 1, memoryMb: 256, diskGb: 2 };

/** A command line client, for example `['redis-cli']`. */
export type Client = readonly string[];

/**
 * Runs commands as the customer, a line each, and returns what was answered. Over TLS, verified with `ca`, or plain where
 * that is null; an empty password stands for none.
 */
export function ask(
  client: Client,
  to: { address: string; password: string; ca: string | null },
  ...commands: string[]
): Promise<string> {
  const { address, password, ca } = to;
  const port = ca === null ? ['-p', '6379'] : ['-p', '6380', '--tls', '--cacert', ca];
  const [program, ...rest] = [...client, '-h', address, ...port];
  const env = { ...process.env, ...(password ? { REDISCLI_AUTH: password } : {}) };
  return run(program!, rest, {
    input: `${commands.join('\n')}\n`,
    env,
    allow: 'any',
    timeoutSeconds: 600,
  }).then(({ stdout, stderr }: RunResult) => `${stdout}${stderr}`.trim());
}

/** A command as arguments of Lua's `redis.call`. */
const words = (command: string): string =>
  command
    .split(' ')
    .map((word) => `'${word}'`)
    .join(',');

/** What every version of Redis and Valkey must show on a real instance; most runs look at one of them. */
export function testFamily(provider: Provider, client: (services: TestServices) => Promise<Client>): void {
  for (const { version } of sample(provider.versions, 1)) {
    describe(`${provider.name} ${version} on Incus`, () => {
      let services: TestServices;
      let service: TestService;
      let cli: Client;

      before(async () => {
        services = await openServices();
        cli = await client(services);
        // Blanks, quotes, signs of shells, configuration and access rules.
        service = await services.start(provider, version, { plan: MICRO, password: `p "w'd #\\$(x) >@é` });
      });
      after(async () => {
        await services.close();
      });

      const customer = (...commands: string[]): Promise<string> =>
        ask(
          cli,
          { address: service.address, password: service.settings.password, ca: services.caFile },
          ...commands,
        );
      const plain = (password: string): Promise<string> =>
        ask(cli, { address: service.address, password, ca: null }, 'PING');
      const metrics = async (): Promise<EngineMetrics> =>
        JSON.parse(await service.plane.control(service.spec.ref, 'metrics'));
      const state = async (): Promise<EngineState> =>
        JSON.parse(await service.plane.control(service.spec.ref, 'state'));
      const answers = () => waitFor('the engine to answer', async () => (await customer('PING')) === 'PONG');
      /** Until the log holds what was acknowledged: while the disk is slow, the engine answers before it has written. */
      const written = () =>
        waitFor('the append-only file to be written', async () =>
          /^aof_buffer_length:0\r?$/m.test(await customer('INFO persistence')),
        );
      /** Until the log has one end, as it has but while it is rewritten, and after a rewrite that was cut off. */
      const oneLog = () =>
        waitFor('the log to have one end', async () => {
          const list = 'ls /data/*/appendonlydir/*.incr.aof | wc -l';
          if ((await service.inside(['sh', '-c', list])).stdout.trim() === '1') return true;
          await customer('BGREWRITEAOF');
          return false;
        });

      it('serves TLS that can be verified, and plain connections, with the password alone', async () => {
        assert.equal(await customer('PING', 'ACL WHOAMI'), 'PONG\ndefault');
        assert.equal(await plain(service.settings.password), 'PONG');
        assert.match(await plain(''), /NOAUTH/);
        const wrong = await plain('wrong');
        assert.match(wrong, /WRONGPASS/);
        assert.match(wrong, /NOAUTH/);
        const wrongCa = { address: service.address, password: 'x', ca: '/etc/ssl/certs/ca-certificates.crt' };
        assert.match(await ask(cli, wrongCa, 'PING'), /certificate verify failed/);
        const sixth = await service.inside([`${provider.id}-cli`, '-h', '::1', 'PING'], { allow: 'any' });
        assert.match(sixth.stdout, /NOAUTH/);
      });

      it('proves its name, and refuses TLS 1.1', async () => {
        const ca = await run('cat', [services.caFile]);
        const greet = (options: object) =>
          new Promise<string>((resolve) => {
            const socket = connect({ host: service.address, port: 6380, ca: ca.stdout, ...options });
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
          // Two commands are switched off for everybody, before anybody's rights are looked at.
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
        const { stdout } = await service.inside(['ps', '-eo', 'user,args']);
        assert.match(stdout, new RegExp(`^${provider.id} +.*${provider.id}-server`, 'm'));
        assert.ok(!stdout.includes(service.settings.password));
      });

      it('writes its data folder alone, and begins no connection', () =>
        assertContained(service, {
          user: provider.id,
          folders: [`/data/${provider.id}`, `/run/danube/${provider.id}/socket`],
          connect: (host) => `timeout 10 ${provider.id}-cli -h ${host} ping`,
          refusal: /Permission denied/,
        }));

      it('keeps what it has written when engine or instance are killed', async () => {
        await customer('SET before 1');
        await written();
        await service.inside(['sh', '-c', 'kill -KILL "$(cat /run/danube/engine.pid)"']);
        await answers();
        assert.equal(await customer('GET before', 'SET again 2'), '1\nOK');
        await written();
        await service.kill();
        await service.plane.ensureRunning(service.spec.ref);
        await answers();
        assert.equal(await customer('GET before', 'GET again'), '1\n2');
      });

      it('starts with a log that was torn in the middle of a write', async () => {
        await oneLog();
        // The engine stands still meanwhile, so that what is torn is the end.
        const tear = [
          'kill -STOP "$(cat /run/danube/engine.pid)"',
          "printf '*3\\r\\n$3\\r\\nSET\\r\\n$4\\r\\nto' | tee -a /data/*/appendonlydir/*.incr.aof >/dev/null",
          'kill -KILL "$(cat /run/danube/engine.pid)"',
        ];
        await service.inside(['sh', '-c', tear.join('; ')]);
        await answers();
        assert.equal(await customer('GET before', 'GET again'), '1\n2');
      });

      it('takes new settings without a restart, and says which need one', async () => {
        const reload = () => service.plane.control(service.spec.ref, 'reload');
        const { starts } = await state();
        await service.push({ password: 'new', parameters: { 'maxmemory-samples': '7', hz: '25' } });
        assert.equal(await reload(), '');
        assert.equal(await customer('CONFIG GET maxmemory-samples'), 'maxmemory-samples\n7');
        await service.push({ parameters: { databases: '20', 'notify-keyspace-events': 'KEA' } });
        assert.equal((await reload()).trim(), 'databases');
        assert.equal(
          await customer('CONFIG GET maxmemory-samples', 'CONFIG GET hz'),
          'maxmemory-samples\n5\nhz\n10',
        );
        await service.push({ parameters: { 'maxmemory-samples': 'many' } });
        await assert.rejects(reload(), /maxmemory-samples/);
        await service.push({ plan: { ...MICRO, memoryMb: 512 }, parameters: {} });
        assert.equal(await reload(), '');
        const wanted = provider.sizing({ ...MICRO, memoryMb: 512 }).maxmemory;
        assert.equal(await customer('CONFIG GET maxmemory'), `maxmemory\n${wanted}`);
        assert.deepEqual((await state()).starts, starts);
        assert.match(await plain('wrong'), /WRONGPASS/);
      });

      it('reads any text from its configuration as it was written', async () => {
        const text = `a "b" 'c' \\ \\n \\x41 #d $(e) é {f} ;`;
        await service.push({ plan: MICRO, parameters: { 'syslog-ident': text } });
        await service.plane.control(service.spec.ref, 'restart');
        await answers();
        assert.equal(await customer('CONFIG GET syslog-ident'), `syslog-ident\n${text}`);
        await service.push({ parameters: {} });
      });

      it('tells how it fares', async () => {
        await customer('SET a 1', 'GET a', 'GET none');
        const now = await metrics();
        assert.equal(now.max_clients, 256);
        for (const value of Object.values(now)) assert.equal(typeof value, 'number', JSON.stringify(now));
        assert.ok(now.keyspace_hits! >= 1 && now.keyspace_misses! >= 1 && now.memory_used_bytes! > 100_000);
        await service.push({ parameters: { 'slowlog-log-slower-than': '0', 'slowlog-max-len': '2' } });
        await service.plane.control(service.spec.ref, 'reload');
        await customer('SET a 1', 'SET a 2', 'SET a 3', 'SET a 4');
        assert.ok((await metrics()).slow_queries! >= 4);
        // Nor does the slow log tell what the platform sends.
        await service.plane.control(service.spec.ref, 'reload');
        assert.doesNotMatch(await customer('SLOWLOG GET'), /[0-9a-f]{64}/);
      });

      it('ends in good order although a script runs forever', async () => {
        await customer('SET kept 1');
        await written();
        const forever = customer('EVAL "while true do end" 0');
        await waitFor('the script to run', async () => /BUSY/.test(await plain(service.settings.password)));
        await service.plane.control(service.spec.ref, 'restart');
        await forever;
        await answers();
        assert.equal(await customer('GET kept'), '1');
        assert.equal((await state()).last_exit, 0);
      });

      it('stays within its memory under a load of writes', async () => {
        const load = ['-h', service.address, '-a', service.settings.password, '-q', '-c', '20', '-P', '8'];
        const writes = ['-t', 'set', '-d', '1000', '-r', '400000', '-n', '400000'];
        await Promise.all([
          run('redis-benchmark', [...load, ...writes], { timeoutSeconds: 900 }),
          waitFor('a rewrite of the log', async () => /aof_rewrites:[1-9]/.test(await customer('INFO')), 900),
        ]);
        // What waits for a slow disk counts as memory, too, and is no part of the limit.
        await written();
        const limit = Number((await customer('CONFIG GET maxmemory')).split('\n')[1]);
        const now = await metrics();
        assert.ok(now.memory_used_bytes! <= limit * 1.05, `${now.memory_used_bytes} of ${limit}`);
        assert.equal((await state()).oom_kills, 0);
        assert.match(await customer('INFO stats'), /evicted_keys:[1-9]/);
        // One value that is larger than the plan allows.
        assert.match(await customer('SETRANGE large 400000000 x'), /ERR/);
      });

      it('cuts off clients that have it buffer more than its memory', async () => {
        const sockets = Array.from({ length: 40 }, () => createConnection(6379, service.address));
        let cut = 0;
        for (const socket of sockets) {
          socket.on('error', () => undefined).on('close', () => (cut += 1));
          const { password } = service.settings;
          socket.write(`*2\r\n$4\r\nAUTH\r\n$${Buffer.byteLength(password)}\r\n${password}\r\n`);
          // Most of one argument: the engine waits for its end.
          socket.write('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10000000\r\n');
          socket.write(Buffer.alloc(9_900_000, 'x'));
        }
        try {
          await waitFor('clients to be cut off', async () => cut >= 30);
          assert.equal((await state()).oom_kills, 0);
          assert.equal(await customer('PING'), 'PONG');
        } finally {
          for (const socket of sockets) socket.destroy();
        }
      });

      it('says that clients have all of its connections', async () => {
        const sockets = new Set<Socket>();
        // Those that are hung up on come again: connections of before may free places while these are refused.
        const crowd = (): void => {
          while (sockets.size < 300) {
            const socket = createConnection(6379, service.address);
            sockets.add(socket);
            socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
          }
        };
        try {
          await waitFor('all connections to be taken', async () => {
            crowd();
            const { connected_clients, max_clients, uptime_seconds } = await metrics();
            return uptime_seconds === null && connected_clients === 256 && max_clients === 256;
          });
        } finally {
          for (const socket of sockets) socket.destroy();
        }
        await waitFor('an answer', async () => (await metrics()).uptime_seconds !== null);
      });

      testSnapshots(() => ({
        services,
        service,
        async prepare() {
          await customer('FLUSHALL');
          await oneLog();
        },
        store: async (number) => assert.match(await customer(`RPUSH numbers ${number}`), /^\d+$/),
        stored: `. /usr/lib/danube/engine/common; { admin llen numbers; admin lindex numbers -1; } | paste -sd ' '`,
        spoil: `file=$(ls /data/*/appendonlydir/*.incr.aof); printf spoilt | dd of=$file bs=1 seek=20 conv=notrunc`,
      }));

      it('refuses writes while its disk is full, and takes them again once there is room', async () => {
        await customer('FLUSHALL', 'SET kept 1', 'BGREWRITEAOF');
        await written();
        const { starts } = await state();
        // Until the volume refuses: as the engine would, and not all of the host's pool.
        await service.inside(['sh', '-c', 'head -c 3G /dev/urandom >/data/ballast; sync'], { allow: 'any' });
        const value = 'x'.repeat(100_000);
        await waitFor('writes to be refused', async () => /MISCONF/.test(await customer(`SET a ${value}`)));
        assert.equal(await customer('GET kept'), '1');
        assert.deepEqual((await state()).starts, starts);
        await service.plane.control(service.spec.ref, 'restart');
        await answers();
        assert.equal(await customer('GET kept'), '1');
        await service.plane.ensureVolume({ ref: volumeOf(service.spec.ref), sizeGb: 4 });
        await waitFor('writes to be taken', async () => (await customer('SET b 2')) === 'OK');
        assert.equal(await customer('GET kept', 'GET b'), '1\n2');
      });
    });
  }
}
