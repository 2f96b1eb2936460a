import type { PlanLimits } from '../plan-limits.ts';
import { inBytesOrCount } from './parameters.ts';

const MIB = 1024 * 1024;

/** Parameters that are a number of things, and not of bytes. */
const COUNTS =
  /^(max_connections|max_worker_processes|max_prepared_transactions|max_(pred_)?locks_per_transaction)$/;

/**
 * - A quarter of the memory is for work that sessions do: sorts, maintenance, and the system itself.
 * - An idle connection takes 2 MiB besides shared memory (PostgreSQL 15 to 18, after a few queries; Linux counts its
 *   page tables and caches of the catalog).
 * - A lock takes up to 300 bytes of shared memory, for each connection and prepared transaction (PostgreSQL 18, 19.12).
 */
export const planLimits: PlanLimits = {
  reserved: (memory) => memory / 4,
  shared: {
    shared_buffers: 1,
    wal_buffers: 1,
    max_connections: 2 * MIB,
    max_worker_processes: MIB,
    ...Object.fromEntries(
      [
        'commit_timestamp_buffers',
        'multixact_member_buffers',
        'multixact_offset_buffers',
        'notify_buffers',
        'serializable_buffers',
        'subtransaction_buffers',
        'transaction_buffers',
      ].map((name) => [name, 1]),
    ),
    'pg_stat_statements.max': 600,
  },
  single: ({ memory, disk, amountOf }) => {
    const lockers = amountOf('max_connections') + amountOf('max_prepared_transactions');
    const locks = memory / 16 / (300 * Math.max(1, lockers));
    return {
      work_mem: memory / 4,
      maintenance_work_mem: memory / 4,
      autovacuum_work_mem: memory / 4,
      logical_decoding_work_mem: memory / 4,
      temp_buffers: memory / 4,
      max_prepared_transactions: memory / MIB,
      max_locks_per_transaction: locks,
      max_pred_locks_per_transaction: locks,
      max_wal_size: disk / 2,
      min_wal_size: disk / 4,
      wal_keep_size: disk / 4,
    };
  },
  numberOf: (value, parameter) => inBytesOrCount(value, parameter.unit),
  written: (number, name) =>
    COUNTS.test(name) || name.startsWith('pg_stat')
      ? String(number)
      : number >= MIB
        ? `${Math.floor(number / MIB)}MB`
        : `${Math.floor(number / 1024)}kB`,
};
