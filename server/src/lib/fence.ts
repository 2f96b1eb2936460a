import { AsyncLocalStorage } from 'node:async_hooks';

/** Thrown in place of a change by work that has been given to another worker. */
export class FencedOff extends Error {
  constructor() {
    super('Another worker does this work now.');
    this.name = 'FencedOff';
  }
}

const fences = new AsyncLocalStorage<() => Promise<void>>();

/** Runs work that asks `check` before each change outside the database. It throws {@link FencedOff} where none may follow. */
export const behindFence = <T>(check: () => Promise<void>, work: () => Promise<T>): Promise<T> =>
  fences.run(check, work);

/** To be awaited before each change outside the database. Anybody but a worker passes. */
export const passFence = async (): Promise<void> => fences.getStore()?.();
