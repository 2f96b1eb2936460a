import { mysqlFamily } from '../mysql-family/family.ts';
import { mebibytes } from '../mysql-family/options.ts';
import { planLimits } from '../mysql-family/plan-limits.ts';
import type { PlanSize, Provider } from '../provider.ts';

export const mariadb: Provider = {
  ...mysqlFamily(import.meta.dirname),
  id: 'mariadb',
  number: 3,
  name: 'MariaDB',
  versions: [
    { version: '11.8', suite: 'trixie', packages: ['mariadb-server'] },
    { version: '10.11', suite: 'bookworm', packages: ['mariadb-server'] },
  ],
  sizing,
  planLimits: planLimits(180 * 1024 * 1024),
};

/**
 * The buffer pool gets half of the memory beyond 256 MB, which are for the server (120 MB when idle) and its other
 * caches. The other half is for connections: with the buffers below, an active one takes up to about 4 MB (MariaDB
 * Knowledge Base, "MariaDB Memory Allocation"). 80 connections per GB are about what Amazon RDS allows (memory / 12
 * MB). The redo log has 2.5 % of the disk, at most 1 GB: enough for unhurried checkpoints and a short crash recovery.
 */
function sizing({ memoryMb, diskGb }: PlanSize): Record<string, string> {
  const connections = Math.floor(memoryMb / 12.8);
  return {
    innodb_buffer_pool_size: mebibytes((memoryMb - 256) / 2),
    innodb_log_file_size: mebibytes(Math.min(1024, diskGb * 25.6)),
    max_connections: String(connections),
    table_open_cache: String(Math.max(400, connections * 4)),
    table_definition_cache: String(Math.max(400, connections * 2)),
    // Page cache of Aria: system tables, and internal temporary tables on disk.
    aria_pagecache_buffer_size: mebibytes(memoryMb / 32),
    key_buffer_size: mebibytes(8),
    // Per session; larger temporary tables and sorts go to disk.
    tmp_table_size: mebibytes(memoryMb / 512),
    max_heap_table_size: mebibytes(Math.max(16, memoryMb / 128)),
    sort_buffer_size: mebibytes(1),
  };
}
