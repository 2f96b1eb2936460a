import type {
  EngineEvidence,
  EngineMetrics,
  EngineParameter,
  EngineState,
  EngineVerification,
} from '../../services/provider.ts';
import type { ControlVerb } from '../contract/compute.ts';

/** Parameters of the simulated engine in every service image: one of each type, and both ways of applying a change. */
export const PARAMETERS: readonly EngineParameter[] = [
  parameter('max_connections', {
    type: 'integer',
    default: '100',
    min: 1,
    max: 10_000,
    static: true,
    description: 'Sets the maximum number of concurrent connections.',
  }),
  parameter('work_mem', {
    type: 'integer',
    default: '4096',
    min: 64,
    max: 2_147_483_647,
    unit: 'kB',
    description: 'Sets the maximum memory to be used for query workspaces.',
  }),
  parameter('max_allowed_packet', { type: 'integer', default: '16777216', min: 1024, max: 1_073_741_824 }),
  parameter('random_page_cost', { type: 'number', default: '4', min: 0 }),
  parameter('autovacuum', { type: 'boolean', default: 'on' }),
  parameter('timezone', { type: 'string', default: 'UTC' }),
  parameter('log_statement', { type: 'enum', default: 'none', values: ['none', 'ddl', 'mod', 'all'] }),
  parameter('maxmemory-policy', {
    type: 'enum',
    default: 'noeviction',
    values: [
      'noeviction',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
    ],
  }),
];

function parameter(
  name: string,
  facts: Partial<EngineParameter> & Pick<EngineParameter, 'type'>,
): EngineParameter {
  return { name, default: null, min: null, max: null, values: null, unit: null, static: false, ...facts };
}

const METRICS: EngineMetrics = {
  memory_used_bytes: 0,
  connected_clients: 0,
  max_clients: 0,
  total_queries: 0,
  slow_queries: 0,
  keyspace_hits: 0,
  keyspace_misses: 0,
  evicted_keys: 0,
  uptime_seconds: 0,
};

const STATE: EngineState = { up: true, starts: [], last_exit: null, oom_kills: 0 };

const EVIDENCE: EngineEvidence = {
  process: 'S',
  answers: true,
  complaint: null,
  platform_answers: true,
  platform_complaint: null,
  clients: [],
  write_complaint: null,
};

const VERIFICATION: EngineVerification = { ok: true, checks: [], items: 0 };

const ANSWERS: Readonly<Record<ControlVerb, string>> = {
  reload: '',
  restart: '',
  metrics: JSON.stringify(METRICS),
  state: JSON.stringify(STATE),
  examine: JSON.stringify(EVIDENCE),
  logs: '',
  verify: JSON.stringify(VERIFICATION),
};

/** Default answers of the control program, for an idle service. */
export const controlAnswer = (verb: ControlVerb): string => ANSWERS[verb];
