import { mysqlFamily } from '../mysql-family/family.ts';
import { mebibytes } from '../mysql-family/options.ts';
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
};

/**
 * Half of what is left of the memory beyond 256 MB goes to the buffer pool. Those 256 MB are for the server, which
 * idles at 120 MB, and its other caches. The other half is for connections: with the buffers below, one takes up to
 * about 4 MB at work (MariaDB Knowledge Base, "MariaDB Memory Allocation"); 80 for each GB is the order of what Amazon
 * RDS allows (memory / 12 MB). A redo log of 2.5 % of the disk, at most 1 GB: enough that checkpoints do not hurry, and
 * crash recovery is short.
 */
function sizing({ memoryMb, diskGb }: PlanSize): Record<string, string> {
  const connections = Math.floor(memoryMb / 12.8);
  return {
    innodb_buffer_pool_size: mebibytes((memoryMb - 256) / 2),
    innodb_log_file_size: mebibytes(Math.min(1024, diskGb * 25.6)),
    max_connections: String(connections),
    table_open_cache: String(Math.max(400, connections * 4)),
    table_definition_cache: String(Math.max(400, connections * 2)),
    // Pages of Aria: system tables, and internal temporary tables that are on the disk.
    aria_pagecache_buffer_size: mebibytes(memoryMb / 32),
    key_buffer_size: mebibytes(8),
    // Of each session; a bigger temporary table or sort goes to the disk.
    tmp_table_size: mebibytes(memoryMb / 512),
    max_heap_table_size: mebibytes(Math.max(16, memoryMb / 128)),
    sort_buffer_size: mebibytes(1),
  };
}
