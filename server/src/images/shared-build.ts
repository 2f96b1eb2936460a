import type { Progress } from '../lib/progress.ts';

/**
 * All that want one image at the same time. One of them builds it, and all hear of its progress. A build ahead of need
 * is hurried as soon as somebody waits for it.
 */
export class SharedBuild {
  readonly #listeners = new Set<Progress>();
  #members = 0;
  #waiting = 0;
  #hurry: (() => void) | null = null;

  /** Whether somebody waits for the image. */
  get urgent(): boolean {
    return this.#waiting > 0;
  }

  /** Whether nobody wants it any more. */
  get deserted(): boolean {
    return this.#members === 0;
  }

  readonly report: Progress = (message, percent) => {
    for (const listener of this.#listeners) listener(message, percent);
  };

  /** Adds one that wants it, until the returned function is called. `urgent`: it waits for the image. */
  join(progress: Progress | undefined, urgent: boolean): () => void {
    const listener: Progress = (message, percent) => progress?.(message, percent);
    this.#listeners.add(listener);
    this.#members += 1;
    if (urgent) {
      this.#waiting += 1;
      this.#hurry?.();
    }
    return () => {
      this.#listeners.delete(listener);
      this.#members -= 1;
      if (urgent) this.#waiting -= 1;
    };
  }

  /** Calls `hurry` whenever somebody begins to wait, and now if somebody does. */
  onUrgent(hurry: () => void): void {
    this.#hurry = hurry;
    if (this.urgent) hurry();
  }
}
