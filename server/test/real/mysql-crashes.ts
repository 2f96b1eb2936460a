import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../src/lib/run.ts';
import type { EngineMetrics, EngineState } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { volumeOf } from '../volumes.ts';
import type { MysqlSubject } from './mysql-subject.ts';

/** Tests that no commit is lost when the engine is killed or stopped. */
export function testCrashes(subject: MysqlSubject): void {
  const { ask } = subject;

  it('keeps what was committed when engine or instance are killed', async () => {
    const { service } = subject;
    await ask('CREATE TABLE work.kept (id INT PRIMARY KEY); INSERT INTO work.kept VALUES (1)');
    await service.inside(['sh', '-c', 'kill -9 $(cat /run/danube/engine.pid)']);
    await subject.ready();
    await ask('INSERT INTO work.kept VALUES (2)');
    await service.kill();
    await service.plane.ensureRunning(service.spec.ref);
    await subject.ready();
    assert.equal(await ask('SELECT GROUP_CONCAT(id) FROM work.kept'), '1,2');
  });

  it('ends in good order, and a database that was dropped stays away', async () => {
    const { service } = subject;
    assert.match(await ask('SHOW DATABASES'), /^my-shop `1`$/m);
    await ask('DROP DATABASE `my-shop ``1```');
    await service.plane.ensureStopped(service.spec.ref, 300);
    await service.plane.ensureRunning(service.spec.ref);
    await subject.ready();
    const databases = (await ask('SHOW DATABASES')).split('\n');
    assert.ok(!databases.includes('my-shop `1`') && !databases.includes('test'), databases.join());
    const log = await service.plane.control(service.spec.ref, 'logs');
    const last = log.slice(log.lastIndexOf('Shutdown complete'));
    assert.ok(last.startsWith('Shutdown complete') && last.includes('ready for connections'));
    // MySQL logs this if its CPU cores change while it starts, which happens when another instance starts or stops.
    const errors = last.replaceAll(/.*sched_setaffinity\(\) failed!/g, '');
    assert.doesNotMatch(errors, /crash recovery|not shut ?down|\[ERROR\]/i);
  });
}

/** Tests that the plan's memory is enough when all of its connections are busy. */
export function testMemory(subject: MysqlSubject): void {
  const { ask } = subject;

  it('has the memory for all of its connections at work', async () => {
    const { service, services } = subject;
    const state = async () =>
      JSON.parse(await service.plane.control(service.spec.ref, 'state')) as EngineState;
    const before = await state();
    await ask(
      'CREATE TABLE work.load_test (id INT AUTO_INCREMENT PRIMARY KEY, hash CHAR(32), text VARCHAR(500));' +
        "INSERT INTO work.load_test (hash, text) VALUES (MD5(CONCAT(RAND())), REPEAT('x', 500));" +
        'INSERT INTO work.load_test (hash, text) SELECT MD5(CONCAT(RAND())), text FROM work.load_test;'.repeat(
          12,
        ),
    );
    const login = path.join(services.folder, 'load.cnf');
    await writeFile(
      login,
      `[client]\nuser = danube\npassword = "${service.settings.password}"\nssl-ca = ${services.caFile}\n`,
      { mode: 0o600 },
    );
    const query = 'SELECT hash, COUNT(*), MAX(text) FROM work.load_test GROUP BY hash ORDER BY 3, 1 LIMIT 5';
    await run('mariadb-slap', [
      ...[
        `--defaults-file=${login}`,
        `--host=${service.address}`,
        '--concurrency=75',
        '--number-of-queries=75',
      ],
      ...['--create-schema=work', '--no-drop', `--query=${query}`],
    ]);
    const metrics = JSON.parse(await service.plane.control(service.spec.ref, 'metrics')) as EngineMetrics;
    assert.ok(metrics.memory_used_bytes! < 1000 * 1024 * 1024, `${metrics.memory_used_bytes} bytes`);
    const { oom_kills, starts } = await state();
    assert.deepEqual({ oom_kills, starts }, { oom_kills: before.oom_kills, starts: before.starts });
  });
}

/** Tests the engine on a full disk. It uses a table that {@link testCrashes} creates. */
export function testFullDisk(subject: MysqlSubject): void {
  const { ask } = subject;

  it('survives a full disk, and comes back once it has grown', async () => {
    const { service } = subject;
    const volume = volumeOf(service.spec.ref);
    await ask('CREATE TABLE work.filler (id INT AUTO_INCREMENT PRIMARY KEY, text LONGTEXT)');
    await service.inside(['sh', '-c', 'head -c 4G /dev/zero | tr "\\0" x >/data/filler'], { allow: 'any' });
    await waitFor('the disk to be full', async () => {
      const { status } = await subject.sql("INSERT INTO work.filler (text) VALUES (REPEAT('x', 1000000))");
      return status !== 0;
    });
    // The engine may be in any state now. While the disk is full, not even a restart helps.
    await service.inside(['sh', '-c', 'kill -9 $(cat /run/danube/engine.pid)'], { allow: 'any' });
    await service.plane.ensureVolume({ ref: volume, sizeGb: 6 });
    await subject.ready();
    await ask("INSERT INTO work.filler (text) VALUES ('fits')");
    assert.equal(await ask('SELECT GROUP_CONCAT(id) FROM work.kept'), '1,2');
  });
}
