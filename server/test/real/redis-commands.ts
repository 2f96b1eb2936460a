/** Commands that lead out of the engine, break it for the platform, or reveal its secrets. Each must be refused. */
export const ATTACKS = [
  ...[
    'CONFIG SET dir /tmp',
    'CONFIG SET maxmemory 0',
    'CONFIG SET requirepass x',
    'CONFIG REWRITE',
    'CONFIG RESETSTAT',
  ],
  ...['DEBUG SLEEP 1', 'DEBUG SEGFAULT', 'DEBUG SET-ACTIVE-EXPIRE 0', 'DEBUG RELOAD'],
  ...['MODULE LIST', 'MODULE LOAD /tmp/x.so', 'MODULE LOADEX /tmp/x.so'],
  ...[
    'ACL LIST',
    'ACL USERS',
    'ACL GETUSER danube',
    'ACL SETUSER default +@all',
    'ACL SETUSER x on nopass +@all',
  ],
  ...['ACL DELUSER danube', 'ACL LOAD', 'ACL SAVE', 'ACL LOG'],
  ...['SHUTDOWN', 'SHUTDOWN NOSAVE', 'SAVE', 'FAILOVER', 'FAILOVER ABORT'],
  ...['REPLICAOF 192.0.2.1 6379', 'SLAVEOF NO ONE', 'SYNC', 'PSYNC ? -1', 'REPLCONF listening-port 1'],
  ...[
    'MIGRATE 192.0.2.1 6379 a 0 1000',
    'CLUSTER INFO',
    'CLUSTER MEET 192.0.2.1 6379',
    'RESTORE-ASKING a 0 x',
  ],
  ...['CLIENT PAUSE 100000', 'CLIENT NO-EVICT on', 'SCRIPT DEBUG yes', 'PFDEBUG GETREG a', 'PFSELFTEST'],
];

/** Commands that are allowed, but with arguments that must be refused: other accounts, and malformed payloads. */
export const MISUSES = [
  ...['AUTH danube x', 'HELLO 3 AUTH danube x', 'CLIENT TRACKING ON REDIRECT 999999'],
  ...['RESTORE none 0 x', 'RESTORE none 0 x REPLACE', 'FUNCTION RESTORE x', 'FUNCTION RESTORE x FLUSH'],
];

/** What scripts must not have access to: files, programs and native code. */
export const ESCAPES = [
  ...[
    'loadstring(string.dump(function() return 1 end))()',
    'loadstring("\\27Lua")()',
    'os.remove("/data/x")',
    'os.getenv("PATH")',
    'io.popen("id")',
    'getfenv(0)',
    'newproxy(true)',
    'rawset(_G, "x", 1)',
    'setmetatable(_G, {})',
    'rawset(getmetatable("").__index, "x", 1)',
    'print(1)',
  ],
  ...[
    'os.execute("id")',
    'io.open("/etc/passwd")',
    'require("os")',
    'dofile("/etc/passwd")',
    'loadfile("/etc/passwd")',
  ],
  ...[
    'package.loadlib("liblua5.1.so.0", "luaopen_io")',
    'debug.getinfo(1)',
    'redis.call("config", "set", "dir", "/")',
  ],
];

/** What an administrator of a cache expects to be able to do, in addition to reading and writing. */
export const ALLOWED = [
  ...[
    'INFO',
    'CLIENT LIST',
    'CLIENT KILL TYPE pubsub',
    'SLOWLOG GET',
    'SLOWLOG LEN',
    'LATENCY LATEST',
    'LATENCY RESET',
  ],
  ...[
    'MEMORY STATS',
    'MEMORY DOCTOR',
    'MEMORY PURGE',
    'SCRIPT FLUSH',
    'FUNCTION LIST',
    'PUBSUB CHANNELS',
    'KEYS *',
  ],
  ...[
    'BGREWRITEAOF',
    'CONFIG GET maxmemory-policy',
    'ACL WHOAMI',
    'ROLE',
    'LASTSAVE',
    'COMMAND COUNT',
    'DBSIZE',
  ],
  ...['SWAPDB 0 1', 'FLUSHDB', 'FLUSHALL'],
];
