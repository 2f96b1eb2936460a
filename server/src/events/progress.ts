import type { Database } from '../db/database.ts';
import type { TeamEvents } from './store.ts';

/** Milliseconds between two looks at what is under way. */
const LOOK_EVERY = 500;
/** Milliseconds for which the end of an operation is kept, for streams that are slow. */
const KEPT = 60_000;

/** How far an operation is. */
export interface OperationProgress {
  operation_id: string;
  resource_type: string;
  resource_id: string;
  kind: string;
  state: 'running' | 'succeeded' | 'failed';
  percent: number;
  /** What it is doing now. */
  step: string | null;
}

interface Known {
  teamId: number;
  progress: OperationProgress;
  /** Counts changes, so that a stream knows what it has told. */
  change: number;
  changedAt: number;
}

/** What a stream has told of operations. */
export interface ProgressReader {
  /** What has changed since the last call, in the order of the changes. Of each operation the last state only. */
  read(wanted: TeamEvents): Promise<OperationProgress[]>;
  close(): void;
}

/**
 * What operations are doing, for any number of streams. It is in the table of operations only, and is no event: of an operation
 * that takes minutes, nobody wants to know a week later where it was when. However many streams there are, one query reads what
 * all of them want, at most twice a second, and none where nobody wants it.
 */
export class ProgressFeed {
  readonly #database: Database;
  readonly #known = new Map<string, Known>();
  /** Readers by team. */
  readonly #readers = new Map<number, number>();
  #changes = 0;
  #lookedAt = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Its first read tells of all that is under way. */
  open(teamId: number): ProgressReader {
    this.#readers.set(teamId, (this.#readers.get(teamId) ?? 0) + 1);
    // What was read before is of other teams.
    this.#lookedAt = 0;
    let told = 0;
    let isOpen = true;
    return {
      read: async ({ resourceTypes, resourceType, resourceId }) => {
        await this.#look();
        const changed = Array.from(this.#known.values())
          .filter((one) => one.teamId === teamId && one.change > told)
          .toSorted((a, b) => a.change - b.change);
        told = this.#changes;
        return changed
          .map(({ progress }) => progress)
          .filter(
            (one) =>
              resourceTypes.includes(one.resource_type) &&
              (resourceType === undefined || one.resource_type === resourceType) &&
              (resourceId === undefined || one.resource_id === resourceId),
          );
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        const left = this.#readers.get(teamId)! - 1;
        if (left > 0) this.#readers.set(teamId, left);
        else this.#readers.delete(teamId);
      },
    };
  }

  #look(): Promise<void> {
    if (Date.now() - this.#lookedAt < LOOK_EVERY) return this.#looking;
    this.#lookedAt = Date.now();
    this.#looking = this.#looking.catch(() => {}).then(() => this.#readAll());
    return this.#looking;
  }

  async #readAll(): Promise<void> {
    this.#forget();
    const teams = [...this.#readers.keys()];
    if (teams.length === 0) return;
    const running = Array.from(this.#known.values())
      .filter(({ progress }) => progress.state === 'running')
      .map(({ progress }) => progress.operation_id);
    const rows = await this.#database.db
      .selectFrom('operations')
      .select(['id as operation_id', 'team_id', 'resource_type', 'resource_id', 'kind'])
      .select(['state', 'percent', 'step'])
      .where((eb) =>
        eb.or([
          eb.and([eb('state', '=', 'running'), eb('team_id', 'in', teams)]),
          // Those that have ended since.
          ...(running.length > 0 ? [eb('id', 'in', running)] : []),
        ]),
      )
      .orderBy('seq')
      .execute();
    for (const { team_id, ...row } of rows) this.#note(team_id, row as OperationProgress);
  }

  #note(teamId: number, progress: OperationProgress): void {
    const before = this.#known.get(progress.operation_id)?.progress;
    const { state, percent, step } = progress;
    if (before?.state === state && before.percent === percent && before.step === step) return;
    this.#changes += 1;
    this.#known.set(progress.operation_id, {
      teamId,
      progress,
      change: this.#changes,
      changedAt: Date.now(),
    });
  }

  #forget(): void {
    for (const [id, { teamId, progress, changedAt }] of this.#known) {
      const isOver = progress.state !== 'running' && Date.now() - changedAt > KEPT;
      if (isOver || !this.#readers.has(teamId)) this.#known.delete(id);
    }
  }
}
