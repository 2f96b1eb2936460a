import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineEvidence, EngineState, Provider } from '../../services/provider.ts';
import { findProvider } from '../../services/registry.ts';
import { type EngineFacts, engineFinding } from './engine-findings.ts';

const NOW = 1_800_000_000;

const WELL: EngineEvidence = {
  process: 'S',
  answers: true,
  complaint: null,
  platform_answers: true,
  platform_complaint: null,
  clients: [],
  write_complaint: null,
};

const STATE: EngineState = { up: true, starts: [NOW - 3600], last_exit: null, oom_kills: 0 };

const facts = (provider: Provider, changes: Partial<EngineFacts>): EngineFacts => ({
  noun: provider.kind,
  provider,
  username: provider.username,
  parameters: [],
  state: STATE,
  evidence: WELL,
  log: '',
  lastError: null,
  now: NOW,
  ...changes,
});

interface Case {
  engines: readonly string[];
  /** What the engines' clients print. */
  complaint: string | null;
  log?: string;
  evidence?: Partial<EngineEvidence>;
  startedSecondsAgo?: number;
  code: string;
  severity?: 'critical' | 'warning';
  summary?: RegExp;
}

const PG = ['postgresql'];
const MY = ['mysql', 'mariadb'];
const RE = ['redis', 'valkey'];
const psql = (message: string) =>
  `psql: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  ${message}`;
const PG_CLOSED =
  'psql: error: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server running?';
const MY_CLOSED = "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:3306' (111)";

/** What each engine says in a condition, as its client prints it, and what that is called. */
const CASES: readonly Case[] = [
  { engines: PG, complaint: psql('the database system is starting up'), code: 'engine_starting' },
  {
    engines: PG,
    complaint: psql('the database system is starting up'),
    startedSecondsAgo: 3,
    code: 'engine_starting',
    severity: 'warning',
  },
  {
    engines: PG,
    complaint: psql('the database system is not yet accepting connections'),
    log: '[7] LOG:  database system was not properly shut down; automatic recovery in progress',
    code: 'engine_recovering',
  },
  { engines: PG, complaint: psql('the database system is in recovery mode'), code: 'engine_recovering' },
  { engines: PG, complaint: 'PostgreSQL is in recovery.', code: 'engine_recovering' },
  {
    engines: PG,
    complaint: PG_CLOSED,
    log: 'danube: PostgreSQL was not shut down, and recovers first',
    code: 'engine_recovering',
  },
  { engines: PG, complaint: psql('the database system is shutting down'), code: 'engine_stopping' },
  {
    engines: PG,
    complaint: psql('sorry, too many clients already'),
    evidence: { clients: [{ account: 'app', address: '10.64.0.9', connections: 47 }] },
    code: 'connection_limit',
    summary: /app from 10\.64\.0\.9 \(47\)/,
  },
  {
    engines: PG,
    complaint: psql('remaining connection slots are reserved for roles with the SUPERUSER attribute'),
    code: 'connection_limit',
  },
  {
    engines: PG,
    complaint: psql('too many connections for role "danube"'),
    code: 'account_connection_limit',
    severity: 'warning',
  },
  {
    engines: PG,
    complaint: psql('password authentication failed for user "danube"'),
    code: 'password_changed',
    severity: 'warning',
  },
  {
    engines: PG,
    complaint: psql('role "danube" is not permitted to log in'),
    code: 'account_closed',
    severity: 'warning',
  },
  {
    engines: PG,
    complaint: psql('could not write init file: No space left on device'),
    code: 'disk_full',
  },
  { engines: MY, complaint: 'ERROR 1040 (HY000): Too many connections', code: 'connection_limit' },
  {
    engines: MY,
    complaint: "ERROR 1226 (42000): User 'danube' has exceeded the 'max_user_connections' resource",
    code: 'account_connection_limit',
    severity: 'warning',
  },
  {
    engines: MY,
    complaint: "ERROR 1045 (28000): Access denied for user 'danube'@'127.0.0.1' (using password: YES)",
    code: 'password_changed',
    severity: 'warning',
  },
  {
    engines: ['mysql'],
    complaint: "ERROR 3118 (HY000): Access denied for user 'danube'@'127.0.0.1'. Account is locked.",
    code: 'account_closed',
    severity: 'warning',
  },
  {
    engines: ['mariadb'],
    complaint: 'ERROR 4151 (HY000): Access denied, this account is locked',
    code: 'account_closed',
    severity: 'warning',
  },
  { engines: MY, complaint: MY_CLOSED, code: 'not_answering', summary: /accepts no connections/ },
  { engines: MY, complaint: MY_CLOSED, startedSecondsAgo: 2, code: 'engine_starting', severity: 'warning' },
  {
    engines: ['mysql'],
    complaint: MY_CLOSED,
    log: '2026-11-28T08:00:00Z 0 [System] [MY-013602] Starting crash recovery...',
    code: 'engine_recovering',
  },
  {
    engines: ['mariadb'],
    complaint: "ERROR 2002 (HY000): Can't connect to server on '127.0.0.1' (115)",
    log: '0 [Note] InnoDB: Starting crash recovery from checkpoint LSN=46846',
    code: 'engine_recovering',
  },
  {
    engines: RE,
    complaint: 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    code: 'engine_busy',
    summary: /script or function/,
  },
  { engines: RE, complaint: 'LOADING Redis is loading the dataset in memory', code: 'engine_starting' },
  // The refusal is in plain text, where the client expects TLS.
  {
    engines: RE,
    complaint: 'Could not connect to Redis at 127.0.0.1:6380: SSL_connect failed: wrong version number',
    evidence: { platform_answers: false, platform_complaint: 'ERR max number of clients reached' },
    code: 'connection_limit',
  },
  {
    engines: RE,
    complaint: 'AUTH failed: WRONGPASS invalid username-password pair.\nNOAUTH Authentication required.',
    code: 'password_changed',
    severity: 'warning',
  },
  {
    engines: RE,
    complaint: 'MISCONF Errors writing to the AOF file: No space left on device',
    code: 'disk_full',
  },
];

