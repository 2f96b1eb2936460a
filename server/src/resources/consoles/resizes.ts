import type { TerminalSize } from '../../dataplane/contract/terminal.ts';

/** Milliseconds between two sizes that a terminal takes: each is a request to the engine, and a signal to what runs. */
const PAUSE = 50;

/** Passes on the sizes that a client asks for, at most twenty in a second; the last one always. */
export class Resizes {
  readonly #apply: (size: TerminalSize) => void;
  #pause: NodeJS.Timeout | null = null;
  #next: TerminalSize | null = null;

  constructor(apply: (size: TerminalSize) => void) {
    this.#apply = apply;
  }

  ask(size: TerminalSize): void {
    this.#next = size;
    if (this.#pause === null) this.#pass();
  }

  /** Forgets what is not passed on. */
  stop(): void {
    this.#next = null;
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = null;
  }

  #pass(): void {
    this.#pause = null;
    const size = this.#next;
    if (!size) return;
    this.#next = null;
    this.#pause = setTimeout(() => this.#pass(), PAUSE).unref();
    this.#apply(size);
  }
}
