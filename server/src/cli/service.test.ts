import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { unitName, unitText } from './service.ts';

const unit = unitText({
  home: '/var/lib/danube',
  checkout: '/opt/danube cloud',
  node: '/usr/bin/node',
  environment: { DANUBE_HOME: '/var/lib/danube', DATABASE_URL: 'postgres://u:a%$"b@h/db' },
});

test('the unit restarts the server, leaves instances running, and quotes as systemd expects', () => {
  assert.match(unit, /^Restart=always$/m);
  assert.match(unit, /^KillMode=process$/m);
  assert.match(unit, /^Delegate=yes$/m);
  assert.match(unit, /^ExecStart=\/usr\/bin\/node "\/opt\/danube cloud\/bin\/danube.mjs" start$/m);
  assert.match(unit, /^Environment="DATABASE_URL=postgres:\/\/u:a%%\$\\"b@h\/db"$/m);
});

test('systemd-analyze accepts the unit', async (context) => {
  if (spawnSync('systemd-analyze', ['--version']).error)
    return context.skip('systemd-analyze is not installed');
  const folder = await mkdtemp('/tmp/danube-test-unit-');
  try {
    const file = path.join(folder, 'danube.service');
    await writeFile(file, unit.replace('WorkingDirectory=/opt/danube cloud', 'WorkingDirectory=/tmp'));
    const result = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    assert.doesNotMatch(result.stderr, /danube\.service/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('each install has its own unit', () => {
  assert.equal(unitName('/var/lib/danube'), 'danube.service');
  assert.match(unitName('/srv/second'), /^danube-[0-9a-f]{6}\.service$/);
});
