import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { EngineMetrics, EngineParameter, Provider } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { type MysqlSubject, PASSWORD } from './mysql-subject.ts';

/** Tests that parameters take effect, and that no log contains the password. */
export function testSettings(subject: MysqlSubject, provider: Provider): void {
  const { ask } = subject;

  it('lists its parameters, and takes any value as it is', async () => {
    const parameters = (await subject.service.plane.imageParameters(
      subject.service.spec.image,
    )) as EngineParameter[];
    assert.ok(parameters.length > 300, `${parameters.length} parameters`);
    const find = (name: string) => parameters.find((parameter) => parameter.name === name);
    assert.equal(find('max_connections')?.type, 'integer');
    assert.equal(find('max_connections')?.static, false);
    assert.equal(find('innodb_rollback_on_timeout')?.static, true);
    assert.ok(find('completion_type')?.values?.includes('CHAIN'));
    const nasty = fc.string({ unit: fc.constantFrom(...' #"\'\\;![]=nstb\tä€'), maxLength: 30 });
    const values = fc.sample(nasty, 300);
    const names = values.map((_, index) => `v${index}`);
    const config = provider.renderConfig(
      Object.fromEntries(names.map((name, index) => [name, values[index]!])),
    );
    const read = ['my_print_defaults', '--defaults-file=/tmp/values.cnf', 'mysqld'];
    const { stdout } = await subject.service.inside(
      ['sh', '-c', `cat >/tmp/values.cnf; ${read.join(' ')}; rm /tmp/values.cnf`],
      { input: config },
    );
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
      names.map((name, index) => `--${name}=${values[index]}`.trimEnd()),
    );
  });

  it('applies new settings while it runs, and says which of them wait', async () => {
    const { service } = subject;
    const control = (verb: 'reload' | 'metrics' | 'restart') => service.plane.control(service.spec.ref, verb);
    await service.push({
      password: 'another one',
      parameters: {
        max_connections: '77',
        sort_buffer_size: '1M',
        innodb_rollback_on_timeout: 'ON',
        sql_mode: '',
      },
    });
    assert.equal((await control('reload')).trim(), 'innodb_rollback_on_timeout');
    assert.equal(await ask('SELECT @@max_connections, @@sort_buffer_size, @@sql_mode'), '77\t1048576');
    assert.match((await subject.sql('SELECT 1', { password: PASSWORD })).stderr, /Access denied/);
    const metrics = JSON.parse(await control('metrics')) as EngineMetrics;
    assert.equal(metrics.max_clients, 77);
    assert.ok(metrics.memory_used_bytes! > 50e6 && metrics.memory_used_bytes! < 1024e6);
    // MariaDB does not count connections to the platform's own listener.
    assert.ok(metrics.connected_clients! >= 0 && metrics.total_queries! > 1 && metrics.uptime_seconds! >= 0);

    await service.push({ parameters: { sql_mode: 'NO_SUCH_MODE' } });
    await assert.rejects(control('reload'), /sql_mode/);
    await service.push({ parameters: {} });
    assert.equal((await control('reload')).trim(), '');
    assert.equal(await ask('SELECT @@max_connections, @@sort_buffer_size > 0'), '80\t1');

    await service.push({ parameters: { innodb_rollback_on_timeout: 'ON' } });
    await control('restart');
    await subject.ready();
    assert.equal(await ask('SELECT @@innodb_rollback_on_timeout'), '1');
  });

  it('refuses a value in the words of the engine, before it changes anything', async () => {
    const { service } = subject;
    const reload = () => service.plane.control(service.spec.ref, 'reload');
    await service.push({ parameters: { max_connections: '60', character_set_server: 'no_such' } });
    await assert.rejects(reload(), /refuses the parameters.*haracter set:? 'no_such'/s);
    assert.equal(await ask('SELECT @@max_connections'), '80');
    await service.push({ parameters: {} });
    await reload();
  });

  it('knows time zones, and takes one as its default', async () => {
    const { service } = subject;
    const parameters = await service.plane.imageParameters(service.spec.image);
    const zones = parameters?.find(({ name }) => name === 'default_time_zone')?.values ?? [];
    assert.ok(zones.includes('US/Eastern') && zones.includes('Europe/Berlin'), `${zones.length} zones`);
    assert.equal(
      await ask(`SELECT CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Asia/Calcutta')`),
      '2026-07-01 17:30:00',
    );
    await service.push({ parameters: { default_time_zone: 'Europe/Berlin' } });
    // Parameters of the tests before may wait for a restart.
    assert.doesNotMatch(await service.plane.control(service.spec.ref, 'reload'), /zone/);
    assert.equal(await ask('SELECT @@time_zone'), 'Europe/Berlin');
    await service.plane.control(service.spec.ref, 'restart');
    await subject.ready();
    assert.equal(await ask('SELECT @@time_zone'), 'Europe/Berlin');
    await service.push({ parameters: {} });
    await service.plane.control(service.spec.ref, 'reload');
    assert.equal(await ask('SELECT @@time_zone'), 'SYSTEM');
  });

  it('obeys the platform while its owner holds all connections', async () => {
    const { service } = subject;
    await service.push({ parameters: { max_connections: '10' } });
    await service.plane.control(service.spec.ref, 'reload');
    // One more than there are: administrators may have that.
    const held = Array.from({ length: 12 }, () => subject.sql('SELECT SLEEP(600)'));
    try {
      await waitFor('the connections to be taken', async () => {
        if (/Too many connections/.test((await subject.sql('SELECT 1')).stderr)) return true;
        // The platform had one of them while they were taken.
        held.push(subject.sql('SELECT SLEEP(600)'));
        return false;
      });
      await subject.ready();
      await service.push({ parameters: { max_connections: '10', sort_buffer_size: '512K' } });
      assert.doesNotMatch(await service.plane.control(service.spec.ref, 'reload'), /sort_buffer/);
    } finally {
      await service.push({ parameters: {} });
      await service.plane.control(service.spec.ref, 'restart');
      await Promise.all(held);
      await subject.ready();
    }
  });

  it('logs the statements of its owner, and never the password', async () => {
    const { service } = subject;
    const control = (verb: 'reload' | 'restart') => service.plane.control(service.spec.ref, verb);
    const logs = { general_log: 'ON', slow_query_log: 'ON', long_query_time: '0' };
    await service.push({ password: 'never logged', parameters: logs });
    await control('reload');
    await control('reload');
    await control('restart');
    await subject.ready();
    // The engine concatenates the text to look for, because these statements are logged, too.
    const matches = (needle: string) =>
      ask(
        `SELECT (SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE ${needle}) +` +
          `(SELECT COUNT(*) FROM mysql.slow_log WHERE sql_text LIKE ${needle})`,
      );
    await ask("SELECT 'of its owner'");
    assert.equal(await matches("CONCAT('%of its', ' owner%')"), '2');
    assert.equal(await matches("CONCAT('%never', ' logged%')"), '0');
    await service.push({ parameters: {} });
    await control('reload');
    await ask('TRUNCATE mysql.general_log; TRUNCATE mysql.slow_log');
  });
}
