import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exceedingPlan } from './plan-limits.ts';
import type { EngineParameter, PlanSize } from './provider.ts';
import { PROVIDERS } from './registry.ts';

const PLANS: Record<string, PlanSize> = {
  micro: { vcpu: 1, memoryMb: 1024, diskGb: 10 },
  small: { vcpu: 1, memoryMb: 2048, diskGb: 20 },
  medium: { vcpu: 2, memoryMb: 4096, diskGb: 50 },
  large: { vcpu: 4, memoryMb: 8192, diskGb: 100 },
};

const parameter = (name: string, changes: Partial<EngineParameter> = {}): EngineParameter => ({
  ...{ name, type: 'integer', default: null, min: null, max: null, values: null, unit: null, static: false },
  ...changes,
});

/** As the engines list them. */
const KNOWN: Record<string, EngineParameter[]> = {
  postgresql: [
    parameter('shared_buffers', { unit: '8kB', default: '16384' }),
    parameter('wal_buffers', { unit: '8kB', default: '-1' }),
    parameter('work_mem', { unit: 'kB', default: '4096' }),
    parameter('max_wal_size', { unit: 'MB', default: '1024' }),
    parameter('max_connections', { default: '100' }),
    parameter('max_worker_processes', { default: '8' }),
    parameter('max_locks_per_transaction', { default: '64' }),
  ],
  mysql: [parameter('innodb_log_buffer_size', { default: '67108864' })],
  mariadb: [parameter('innodb_log_buffer_size', { default: '16777216' })],
};

const refused = (id: string, plan: string, set: Record<string, string>): string[] => {
  const provider = PROVIDERS.find((candidate) => candidate.id === id)!;
  return exceedingPlan(provider, KNOWN[id]!, set, { plan, ...PLANS[plan]! });
};

describe('what parameters may take of a plan', () => {
  it('has room for what the plan itself sets', () => {
    for (const id of Object.keys(KNOWN)) {
      const provider = PROVIDERS.find((candidate) => candidate.id === id)!;
      for (const [plan, size] of Object.entries(PLANS)) {
        assert.deepEqual(refused(id, plan, provider.sizing(size)), [], `${id} ${plan}`);
      }
    }
  });

  it('is named with the most that the plan allows', () => {
    const on = 'on the plan micro with 1024 MB of memory and 10 GB of storage.';
    const most = (id: string, set: Record<string, string>) => refused(id, 'micro', set)[0] ?? '';
    const greater = (name: string, limit: string) =>
      `The parameter ${name} must not be greater than ${limit} ${on}`;
    assert.equal(most('postgresql', { shared_buffers: '8GB' }), greater('shared_buffers', '660MB'));
    assert.equal(most('postgresql', { shared_buffers: '1048576' }), greater('shared_buffers', '660MB'));
    assert.equal(most('postgresql', { max_connections: '5000' }), greater('max_connections', '252'));
    assert.equal(most('postgresql', { work_mem: '1GB' }), greater('work_mem', '256MB'));
    assert.equal(most('postgresql', { max_wal_size: '9GB' }), greater('max_wal_size', '5120MB'));
    assert.match(
      most('postgresql', { max_locks_per_transaction: '100000' }),
      /must not be greater than 4473 /,
    );
    assert.match(most('mysql', { innodb_buffer_pool_size: '3G' }), /must not be greater than 516M /);
    assert.match(most('mariadb', { innodb_buffer_pool_size: '3G' }), /must not be greater than \d+M /);
    assert.match(most('mysql', { max_allowed_packet: '256M' }), /must not be greater than 64M /);
    assert.match(most('mysql', { max_connections: '5000' }), /must not be greater than \d+ on/);
    assert.match(most('mysql', { innodb_redo_log_capacity: '8G' }), /must not be greater than 2560M /);
  });

  it('reads numbers as the engine does', () => {
    for (const number of ['+5000', '1T', '1e5']) {
      assert.match(refused('mysql', 'micro', { max_connections: number })[0] ?? '', /not be greater/, number);
      assert.match(
        refused('mariadb', 'micro', { max_connections: number })[0] ?? '',
        /not be greater/,
        number,
      );
    }
    const giant = `${'9'.repeat(400)}G`;
    assert.match(refused('mysql', 'micro', { innodb_buffer_pool_size: giant })[0] ?? '', /not be greater/);
    assert.match(refused('postgresql', 'micro', { shared_buffers: `${giant}B` })[0] ?? '', /not be greater/);
  });

  it('counts all of them together, and grows with the plan', () => {
    assert.deepEqual(refused('postgresql', 'micro', { shared_buffers: '512MB' }), []);
    assert.deepEqual(refused('postgresql', 'micro', { max_connections: '200' }), []);
    const both = { shared_buffers: '512MB', max_connections: '200' };
    assert.equal(refused('postgresql', 'micro', both).length, 2);
    assert.deepEqual(refused('postgresql', 'small', both), []);
    const none = refused('postgresql', 'micro', { shared_buffers: '2GB', max_connections: '5000' });
    assert.match(none[0]!, /leave no room for shared_buffers/);
  });
});
