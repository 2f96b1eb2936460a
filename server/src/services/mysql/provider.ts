import { mysqlFamily } from '../mysql-family/family.ts';
import { mebibytes } from '../mysql-family/options.ts';
import type { PlanSize, Provider } from '../provider.ts';

export const mysql: Provider = {
  ...mysqlFamily(import.meta.dirname),
  id: 'mysql',
  number: 2,
  name: 'MySQL',
  versions: [{ version: '9.7', suite: 'sid', packages: ['mysql-server'] }],
  sizing,
};

/**
 * Half of what is left of the memory beyond 512 MB goes to the buffer pool. Those 512 MB are for the server, of which
 * MySQL's performance schema is the largest part (9.7 idles at 190 MB beside its pools), and for connections: one takes
 * up to about 2 MB at work (MySQL Reference Manual, "How MySQL Uses Memory"); 80 for each GB is the order of what
 * Amazon RDS allows (memory / 12 MB).
 * A redo log of 2.5 % of the disk, at most 1 GB: enough that checkpoints do not hurry, and crash recovery is short.
 */
function sizing({ memoryMb, diskGb }: PlanSize): Record<string, string> {
  const connections = Math.floor(memoryMb / 12.8);
  return {
    innodb_buffer_pool_size: mebibytes((memoryMb - 512) / 2),
    innodb_redo_log_capacity: mebibytes(Math.min(1024, diskGb * 25.6)),
    innodb_log_buffer_size: mebibytes(16),
    max_connections: String(connections),
    // Up to 400 of each, the performance schema takes its smallest size.
    table_open_cache: String(Math.max(400, connections * 4)),
    table_definition_cache: String(Math.max(400, connections * 2)),
    // Internal temporary tables of all sessions together; beyond, they go to the disk.
    temptable_max_ram: mebibytes(memoryMb / 8),
    temptable_max_mmap: '0',
  };
}
