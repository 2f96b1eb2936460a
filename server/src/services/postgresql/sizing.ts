import type { PlanSize } from '../provider.ts';

/**
 * Parameters that follow the plan. An instance runs nothing but PostgreSQL.
 *
 * - `shared_buffers`: "a reasonable starting value … is 25% of the memory in your system" (PostgreSQL 18, 19.4.1).
 * - `effective_cache_size`: "1/2 of total memory would be a normal conservative setting, and 3/4 of memory is a more
 *   aggressive but still reasonable amount" (PostgreSQL wiki, Tuning Your PostgreSQL Server).
 * - `max_connections`: 50 per GB, which leaves about 5 MB for a connection with one sort.
 * - `work_mem`, `maintenance_work_mem` and the parallel workers: the formulas of PGTune (github.com/le0pard/pgtune),
 *   which assumes three work memory areas per connection.
 * - `max_wal_size`: a tenth of the disk, between the default of 1 GB and PGTune's 4 GB for web applications.
 * - `temp_file_limit`: a fifth of the disk per session, so that one query cannot fill it.
 */
export function sizing({ vcpu, memoryMb, diskGb }: PlanSize): Record<string, string> {
  const sharedMb = Math.floor(memoryMb / 4);
  const connections = Math.max(20, Math.floor((memoryMb * 50) / 1024));
  const gathering = String(Math.floor(vcpu / 2));
  return {
    shared_buffers: `${sharedMb}MB`,
    effective_cache_size: `${Math.floor((memoryMb * 3) / 4)}MB`,
    max_connections: String(connections),
    work_mem: `${Math.floor(((memoryMb - sharedMb) * 1024) / (connections * 3))}kB`,
    maintenance_work_mem: `${Math.floor(memoryMb / 16)}MB`,
    max_parallel_workers: String(vcpu),
    max_parallel_workers_per_gather: gathering,
    max_parallel_maintenance_workers: gathering,
    max_wal_size: `${Math.min(4096, Math.max(1024, Math.floor((diskGb * 1024) / 10)))}MB`,
    temp_file_limit: `${Math.floor((diskGb * 1024) / 5)}MB`,
  };
}
