/** How PostgreSQL, in all versions, refuses a statement for lack of rights. Other errors would prove nothing. */
export const REFUSAL =
  /permission denied|must be (superuser|owner|member of role|able to SET ROLE)|superuser-only|is not allowed|is reserved|required by the database system|role "pg_\w+" does not exist|extension "\w+" is not available|invalid text search configuration file name|Peer authentication failed|pg_hba.conf rejects/;

/**
 * Attacks that the customer's account could try in a database of its own, with all the rights that it has there: SQL by
 * its goal. All versions must refuse every line.
 */
export const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  'programs of the system': [
    `COPY (SELECT 1) TO PROGRAM 'id'`,
    `CREATE TEMP TABLE t (x text); COPY t FROM PROGRAM 'id'`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/usr/lib/x86_64-linux-gnu/libc.so.6', 'system'`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_backend_pid'`,
    `CREATE LANGUAGE mine HANDLER plpgsql_call_handler`,
    `LOAD 'pg_stat_statements'`,
    `LOAD '$libdir/plugins/../pg_stat_statements'`,
    `SET session_preload_libraries = 'test_decoding'`,
    `ALTER DATABASE shop SET session_preload_libraries = 'test_decoding'`,
    `SET dynamic_library_path = '/tmp'`,
  ],
  'files of the system': [
    `CREATE TEMP TABLE t (x text); COPY t FROM '/etc/passwd'`,
    `COPY (SELECT 1) TO '/tmp/x'`,
    `SELECT pg_read_file('/etc/passwd')`,
    `SELECT pg_read_binary_file('PG_VERSION')`,
    `SELECT pg_stat_file('PG_VERSION')`,
    `SELECT pg_ls_dir('.')`,
    `SELECT lo_import('/etc/passwd')`,
    `SELECT lo_export(lo_create(0), '/tmp/x')`,
    `CREATE TABLESPACE t LOCATION '/tmp'`,
    `CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = ispell, DictFile = '../../../../../../etc/passwd', AffFile = 'x')`,
    `SELECT * FROM pg_hba_file_rules`,
    `SELECT * FROM pg_file_settings`,
  ],
  'roles that lead there': [
    ...['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'].flatMap((role) => [
      `GRANT ${role} TO danube`,
      `CREATE ROLE helper CREATEROLE IN ROLE ${role}`,
      `CREATE ROLE ${role}`,
      `CREATE ROLE helper; ALTER ROLE helper RENAME TO ${role}`,
    ]),
    `GRANT pg_create_subscription TO danube`,
  ],
  'the superuser': [
    `ALTER ROLE danube SUPERUSER`,
    `CREATE ROLE helper SUPERUSER`,
    `CREATE ROLE helper BYPASSRLS`,
    `CREATE ROLE helper REPLICATION`,
    `ALTER ROLE danube REPLICATION`,
    `GRANT danube_platform TO danube`,
    `SET ROLE danube_platform`,
    `SET SESSION AUTHORIZATION danube_platform`,
    `ALTER ROLE danube_platform PASSWORD 'mine'`,
    `ALTER ROLE danube_platform RENAME TO mine`,
    `ALTER ROLE danube_platform SET search_path = mine`,
    `ALTER ROLE ALL SET search_path = mine`,
    `DROP ROLE danube_platform`,
    `REASSIGN OWNED BY danube_platform TO danube`,
    `UPDATE pg_authid SET rolsuper = true`,
    `INSERT INTO pg_auth_members (roleid, member, grantor) VALUES (10, 'danube'::regrole, 10)`,
    `DELETE FROM pg_proc`,
    `LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE;`,
    `GRANT pg_maintain TO danube`,
    `SET allow_system_table_mods = on`,
    `CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION unknown()`,
    `CREATE EXTENSION hstore; CREATE OR REPLACE FUNCTION hstore(text, text) RETURNS hstore LANGUAGE sql AS 'SELECT NULL'`,
  ],
  'the superuser, through the engine’s own connections': [
    ...[`host '/run/postgresql'`, `host '127.0.0.1', sslmode 'require'`].map(
      (server) =>
        `CREATE EXTENSION postgres_fdw;
         CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${server}, dbname 'postgres');
         CREATE USER MAPPING FOR danube SERVER s OPTIONS (user 'danube_platform', password 'none');
         CREATE FOREIGN TABLE f (rolname text) SERVER s OPTIONS (schema_name 'pg_catalog', table_name 'pg_authid');
         SELECT * FROM f`,
    ),
    ...[`password_required 'false'`, `sslkey '/run/postgresql/tls/key.pem'`].map(
      (option) =>
        `CREATE EXTENSION postgres_fdw;
         CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/run/postgresql');
         CREATE USER MAPPING FOR danube SERVER s OPTIONS (user 'danube_platform', ${option})`,
    ),
    `CREATE SUBSCRIPTION s CONNECTION 'host=/run/postgresql user=danube_platform dbname=postgres' PUBLICATION p`,
  ],
  'extensions that lead out': [
    ...[
      'file_fdw',
      'dblink',
      'adminpack',
      'pg_walinspect',
      'pageinspect',
      'pg_surgery',
      'xml2',
      'plpython3u',
    ].map((name) => `CREATE EXTENSION ${name}`),
  ],
  'names that the platform’s own queries use': [
    `CREATE FUNCTION pg_catalog.format(text) RETURNS text LANGUAGE sql AS 'SELECT NULL'`,
    `CREATE OR REPLACE FUNCTION pg_catalog.lower(text) RETURNS text LANGUAGE sql AS 'SELECT NULL'`,
    `CREATE VIEW pg_catalog.pg_stat_all AS SELECT 1`,
    `CREATE OPERATOR pg_catalog.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = pg_catalog.texteq)`,
    `CREATE CAST (text AS int) WITHOUT FUNCTION`,
    `CREATE OPERATOR CLASS mine DEFAULT FOR TYPE int USING btree AS OPERATOR 1 <`,
    `CREATE ACCESS METHOD mine TYPE INDEX HANDLER bthandler`,
    `CREATE TRIGGER t AFTER INSERT ON pg_class FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    `CREATE RULE r AS ON INSERT TO pg_class DO INSTEAD NOTHING`,
    `CREATE INDEX ON pg_class (relname)`,
    `CREATE PUBLICATION p FOR ALL TABLES`,
    `CREATE FOREIGN DATA WRAPPER mine`,
    `CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION mine() OWNER TO danube_platform`,
    `CREATE VIEW mine AS SELECT 1; ALTER VIEW mine OWNER TO danube_platform`,
    `ALTER DATABASE shop SET session_replication_role = replica`,
    `ALTER DATABASE shop SET zero_damaged_pages = on`,
    `ALTER ROLE danube SET session_preload_libraries = 'test_decoding'`,
    `ALTER ROLE danube SET ignore_checksum_failure = on`,
  ],
  'the platform': [
    `ALTER SYSTEM SET work_mem = '1GB'`,
    `SET log_statement = 'all'`,
    `SET session_replication_role = replica`,
    `SELECT pg_reload_conf()`,
    `SELECT pg_rotate_logfile()`,
    `SELECT pg_switch_wal()`,
    `SELECT pg_promote()`,
    `SELECT pg_create_physical_replication_slot('s')`,
    `SELECT pg_create_logical_replication_slot('s', 'pgoutput')`,
    `SELECT pg_stat_reset()`,
    `DROP DATABASE postgres WITH (FORCE)`,
    `ALTER DATABASE postgres OWNER TO danube`,
    `ALTER DATABASE postgres SET search_path = mine`,
    `ALTER DATABASE postgres CONNECTION LIMIT 0`,
    `ALTER DATABASE template1 RENAME TO mine`,
    `DROP ROLE pg_monitor`,
  ],
};
