/** Exit statuses, by what went wrong. */
export const EXIT = { refused: 1, usage: 2, unauthenticated: 3, unavailable: 4, operation: 5 } as const;

/** A failure that the user is told in words. */
export class Failure extends Error {
  readonly exit: number;

  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

/** What was typed is not a command, or lacks something. */
export class UsageError extends Failure {
  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
