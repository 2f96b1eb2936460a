import type { PlanLimits } from '../plan-limits.ts';

const MIB = 1024 * 1024;
/** Powers of 1024. Both engines look only at the first letter behind the number, so `1e5` is an exabyte. */
const POWERS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** Buffers that a session or a statement takes at once, of which several sessions may hold several each. */
const BUFFERS = [
  'bulk_insert_buffer_size',
  'join_buffer_size',
  'join_buffer_space_limit',
  'max_allowed_packet',
  'mrr_buffer_size',
  'optimizer_trace_max_mem_size',
  'parser_max_mem_size',
  'preload_buffer_size',
  'query_alloc_block_size',
  'query_prealloc_size',
  'range_alloc_block_size',
  'read_buffer_size',
  'read_rnd_buffer_size',
  'set_operations_buffer_size',
  'sort_buffer_size',
  'transaction_alloc_block_size',
  'transaction_prealloc_size',
];

/**
 * The limits of MySQL and MariaDB. `server`: bytes that the server takes besides its pools.
 *
 * - An idle connection takes 0.5 to 1 MB (stack, network buffers, and the session's own memory).
 * - A statement with a value as large as `max_allowed_packet` holds about four copies of it: packet, text, row, log.
 */
export const planLimits = (server: number): PlanLimits => ({
  reserved: () => server,
  shared: {
    // With its descriptors, which take about a twelfth.
    innodb_buffer_pool_size: 13 / 12,
    innodb_log_buffer_size: 1,
    key_buffer_size: 1,
    aria_pagecache_buffer_size: 1,
    query_cache_size: 1,
    temptable_max_ram: 1,
    max_connections: MIB,
  },
  single: ({ memory, disk }) => ({
    ...Object.fromEntries(BUFFERS.map((name) => [name, memory / 16])),
    tmp_table_size: memory / 8,
    max_heap_table_size: memory / 8,
    myisam_sort_buffer_size: memory / 8,
    aria_sort_buffer_size: memory / 2,
    innodb_ft_cache_size: memory / 16,
    innodb_ft_total_cache_size: memory / 8,
    // A cached table takes some kilobytes, a cached definition more.
    table_open_cache: memory / (32 * 1024),
    table_definition_cache: memory / (64 * 1024),
    tablespace_definition_cache: memory / (64 * 1024),
    stored_program_cache: memory / (64 * 1024),
    thread_cache_size: memory / MIB,
    innodb_redo_log_capacity: disk / 4,
    innodb_log_file_size: disk / 4,
    innodb_online_alter_log_max_size: disk / 4,
    temptable_max_mmap: disk / 4,
  }),
  numberOf(value) {
    const [, digits, unit = ''] = /^\+?(\d+)([KMGTPE]?)/i.exec(value) ?? [];
    return digits === undefined ? null : Number(digits) * 1024 ** POWERS.indexOf(unit.toUpperCase());
  },
  written: (number, name) =>
    /(connections|cache|cache_size)$/.test(name) && !/^(innodb_ft|query)/.test(name)
      ? String(number)
      : number >= MIB
        ? `${Math.floor(number / MIB)}M`
        : `${Math.floor(number / 1024)}K`,
});
