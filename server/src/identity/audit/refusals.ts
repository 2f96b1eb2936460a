import type { AuditEntry } from './record.ts';

/** For how long refusals that are alike have one entry, and one more for how often they were repeated, in milliseconds. */
const WINDOW = 60_000;
/** Most kinds of refusal that are told apart; beyond that, those of an account are all alike. */
const MAX_KINDS = 10_000;

interface Repeated {
  entry: AuditEntry;
  from: number;
  until: number;
  count: number;
  timer: NodeJS.Timeout;
}

/**
 * Keeps a program that repeats what it may not do from filling the audit log: the first refusal is an entry at once, and
 * those like it in the next minute are counted, and become one entry more. What was not written yet is lost where the process is
 * killed. Refusals are alike that have the credential, the team, the action and the error in common.
 */
export class Refusals {
  readonly #kinds = new Map<string, Repeated>();
  readonly #write: (entry: AuditEntry) => Promise<void>;
  readonly #writing = new Set<Promise<void>>();

  /** `write` never rejects. */
  constructor(write: (entry: AuditEntry) => Promise<void>) {
    this.#write = write;
  }

  /** Writes the entry, or counts it. */
  async note(entry: AuditEntry): Promise<void> {
    const kind = this.#kindOf(entry);
    const known = this.#kinds.get(kind);
    const now = Date.now();
    if (known) {
      known.count += 1;
      known.until = now;
      return;
    }
    const timer = setTimeout(() => this.#end(kind), WINDOW).unref();
    this.#kinds.set(kind, { entry, from: now, until: now, count: 0, timer });
    await this.#write(entry);
  }

  /** Writes what was counted. */
  async close(): Promise<void> {
    for (const kind of [...this.#kinds.keys()]) this.#end(kind);
    await Promise.all(this.#writing);
  }

  #end(kind: string): void {
    const { entry, from, until, count, timer } = this.#kinds.get(kind)!;
    clearTimeout(timer);
    this.#kinds.delete(kind);
    if (count === 0) return;
    const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
    const writing = this.#write({ ...entry, resource: null, after: { repeated: count, ...times } }).finally(
      () => this.#writing.delete(writing),
    );
    this.#writing.add(writing);
  }

  #kindOf({ actor: { accountId, via }, teamId, action, errorCode }: AuditEntry): string {
    if (this.#kinds.size >= MAX_KINDS) return `account ${accountId}`;
    const credential =
      via?.kind === 'token' ? via.tokenId : via?.kind === 'session' ? via.sessionId : via?.kind;
    return JSON.stringify([accountId, credential, teamId, action, errorCode]);
  }
}
