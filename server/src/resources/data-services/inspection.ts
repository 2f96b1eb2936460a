import type { Database } from '../../db/database.ts';
import { type Engine, EngineError } from '../../engines/engine.ts';
import type { EngineMetrics, EngineState } from '../../providers/provider.ts';
import { statusDetails } from '../instance-status.ts';
import { type Evidence, findFindings, verdictOf } from './diagnosis.ts';
import { KINDS, type Kind } from './kinds.ts';
import { type LogQuery, readLog } from './logs.ts';
import { instanceRef, providerOf } from './settings.ts';
import type { DataService } from './store.ts';

/** Events that one answer shows. */
const MAX_EVENTS = 100;
/** Seconds that an engine gets to answer the question whether it answers. */
const PATIENCE_SECONDS = 2;

interface Dependencies {
  database: Database;
  engine: Engine;
}

/** Asks an instance that ought to run; null where it does not answer, which is a finding and no fault of ours. */
async function ask<T>(row: DataService, question: () => Promise<T>): Promise<T | null> {
  if (row.status === 'stopped' || row.status === 'pending') return null;
  try {
    return await question();
  } catch (error) {
    // An engine that is away as a whole is for the caller to know.
    if (error instanceof EngineError && error.code !== 'unreachable') return null;
    throw error;
  }
}

const askState = (engine: Engine, row: DataService) =>
  ask(row, async () => JSON.parse(await engine.control(instanceRef(row), 'state')) as EngineState);

const askMetrics = (engine: Engine, row: DataService) =>
  ask(row, async () => JSON.parse(await engine.control(instanceRef(row), 'metrics')) as EngineMetrics);

const askAnswers = async (engine: Engine, row: DataService): Promise<boolean> =>
  (await ask(row, async () => {
    await engine.waitForService(instanceRef(row), PATIENCE_SECONDS);
    return true;
  })) ?? false;

/** The engine's own log; `available` is false where the instance does not run or never did. */
export async function inspectLogs({ engine }: Dependencies, row: DataService, query: LogQuery) {
  const text = await ask(row, () => engine.control(instanceRef(row), 'logs'));
  const provider = providerOf(row);
  const page = text === null ? null : readLog(text, provider, query);
  return {
    available: page !== null,
    entries: (page?.entries ?? []).map((entry) => ({
      ...entry,
      pod: instanceRef(row).name,
      container: provider.id,
      stream: 'stderr' as const,
    })),
    cursor: page?.cursor ?? null,
    truncated: page?.truncated ?? false,
  };
}

/** What the platform did to the instance, and what it found, newest first. */
export async function inspectEvents({ database }: Dependencies, row: DataService) {
  const rows = await database.db
    .selectFrom('events')
    .select(['type', 'reason', 'message', 'created_at'])
    .where('resource_id', '=', row.id)
    .orderBy('id', 'desc')
    .limit(MAX_EVENTS)
    .execute();
  return rows.map((event) => ({
    type: event.type as 'Normal' | 'Warning',
    reason: event.reason,
    message: event.message,
    resource: `${row.kind}/${row.name}`,
    count: '1',
    first_seen: event.created_at.toISOString(),
    last_seen: event.created_at.toISOString(),
  }));
}

/** Numbers that the engine reported just now. Null: it has no such number, or `reason` says why it could not be read. */
export async function inspectMetrics({ engine }: Dependencies, row: DataService) {
  const metrics = await askMetrics(engine, row);
  const healthy = metrics !== null && (await askAnswers(engine, row));
  return { metrics, healthy, reason: metrics === null ? whyNot(row) : null, at: new Date().toISOString() };
}

const whyNot = (row: DataService): string => {
  const { noun } = KINDS[row.kind as Kind];
  return row.status === 'running'
    ? `The ${noun} does not answer. \`diagnose\` looks for the cause.`
    : `The ${noun} is ${row.status}.`;
};

/** Looks for what is wrong, and what helps. */
export async function diagnose(dependencies: Dependencies, row: DataService, comparedAt: Date | null) {
  const { engine } = dependencies;
  const kind = row.kind as Kind;
  const [state, metrics, usage, answers, events, logs] = await Promise.all([
    askState(engine, row),
    askMetrics(engine, row),
    ask(row, () => engine.describeUsage(instanceRef(row))),
    askAnswers(engine, row),
    inspectEvents(dependencies, row),
    ask(row, () => engine.control(instanceRef(row), 'logs')),
  ]);
  const { noun } = KINDS[kind];
  const evidence: Evidence = {
    row,
    noun,
    state,
    metrics,
    usage,
    answers: row.status === 'running' ? answers : null,
    now: Date.now() / 1000,
  };
  const findings = findFindings(evidence);
  return {
    verdict: verdictOf(evidence, findings),
    status: statusDetails({ ...row, type: kind, noun }, comparedAt),
    findings,
    sections: {
      events: { available: true, count: events.length, truncated: events.length === MAX_EVENTS },
      logs: { available: logs !== null, sampled_lines: logs === null ? 0 : logs.split('\n').length - 1 },
    },
  };
}
