import type { InstanceRef } from './refs.ts';

/** Size of a terminal, in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** What a terminal tells of, from the moment when it is opened. */
export interface TerminalEvents {
  /** Bytes that programs in the guest write. */
  output(chunk: Buffer): void;
  /** Called once. `status` is the exit status of the shell; null: the connection to it is gone. */
  ended(status: number | null): void;
}

/** A login shell of root in a server, with a terminal of its own. */
export interface Terminal {
  /** Types these bytes. Resolves when more are wanted; drops them once the terminal has ended. */
  write(data: Buffer): Promise<void>;
  resize(size: TerminalSize): void;
  /** Lets the guest wait with further output, until {@link resume}. A little may still come. */
  pause(): void;
  resume(): void;
  /** Ends the shell, and the programs that it runs in the foreground. */
  close(): void;
}

/** The one verb that is not idempotent: each call opens a shell, which ends with its connection, and changes nothing else. */
export interface Terminals {
  /**
   * Opens a shell in a running server. It ends with the process that has opened it, and with the server. Throws `invalid`
   * where the server does not run, and `not_found` where there is none.
   */
  openTerminal(ref: InstanceRef, size: TerminalSize, events: TerminalEvents): Promise<Terminal>;
}
