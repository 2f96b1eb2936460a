import type { DataPlane } from '../contract/data-plane.ts';

export type SimVerb = {
  [Key in keyof DataPlane]: DataPlane[Key] extends (...args: never[]) => unknown ? Key : never;
}[keyof DataPlane];

/** Called around a verb with its first argument. Errors that it throws reach the verb's caller. */
export type SimHook<Verb = SimVerb> = (verb: Verb, argument: unknown) => void | Promise<void>;

/** Failures that tests inject into the simulated data plane, or into another simulation with its own verbs. */
export interface SimFaults<Verb = SimVerb> {
  /** Makes the next `times` calls (default 1) of the verb fail before they change anything. */
  failNext(verb: Verb, error: Error, times?: number): void;
  /** Makes every call of the verb fail, until `clear`. */
  failAlways(verb: Verb, error: Error): void;
  /** Registers a hook that runs before a verb changes anything. The returned function removes it. */
  before(hook: SimHook<Verb>): () => void;
  /**
   * Registers a hook that runs after a verb took effect, before its caller is told. If it throws, the answer is lost.
   */
  after(hook: SimHook<Verb>): () => void;
  /** Removes all injected failures and hooks. */
  clear(): void;
}

export interface FaultInjector<Verb = SimVerb> extends SimFaults<Verb> {
  enter(verb: Verb, argument: unknown): Promise<void>;
  leave(verb: Verb, argument: unknown): Promise<void>;
}

export function createFaults<Verb = SimVerb>(): FaultInjector<Verb> {
  const next = new Map<Verb, Error[]>();
  const always = new Map<Verb, Error>();
  const before = new Set<SimHook<Verb>>();
  const after = new Set<SimHook<Verb>>();
  const hook = (hooks: Set<SimHook<Verb>>, added: SimHook<Verb>) => {
    hooks.add(added);
    return () => void hooks.delete(added);
  };
  return {
    failNext(verb, error, times = 1) {
      const queue = next.get(verb) ?? [];
      for (let i = 0; i < times; i += 1) queue.push(error);
      next.set(verb, queue);
    },
    failAlways: (verb, error) => void always.set(verb, error),
    before: (added) => hook(before, added),
    after: (added) => hook(after, added),
    clear() {
      next.clear();
      always.clear();
      before.clear();
      after.clear();
    },
    async enter(verb, argument) {
      for (const run of before) await run(verb, argument);
      const error = next.get(verb)?.shift() ?? always.get(verb);
      if (error) throw error;
    },
    async leave(verb, argument) {
      for (const run of after) await run(verb, argument);
    },
  };
}
