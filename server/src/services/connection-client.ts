/** Where a client of an engine connects to, and as whom. */
export interface ConnectionTarget {
  host: string;
  port: number;
  username: string;
  password: string;
  /** Null where the engine has no databases. */
  database: string | null;
  /** Certificates that the client trusts, PEM. */
  ca: string;
  timeoutMs: number;
}

/** What a client gets done, in this order. */
export type ConnectionStep = 'tls' | 'sign_in' | 'query';

/**
 * Connects as a customer’s client does: over TLS with a check of the certificate, with the account’s password, and asks
 * something. Calls `done` after each step, and rejects in the step that fails, with the words of the engine.
 */
export type TryConnection = (target: ConnectionTarget, done: (step: ConnectionStep) => void) => Promise<void>;
