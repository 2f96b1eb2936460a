import { mysqlFamily } from '../mysql-family/family.ts';
import { mebibytes } from '../mysql-family/options.ts';
import { planLimits } from '../mysql-family/plan-limits.ts';
import type { PlanSize, Provider } from '../provider.ts';

export const mysql: Provider = {
  ...mysqlFamily(import.meta.dirname),
  id: 'mysql',
  number: 2,
  name: 'MySQL',
  versions: [{ version: '9.7', suite: 'sid', packages: ['mysql-server'] }],
  sizing,
  planLimits: planLimits(240 * 1024 * 1024),
};

/**
 * The buffer pool gets half of the memory beyond 512 MB, which are for the server, of which MySQL's performance schema
 * is the largest part (9.7 idles at 190 MB besides its pools), and for connections: an active one takes up to about 2
 * MB (MySQL Reference Manual, "How MySQL Uses Memory"). 80 connections per GB are about what Amazon RDS allows (memory
 * / 12 MB). The redo log has 2.5 % of the disk, at most 1 GB: enough for unhurried checkpoints and a short crash
 * recovery.
 */
function sizing({ memoryMb, diskGb }: PlanSize): Record<string, string> {
  const connections = Math.floor(memoryMb / 12.8);
  return {
    innodb_buffer_pool_size: mebibytes((memoryMb - 512) / 2),
    innodb_redo_log_capacity: mebibytes(Math.min(1024, diskGb * 25.6)),
    innodb_log_buffer_size: mebibytes(16),
    max_connections: String(connections),
    // Up to 400 of each, the performance schema uses its smallest size.
    table_open_cache: String(Math.max(400, connections * 4)),
    table_definition_cache: String(Math.max(400, connections * 2)),
    // Internal temporary tables of all sessions together; larger ones go to disk.
    temptable_max_ram: mebibytes(memoryMb / 8),
    temptable_max_mmap: '0',
  };
}
