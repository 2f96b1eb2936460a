import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { createFaults, type FaultInjector } from '../../dataplane/sim/faults.ts';
import { type Journal, restoreJournal } from '../../dataplane/sim/journal.ts';
import type { BucketRef, ObjectStore, RequestRecord } from '../contract.ts';
import type { SimStoreOptions } from './object-store.ts';
import { type Change, type SimBucket, World } from './world.ts';

export type StoreVerb = {
  [Key in keyof ObjectStore]: ObjectStore[Key] extends (...args: never[]) => unknown ? Key : never;
}[keyof ObjectStore];

/** What the verbs of all subjects share: the world, how it changes, and the injected latency and failures. */
export class StoreCore {
  readonly world = new World();
  readonly faults: FaultInjector<StoreVerb> = createFaults<StoreVerb>();
  readonly requests: RequestRecord[] = [];
  /** False: only the hourly sums of requests are kept, as by a store without a log of them. */
  keepsRequests = true;
  latencyMs: number;
  readonly #journal: Journal<Change> | null;

  constructor({ latencyMs, ...kept }: SimStoreOptions) {
    this.latencyMs = latencyMs;
    this.#journal = restoreJournal(kept, this.world);
  }

  /** Runs a verb's work, with the delay, failures and hooks that tests inject. */
  async verb<T>(verb: StoreVerb, argument: unknown, work: () => T): Promise<T> {
    await this.faults.enter(verb, argument);
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    if (verb !== 'ensureReady' && !this.world.isReady) {
      throw new DataPlaneError('unreachable', 'The object store has not been made yet.');
    }
    const result = work();
    await this.faults.leave(verb, argument);
    return result;
  }

  /** Journals the change before applying it, so that a process killed in between replays it at its next start. */
  change(change: Change): void {
    this.#journal?.append(change);
    this.world.apply(change);
  }

  bucketOf({ teamId, name }: BucketRef): SimBucket | undefined {
    const bucket = this.world.buckets.get(name);
    return bucket?.ref.teamId === teamId ? bucket : undefined;
  }

  needTeam(teamId: number): void {
    if (this.world.teams.has(teamId)) return;
    throw new DataPlaneError('not_found', `Team ${teamId} has no account in the object store.`);
  }

  close(): void {
    this.#journal?.close();
  }
}
