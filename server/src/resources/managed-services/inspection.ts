import type { Compute, ControlVerb } from '../../dataplane/contract/compute.ts';
import type { Database } from '../../db/database.ts';
import { diskSection, verdictOf } from '../../instances/diagnosis.ts';
import { eventsSection, viewEvents } from '../../instances/event-list.ts';
import { instanceRef } from '../../instances/naming.ts';
import { type Ask, createAsk } from '../../instances/single-flight.ts';
import { statusDetails } from '../../instances/status.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import type { EngineMetrics, EngineState } from '../../services/provider.ts';
import { drillsOf } from '../snapshots/store.ts';
import { type Evidence, findFindings } from './diagnosis.ts';
import { KINDS, type Kind } from './kinds.ts';
import { type LogQuery, readLog } from './logs.ts';
import { providerOf } from './settings.ts';
import type { ManagedService } from './store.ts';

const LAST_ERROR: LogQuery = { since: null, until: null, cursor: null, level: 'error', limit: 1 };
/** Seconds to wait for an engine's answer to a probe. */
const PROBE_SECONDS = 2;

interface Dependencies {
  database: Database;
  plane: Compute;
}

/** Reads logs, metrics and state of databases and caches. */
export class Inspection {
  readonly #database: Database;
  readonly #plane: Compute;
  readonly #askAnyone: Ask;

  constructor({ database, plane }: Dependencies) {
    const askAnyone = createAsk();
    this.#database = database;
    this.#plane = plane;
    this.#askAnyone = askAnyone;
  }

  /** Queries an instance that should be running. */
  async #ask<T>(row: ManagedService, about: string, question: () => Promise<T>): Promise<T | null> {
    return row.status === 'stopped' || row.status === 'pending'
      ? null
      : this.#askAnyone(`${row.id} ${about}`, question);
  }

  #control(row: ManagedService, verb: ControlVerb): Promise<string | null> {
    return this.#ask(row, verb, () => this.#plane.control(instanceRef(row), verb));
  }

  async #parsed<T>(text: Promise<string | null>): Promise<T | null> {
    const known = await text;
    return known === null ? null : (JSON.parse(known) as T);
  }

  #state(row: ManagedService) {
    return this.#parsed<EngineState>(this.#control(row, 'state'));
  }

  #engineMetrics(row: ManagedService) {
    return this.#parsed<EngineMetrics>(this.#control(row, 'metrics'));
  }

  async #answers(row: ManagedService): Promise<boolean> {
    return (
      (await this.#ask(row, 'ready', async () => {
        await this.#plane.waitForService(instanceRef(row), PROBE_SECONDS);
        return true;
      })) ?? false
    );
  }

  /** The engine's log. `available` is false where the instance is not running or never ran. */
  async logs(row: ManagedService, query: LogQuery) {
    const text = await this.#control(row, 'logs');
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

  events(row: ManagedService) {
    return viewEvents(this.#database.db, row.id, `${row.kind}/${row.name}`);
  }

  /**
   * Current metrics of the engine. A null value: the engine does not have it, or `reason` says why it could not be
   * read.
   */
  async metrics(row: ManagedService) {
    const found = await this.#engineMetrics(row);
    const healthy = found !== null && (await this.#answers(row));
    return {
      metrics: found,
      healthy,
      reason: found === null ? whyNot(row) : null,
      at: new Date().toISOString(),
    };
  }

  /** Looks for problems and remedies. `comparedAt` as in {@link statusDetails}. */
  async diagnose(row: ManagedService, comparedAt: Date | null) {
    const kind = row.kind as Kind;
    const { noun } = KINDS[kind];
    const [found, numbers, usage, answered, happened, log, drills] = await Promise.all([
      this.#state(row),
      this.#engineMetrics(row),
      this.#ask(row, 'usage', () => this.#plane.describeUsage(instanceRef(row))),
      this.#answers(row),
      this.events(row),
      this.#control(row, 'logs'),
      drillsOf(this.#database.db, row.id),
    ]);
    const lastErrors = log === null ? [] : readLog(log, providerOf(row), LAST_ERROR).entries;
    const evidence: Evidence = {
      row,
      noun,
      state: found,
      metrics: numbers,
      usage,
      answers: row.status === 'running' ? answered : null,
      lastError: lastErrors[0]?.message ?? null,
      drills,
      now: Date.now() / 1000,
    };
    const findings = findFindings(evidence);
    return {
      verdict: verdictOf(row.status, findings),
      status: statusDetails({ ...row, type: kind, noun }, comparedAt),
      findings,
      sections: {
        events: eventsSection(happened),
        logs: { available: log !== null, sampled_lines: log === null ? 0 : log.split('\n').length - 1 },
        disk: diskSection(row, volumeBytes(usage)),
      },
    };
  }
}

const whyNot = (row: ManagedService): string => {
  const { noun } = KINDS[row.kind as Kind];
  return row.status === 'running'
    ? `The ${noun} does not answer. \`diagnose\` looks for the cause.`
    : row.status === 'error'
      ? `The ${noun} has a problem. \`diagnose\` says which.`
      : `The ${noun} is ${row.status}.`;
};
