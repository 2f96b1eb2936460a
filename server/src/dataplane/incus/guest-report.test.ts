import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReport } from './guest-report.ts';

const STATUS = {
  v1: {
    datasource: 'DataSourceNoCloud',
    init: { errors: [], finished: 2, start: 1 },
    'modules-config': { errors: ["('runcmd', ValueError('x'))"], finished: 3, start: 2 },
    'modules-final': { errors: [], finished: 4, start: 3 },
    stage: null as string | null,
  },
};

test('reads which ports others can reach', () => {
  const { listening, sshPorts } = readReport(
    [
      'tcp 00000000:0016',
      'tcp6 00000000000000000000000000000000:0016',
      'tcp 0100007F:1F90',
      'tcp6 00000000000000000000000001000000:1F90',
      'tcp6 0000000000000000FFFF00000100007F:1F91',
      'tcp6 000080FE000000000000000001000000:1F92',
      'tcp 0A00400A:1538',
      'tcp6 B80D0120000000000000000001000000:1538',
      'udp 3500007F:0035',
      'udp 00000000:A1B2',
      'udp6 B80D0120000000000000000001000000:0202',
      'nonsense',
      'tcp nonsense',
      'ssh 2222',
      'ssh 22',
      'ssh 99999',
    ].join('\n'),
  );
  assert.deepEqual(
    listening.map(({ protocol, port, family }) => `${protocol} ${port} ${family}`),
    ['tcp 22 null', 'tcp 5432 null', 'udp 514 ipv6', 'udp 41394 ipv4'],
  );
  assert.deepEqual(sshPorts, [2222, 22]);
});

test('reads what cloud-init does', () => {
  const of = (changes: object, ...lines: string[]) =>
    readReport([...lines, `status ${JSON.stringify({ v1: { ...STATUS.v1, ...changes } })}`].join('\n'));
  assert.deepEqual(of({}, 'module config-final_message', 'key users', 'key swap').cloudInit, {
    running: null,
    errors: ["('runcmd', ValueError('x'))"],
    keys: ['swap', 'users'],
  });
  const busy = { stage: 'init', 'modules-final': { errors: [], finished: null, start: null } };
  assert.equal(of(busy, 'module config-bootcmd').cloudInit?.running, 'config-bootcmd');
  assert.equal(of(busy).cloudInit?.running, 'init');
  assert.equal(readReport('').cloudInit, null);
  assert.deepEqual(readReport('status {"v1": {').cloudInit, { running: 'init', errors: [], keys: [] });
  assert.deepEqual(readReport('').sshPorts, [22]);
});