/** What is the same for all engines. */
const COMMON: readonly (Omit<Case, 'engines'> & { state?: Partial<EngineState> })[] = [
  { complaint: '', evidence: { process: 'T' }, code: 'engine_paused' },
  { complaint: '', evidence: { process: null }, code: 'engine_down' },
  {
    complaint: '',
    evidence: { process: 'Z' },
    state: { last_exit: 137 },
    code: 'engine_down',
    summary: /signal 9/,
  },
  {
    complaint: '',
    state: { starts: [NOW - 40, NOW - 20, NOW - 5], last_exit: 1 },
    code: 'restart_loop',
    summary: /3 times in the last 5 minutes; it last ended with status 1/,
  },
  {
    complaint: '',
    evidence: { platform_answers: false },
    code: 'not_answering',
    summary: /answers nobody: there was no answer in time/,
  },
  { complaint: 'how strange', code: 'not_answering', summary: /"how strange"/ },
  {
    complaint: null,
    evidence: { answers: true, write_complaint: "dd: writing '/data/x': Disk quota exceeded" },
    code: 'disk_full',
  },
  {
    complaint: null,
    evidence: { answers: true, write_complaint: "dd: failed to open '/data/x': Read-only file system" },
    code: 'storage_read_only',
  },
];

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'redis', 'valkey'];

describe('what evidence of an engine means', () => {
  for (const id of ENGINES) {
    const provider = findProvider(id)!;
    const cases = [...CASES.filter(({ engines }) => engines.includes(id)), ...COMMON];
    for (const [index, one] of cases.entries()) {
      it(`${id} ${index}: ${one.code}`, () => {
        const evidence = {
          ...WELL,
          answers: one.complaint === null,
          complaint: one.complaint,
          ...one.evidence,
        };
        const started = { starts: [NOW - (one.startedSecondsAgo ?? 3600)] };
        const state = { ...STATE, ...started, ...('state' in one ? one.state : {}) };
        const found = engineFinding(facts(provider, { evidence, state, log: one.log ?? '' }));
        assert.equal(found?.code, one.code, JSON.stringify(found));
        assert.equal(found.severity, one.severity ?? 'critical');
        if (one.summary) assert.match(found.summary, one.summary);
        assert.notEqual(found.remediation, null);
      });
    }

    it(`${id}: nothing, where it answers or could not be asked`, () => {
      assert.equal(engineFinding(facts(provider, {})), null);
      assert.equal(engineFinding(facts(provider, { state: null, evidence: null })), null);
    });
  }
});
