import type { Compute } from '../../dataplane/contract/compute.ts';
import type { Database } from '../../db/database.ts';
import { diskSection, readOnlyFinding, verdictOf } from '../../instances/diagnosis.ts';
import { eventsSection, viewEvents } from '../../instances/event-list.ts';
import { instanceRef } from '../../instances/naming.ts';
import { type Ask, createAsk } from '../../instances/single-flight.ts';
import { statusDetails } from '../../instances/status.ts';
import { volumeBytes } from '../../instances/volumes.ts';
import type { Observation } from '../../reconcilers/reconcilers.ts';
import type { EngineMetrics } from '../../services/provider.ts';
import { drillsOf } from '../snapshots/store.ts';
import { findFindings } from './diagnosis.ts';
import { engineFinding } from './engine-findings.ts';
import { EngineWitness, type Witness } from './engine-witness.ts';
import { factsOf } from './facts.ts';
import { KINDS, type Kind } from './kinds.ts';
import { type LogQuery, readLog } from './logs.ts';
import { providerOf } from './settings.ts';
import type { ManagedService } from './store.ts';

interface Dependencies {
  database: Database;
  plane: Compute;
}

/** Reads logs, metrics and state of databases and caches. */
export class Inspection {
  readonly #database: Database;
  readonly #plane: Compute;
  readonly #witness: EngineWitness;
  readonly #ask: Ask;

  constructor({ database, plane }: Dependencies) {
    this.#database = database;
    this.#plane = plane;
    this.#ask = createAsk();
    this.#witness = new EngineWitness(plane, this.#ask);
  }

  /** The engine's log. `available` is false where the instance is not running or never ran. */
  async logs(row: ManagedService, query: LogQuery) {
    const text = isAsleep(row) ? null : await this.#witness.control(row, 'logs');
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
    const found = isAsleep(row) ? null : await this.#witness.parsed<EngineMetrics>(row, 'metrics');
    const healthy = found !== null && (await this.#witness.answers(row));
    return {
      metrics: found,
      healthy,
      reason: found === null ? whyNot(row) : null,
      at: new Date().toISOString(),
    };
  }

  /** Looks for problems and remedies. `seen` as in {@link statusDetails}. */
  async diagnose(row: ManagedService, seen: Observation) {
    const kind = row.kind as Kind;
    const { noun } = KINDS[kind];
    const ref = instanceRef(row);
    const about = <T>(what: string, question: () => Promise<T>) => this.#ask(`${row.id} ${what}`, question);
    const [usage, detail, happened, drills] = await Promise.all([
      about('usage', () => this.#plane.describeUsage(ref)),
      about('power', () => this.#plane.describeInstance(ref)),
      this.events(row),
      drillsOf(this.#database.db, row.id),
    ]);
    const power = detail?.power ?? null;
    // A machine that does not run answers nothing, and a frozen one not even with an error.
    const found = power === 'running' && !isAsleep(row) ? await this.#witness.witness(row) : NOTHING;
    const engine =
      (row.status === 'running' ? readOnlyFinding(seen.writeRefusal, noun) : null) ??
      engineFinding(factsOf(row, found));
    // After the examination: each may need the one connection that is left for the platform.
    const metrics = found.state === null ? null : await this.#witness.parsed<EngineMetrics>(row, 'metrics');
    const findings = findFindings({ row, noun, power, state: found.state, metrics, usage, engine, drills });
    return {
      verdict: verdictOf(row.status, findings),
      status: statusDetails({ ...row, type: kind, noun, problem: engine }, seen),
      findings,
      sections: {
        events: eventsSection(happened),
        logs: {
          available: found.text !== null,
          sampled_lines: found.text === null ? 0 : found.text.split('\n').length - 1,
        },
        disk: diskSection(row, volumeBytes(usage)),
      },
    };
  }
}

const NOTHING: Witness = { state: null, examined: null, text: null, log: '', lastError: null };

/** Nothing runs that could be asked. */
const isAsleep = ({ status }: ManagedService): boolean => status === 'stopped' || status === 'pending';

const whyNot = (row: ManagedService): string => {
  const { noun } = KINDS[row.kind as Kind];
  return row.status === 'running'
    ? `The ${noun} does not answer. \`diagnose\` looks for the cause.`
    : row.status === 'error'
      ? `The ${noun} has a problem. \`diagnose\` says which.`
      : `The ${noun} is ${row.status}.`;
};
