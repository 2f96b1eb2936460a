/** Returns the patterns for GRANT that match a system database of the engine and have wildcards in place of letters. */
function patternsOf(name: string): string[] {
  const masks = Array.from({ length: 2 ** name.length - 1 }, (_, mask) =>
    [...name].map((letter, index) => (((mask + 1) >> index) & 1 ? '_' : letter)).join(''),
  );
  const cut = Array.from({ length: name.length + 1 }, (_, at) => [
    `${name.slice(0, at)}%`,
    `%${name.slice(at)}`,
    `${name.slice(0, at)}%${name.slice(at)}`,
    `${name.slice(0, at)}_%`,
    `%_${name.slice(at + 1)}`,
    `${name.slice(0, at)}%${name.slice(at + 1)}`,
  ]).flat();
  return [...masks, ...cut];
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replaceAll('%', '.*').replaceAll('_', '.')}$`).test(name);

/** Patterns that match `mysql` or `sys`. Nobody may be granted a right to change anything there. */
export const SYSTEM_PATTERNS: readonly string[] = [
  ...new Set(
    ['mysql', 'sys']
      .flatMap((name) => [name, ...patternsOf(name)])
      .concat('%', '%%', '_%', '%_', '%_%', '%%%%%%', 'm%y%s%q%l', '%s%y%s%', '_y%', '%\\sys'),
  ),
].filter((pattern) => ['mysql', 'sys'].some((name) => matches(pattern, name)));

/** Names and patterns of the customer's own databases, on which all rights can be granted to others. */
export const OWN_PATTERNS: readonly string[] = [
  ...[
    'shop',
    'a',
    'my',
    'mys',
    'mysq',
    'mysqlx',
    'mysqld',
    'sysdata',
    'syslog',
    'MYSQL',
    'Sys',
    'lms',
    'sms',
    'sql',
  ],
  ...[
    'my\\_shop',
    'mysql\\_backup',
    'app\\_%',
    'app%',
    'a%',
    'l%',
    '%\\_test',
    '%shop',
    'team-_',
    'x.y',
    'a b',
    'ä',
    '日本',
  ],
  ...['1', '2026', 'customer\\_of\\_%', '100\\%'],
];

/** Each statement must fail for the customer's account. */
export const ATTACKS: readonly string[] = [
  // Files.
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  "SELECT 1 INTO DUMPFILE '/data/mysql/work/x.frm'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE work.t",
  ...['general_log_file', 'slow_query_log_file'].flatMap((name) =>
    ['/tmp/x.log', '/data/mysql/work/x.frm', 'x.log'].map((file) => `SET GLOBAL ${name} = '${file}'`),
  ),
  "SET GLOBAL log_output = 'FILE'",
  "SET GLOBAL innodb_tmpdir = '/tmp'",
  "SET SESSION innodb_tmpdir = '/tmp'",
  "SET GLOBAL innodb_buffer_pool_filename = 'x'",
  'SET GLOBAL innodb_buffer_pool_dump_now = ON',
  "SET GLOBAL secure_file_priv = ''",
  // Libraries.
  "INSTALL SONAME 'ha_federatedx'",
  "INSTALL SONAME 'ha_connect'",
  "INSTALL PLUGIN disks SONAME 'disks'",
  "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'",
  "INSERT INTO mysql.plugin VALUES ('p', 'x.so')",
  "INSERT INTO mysql.func VALUES ('f', 1, 'x.so', 'function')",
  "SET GLOBAL plugin_dir = '/tmp'",
  "SET GLOBAL wsrep_provider = '/tmp/x.so'",
  "SET GLOBAL wsrep_notify_cmd = 'touch /tmp/x'",
  // Rights that the account does not have.
  ...[
    ...[
      'FILE',
      'SUPER',
      'SHUTDOWN',
      'SET USER',
      'READ_ONLY ADMIN',
      'BINLOG ADMIN',
      'FEDERATED ADMIN',
      'SELECT',
      'INSERT',
    ],
    ...[
      'REPLICATION SLAVE',
      'REPLICATION SLAVE ADMIN',
      'REPLICATION MASTER ADMIN',
      'CREATE TABLESPACE',
      'ALL',
    ],
  ].flatMap((right) => [`GRANT ${right} ON *.* TO danube@'%'`, `GRANT ${right} ON *.* TO app@'%'`]),
  // The engine's own tables.
  "UPDATE mysql.global_priv SET Priv = '{}'",
  "INSERT INTO mysql.global_priv VALUES ('%', 'x', '{}')",
  "INSERT INTO mysql.db (Host, Db, User) VALUES ('%', 'mysql', 'app')",
  'DELETE FROM mysql.user',
  "UPDATE mysql.proc SET definer = 'danube_orders@'",
  "GRANT UPDATE ON mysql.global_priv TO app@'%'",
  "GRANT UPDATE (Priv) ON mysql.global_priv TO app@'%'",
  'CREATE OR REPLACE VIEW work.accounts AS SELECT * FROM mysql.global_priv; UPDATE work.accounts SET Priv = NULL',
  'CREATE TRIGGER mysql.t BEFORE INSERT ON mysql.global_priv FOR EACH ROW SET @x = 1',
  'CREATE TABLE mysql.x (a INT)',
  'CREATE TABLE sys.x (a INT)',
  'ALTER TABLE mysql.global_priv ENGINE = InnoDB',
  'RENAME TABLE mysql.general_log TO work.general_log',
  'LOCK TABLES mysql.global_priv WRITE',
  'DROP DATABASE mysql',
  'DROP DATABASE sys',
  // Other accounts' rights, through routines, views and roles.
  ...['danube_platform@`127.0.0.1`', '`mariadb.sys`@localhost', 'danube_orders'].flatMap((definer) => [
    `CREATE DEFINER = ${definer} PROCEDURE work.r() SELECT 1`,
    `CREATE DEFINER = ${definer} EVENT work.r ON SCHEDULE EVERY 1 DAY DO SELECT 1`,
    `CREATE DEFINER = ${definer} VIEW work.r AS SELECT 1`,
  ]),
  'SET ROLE danube_orders',
  "SET DEFAULT ROLE danube_orders FOR danube@'%'",
  "GRANT danube_orders TO danube@'%'",
  'CREATE ROLE mine WITH ADMIN danube_orders',
  'CALL mysql.danube_orders()',
  "GRANT EXECUTE ON PROCEDURE mysql.danube_orders TO danube@'%'",
  'CREATE OR REPLACE PROCEDURE mysql.danube_orders() SELECT 1',
  "ALTER PROCEDURE mysql.danube_orders COMMENT 'mine'",
  'DROP PROCEDURE mysql.danube_orders',
  "GRANT PROXY ON danube_platform@`127.0.0.1` TO danube@'%'",
  "GRANT PROXY ON ''@'%' TO danube@'%'",
  // The server as a whole, and other hosts.
  'SET GLOBAL require_secure_transport = OFF',
  'SET GLOBAL max_allowed_packet = 1024',
  'SET GLOBAL event_scheduler = OFF',
  'SET GLOBAL read_only = ON',
  'SHUTDOWN',
  "CHANGE MASTER TO MASTER_HOST = '192.0.2.1'",
  "CHANGE MASTER 'other' TO MASTER_HOST = '192.0.2.1'",
  'START SLAVE',
  "SET GLOBAL replicate_do_db = 'x'",
  "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
];

/**
 * Statements about the role with the platform's rights. They must fail, even for an account that administers all
 * others.
 */
export const ON_THE_ROLE: readonly string[] = [
  "RENAME USER danube_orders@'' TO mine@'%'",
  "RENAME USER danube_orders TO mine@'%'",
  "ALTER USER danube_orders@'' IDENTIFIED BY 'mine'",
  "CREATE OR REPLACE USER danube_orders@'' IDENTIFIED BY 'mine'; SET ROLE danube_orders",
];

/** What an account that used to belong to the platform tries. */
export const AS_THE_PLATFORM: readonly string[] = [
  ...ATTACKS.filter((sql) => !/danube_orders|^START SLAVE/.test(sql)),
  "GRANT danube_orders TO app@'%'",
  'SET ROLE danube_orders',
  'DROP PROCEDURE mysql.danube_orders',
];
