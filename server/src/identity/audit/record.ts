import { sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import type { Credential } from '../../http/principal.ts';

/** Who does something. */
export interface Actor {
  /** Null: nobody has signed in, or it is Danube itself. */
  accountId: number | null;
  /** What the account is known by; `host` is the command line of the host. Null: nothing. */
  via: Credential | { kind: 'host' } | null;
  /** Where the request comes from; null where there is none. */
  address: string | null;
}

/** What the audit log says of one thing that was done, or tried. */
export interface AuditEntry {
  actor: Actor;
  /** The team whose admins may read it; null: only the operator. */
  teamId: number | null;
  /** The operation's id in the OpenAPI document, such as `updateVps`, or a word like it. */
  action: string;
  /** What it was done to. */
  resource?: { type: string; id: string } | null;
  /** The members that were changed, before and after. No secrets. */
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
  /** `done` by default. `failed`: by a fault of Danube. */
  outcome?: 'done' | 'refused' | 'failed';
  /** Code of the error, where it was not done. */
  errorCode?: string | null;
  requestId?: string | null;
}

/**
 * Writes an entry of the audit log, in the transaction that does what it tells of. It waits for nobody: its place in the
 * chain comes later, see `chain.ts`.
 */
export async function recordAudit(db: Queryable, entry: AuditEntry): Promise<void> {
  const { actor, resource, outcome = 'done' } = entry;
  await db
    .insertInto('audit_entries')
    .values({
      team_id: entry.teamId,
      account_id: actor.accountId,
      account_email: sql<string>`(select email from users where id = ${actor.accountId})`,
      credential: actor.via?.kind ?? null,
      credential_id: idOf(actor.via),
      address: actor.address?.replace(/%.*$/, '') ?? null,
      request_id: entry.requestId ?? null,
      action: entry.action,
      resource_type: resource?.type ?? null,
      resource_id: resource?.id ?? null,
      outcome,
      error_code: entry.errorCode ?? null,
      before: asJson(entry.before),
      after: asJson(entry.after),
    })
    .execute();
}

function idOf(via: Actor['via']): string | null {
  if (via?.kind === 'token') return String(via.tokenId);
  return via?.kind === 'session' ? via.sessionId : null;
}

const asJson = (value: Record<string, unknown> | null | undefined): string | null =>
  value ? JSON.stringify(value) : null;
