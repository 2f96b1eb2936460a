import assert from 'node:assert/strict';
import { crowded } from './crowd.ts';
import type { DiagnosisWorld, Subject } from './diagnosis-world.ts';

const ENGINES = ['cache', 'database', 'mysql'] as const;
const DATABASES = ['database', 'mysql'] as const;
const ALL = ['cache', 'database', 'mysql', 'vps'] as const;

const ENGINE = '"$(cat /run/danube/engine.pid)"';
/** Several starts within five minutes count as a loop, which would be all that is said. */
const FORGET_STARTS = ': >/run/danube/starts';
const SUPERVISOR = 'pkill -$SIGNAL -f "^/bin/sh /usr/lib/danube/supervis[e]"';

/** What an instance may get into, and what the API must say of it meanwhile. */
export interface Condition {
  name: string;
  subjects: readonly Subject[];
  /** The code of the finding; null: it is well, and must be said to be. */
  code: string | null;
  /** What its summary must name. */
  summary?: RegExp;
  /** The health that the instance is shown with, where that is more than the finding alone. */
  health?: string;
  /** Puts the instance into it for the time of `meanwhile`. */
  during(world: DiagnosisWorld, subject: Subject, meanwhile: () => Promise<void>): Promise<void>;
}

/** Runs one script before and another one after. */
const between =
  (before: string, after: string): Condition['during'] =>
  async (world, subject, meanwhile) => {
    await world.inside(subject, before);
    try {
      await meanwhile();
    } finally {
      await world.inside(subject, after);
    }
  };

/** In the order in which they are tried; the machine's end comes last, since nothing starts it again. */
export const CONDITIONS: readonly Condition[] = [
  {
    name: 'that is well',
    subjects: ALL,
    code: null,
    health: 'healthy',
    during: (_world, _subject, meanwhile) => meanwhile(),
  },
  {
    name: 'that a script without end holds',
    subjects: ['cache'],
    code: 'engine_busy',
    summary: /script/,
    health: 'unhealthy',
    async during(world, _subject, meanwhile) {
      const forever = world.redis('EVAL', 'while true do end', '0');
      await meanwhile();
      assert.equal((await world.redis('SCRIPT', 'KILL')).stdout.trim(), 'OK');
      await forever;
    },
  },
  {
    name: 'in which a query without end holds nobody up',
    subjects: DATABASES,
    code: null,
    health: 'healthy',
    async during(world, subject, meanwhile) {
      const forever = world.sql(subject as 'database', ENDLESS[subject as 'database']);
      await Promise.all([forever, meanwhile()]);
    },
  },
  {
    name: 'that works as hard as it can',
    subjects: ALL,
    code: null,
    health: 'healthy',
    during: between(
      'nohup sh -c "while :; do :; done" >/dev/null 2>&1 & echo $! >/run/hard',
      'kill $(cat /run/hard)',
    ),
  },
  {
    name: 'whose engine is paused',
    subjects: ENGINES,
    code: 'engine_paused',
    health: 'unhealthy',
    during: between(`kill -STOP ${ENGINE}`, `kill -CONT ${ENGINE}`),
  },
  {
    name: 'whose engine has ended',
    subjects: ENGINES,
    code: 'engine_down',
    health: 'unhealthy',
    // Nobody starts it again while the supervisor is paused.
    during: between(
      `${FORGET_STARTS}; SIGNAL=STOP; ${SUPERVISOR}; kill -KILL ${ENGINE}`,
      `SIGNAL=CONT; ${SUPERVISOR}`,
    ),
  },
  {
    name: 'whose engine recovers after a crash',
    subjects: ['database'],
    code: 'engine_recovering',
    health: 'progressing',
    async during(world, subject, meanwhile) {
      const rows = 'generate_series(1, 300000) n';
      await world.sql('database', `create table big as select n, repeat(md5(n::text), 20) from ${rows}`);
      // The session that recovers is caught in the middle of it; not for ever, where it is too fast.
      const caught = `-f -- 'postgres.* --singl[e]'`;
      const crash = `${FORGET_STARTS}; kill -KILL ${ENGINE}; for i in $(seq 3000); do pkill -STOP ${caught} && break; done`;
      await between(crash, `pkill -CONT ${caught}`)(world, subject, meanwhile);
    },
  },
  {
    name: 'whose connections are all taken',
    subjects: ENGINES,
    code: 'connection_limit',
    summary: /connections .*in use/,
    async during(world, subject, meanwhile) {
      await crowded(subject as 'cache', await world.login(subject), async () => {
        await meanwhile();
        // The platform has connections of its own, so that the owner can change settings all the same.
        if (subject === 'database') await world.configure(subject, { work_mem: '5MB' });
      });
    },
  },
  {
    name: 'whose password was changed with SQL',
    subjects: DATABASES,
    code: 'password_changed',
    async during(world, subject, meanwhile) {
      await world.sql(subject as 'database', NEW_PASSWORD[subject as 'database']);
      await meanwhile();
      await world.inside(subject, '/usr/lib/danube/control reload');
    },
  },
  {
    name: 'whose disk is full',
    subjects: ENGINES,
    code: 'disk_full',
    health: 'unhealthy',
    // Space that is only reserved counts as well, and takes no time. What the engine itself gives back, such as a
    // database's old log, is taken again as long as the condition lasts.
    during: between(
      'i=0; while fallocate -l 64M /data/ballast-$i; do i=$((i+1)); done; ' +
        'nohup sh -c "while :; do head -c 64M /dev/zero >>/data/ballast; sleep 0.2; done" >/dev/null 2>&1 & ' +
        'echo $! >/run/filling',
      'kill $(cat /run/filling); rm /data/ballast*; sync',
    ),
  },
  {
    name: 'whose disk is full',
    subjects: ['vps'],
    code: 'disk_nearly_full',
    during: between(
      'i=0; while fallocate -l 64M /root/ballast-$i; do i=$((i+1)); done; sync',
      'rm /root/ballast*; sync',
    ),
  },
  {
    name: 'whose SSH server has ended',
    subjects: ['vps'],
    code: 'ssh_not_answering',
    during: between('systemctl stop ssh.socket ssh', 'systemctl start ssh'),
  },
  {
    name: 'whose network card is down',
    subjects: ALL,
    code: 'network_down',
    during: between('ip link set eth0 down', 'ip link set eth0 up'),
  },
  {
    name: 'whose memory ran out',
    subjects: ALL,
    code: 'out_of_memory',
    // Reads a line that never ends.
    during: between('echo 1000 >/proc/self/oom_score_adj; tail /dev/zero', 'true'),
  },
];

const ENDLESS = { database: 'select pg_sleep(12)', mysql: 'do sleep(12)' };

/** By name: of current_user(), MariaDB takes the statement and changes nothing. */
const NEW_PASSWORD = {
  database: `alter role danube password 'another'`,
  mysql: `alter user danube identified by 'Another-1'`,
};
