import type { FastifyRequest } from 'fastify';
import type { Tx } from '../db/database.ts';
import type { AppError } from '../lib/errors.ts';
import type { PrivateRequest } from './api.ts';

/** Writes down who changed what by requests. `identity/audit/` implements it, and `app.ts` passes it in. */
export interface Auditor {
  /**
   * Does the work of a write, and writes down what it has changed, in its transaction. `details`: what it did beside that
   * to things that have no row.
   */
  record<T>(
    tx: Tx,
    request: PrivateRequest,
    work: () => Promise<T>,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<T>;
  /** Writes down that a write was refused or failed; those that are alike are counted. Never throws. */
  recordRefusal(request: FastifyRequest, error: AppError): Promise<void>;
  /** Writes down what was counted. Call it after the last request. */
  close(): Promise<void>;
}
