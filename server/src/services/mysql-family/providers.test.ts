import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mariadb } from '../mariadb/provider.ts';
import { mysql } from '../mysql/provider.ts';

/** The engines, each with parameters of its own that must be locked. */
const ENGINES = [
  {
    provider: mysql,
    own: 'mysqlx admin_address persisted_globals_load partial_revokes mandatory_roles group_replication_consistency',
  },
  {
    provider: mariadb,
    own: 'wsrep_provider wsrep_notify_cmd wsrep_on plugin_maturity feedback_url redirect_url extra_port aria_log_dir_path',
  },
];

for (const { provider, own } of ENGINES) {
  const isLocked = (name: string): boolean =>
    provider.locked.some((lock) => (typeof lock === 'string' ? lock === name : lock.test(name)));

  test(`${provider.name}: parameters that lead out of the engine are locked, and tuning parameters are not`, () => {
    const locked = [
      'datadir general_log_file slow_query_log_file init_file tmpdir plugin_dir secure_file_priv pid_file socket port',
      'bind_address ssl_cert ssl_key ssl_ca tls_version require_secure_transport skip_grant_tables skip_networking',
      'skip_name_resolve init_connect log_bin log_error log_output server_id read_only lower_case_table_names',
      'innodb_flush_log_at_trx_commit innodb_doublewrite innodb_data_file_path innodb_force_recovery innodb_page_size',
      'sync_binlog ft_stopword_file character_sets_dir lc_messages_dir innodb_fast_shutdown relay_log report_host',
      own,
    ];
    const open = [
      'max_connections innodb_buffer_pool_size sql_mode long_query_time slow_query_log general_log wait_timeout',
      'interactive_timeout character_set_server collation_server max_allowed_packet sort_buffer_size event_scheduler',
      'innodb_io_capacity innodb_adaptive_hash_index innodb_lock_wait_timeout innodb_file_per_table local_infile',
      'transaction_isolation table_open_cache thread_cache_size tmp_table_size group_concat_max_len join_buffer_size',
      ...Object.keys(provider.sizing({ vcpu: 1, memoryMb: 1024, diskGb: 10 })),
    ];
    const names = (lines: string[]) => lines.flatMap((line) => line.split(' '));
    assert.deepEqual(
      names(locked).filter((name) => !isLocked(name)),
      [],
    );
    assert.deepEqual(names(open).filter(isLocked), []);
  });

  test(`${provider.name}: the URI requires TLS, with any password`, () => {
    const uri = provider.uri({
      host: 'fd00::1',
      port: 3306,
      username: 'danube',
      password: 'p@ss:/?#',
      database: 'shop',
      tls: true,
    });
    assert.equal(uri, 'mysql://danube:p%40ss%3A%2F%3F%23@[fd00::1]:3306/shop?ssl-mode=REQUIRED');
    assert.equal(decodeURIComponent(new URL(uri).password), 'p@ss:/?#');
  });
}
