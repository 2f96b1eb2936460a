import { AsyncLocalStorage } from 'node:async_hooks';

/** Thrown in place of a change by work that has been given to another worker. */
export class FencedOff extends Error {
  constructor() {
    super('Another worker does this work now.');
    this.name = 'FencedOff';
  }
}

const fences = new AsyncLocalStorage<() => Promise<void>>();

/**
 * Runs work that asks `check` before each change outside the database, and those fences that it is behind already. It throws
 * {@link FencedOff} where none may follow.
 */
export function behindFence<T>(check: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const outer = fences.getStore();
  const both = async (): Promise<void> => {
    await check();
    await outer?.();
  };
  return fences.run(both, work);
}

/** To be awaited before each change outside the database. Anybody but a worker passes. */
export const passFence = async (): Promise<void> => fences.getStore()?.();
