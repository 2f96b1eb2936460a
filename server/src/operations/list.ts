import { sql } from 'kysely';
import type { Queryable } from '../db/database.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../http/listing.ts';
import { assertScope, type TeamPrincipal } from '../http/principal.ts';
import { isScope, readableTypes, readScopeOf } from '../http/scopes.ts';
import type { OperationRow } from './view.ts';

/** What a list of operations may be narrowed by, besides pages. */
export interface OperationsWanted extends ListWanted {
  resource_type?: string;
  resource_id?: string;
}

const LISTING: Listing = {
  id: { column: 'id', form: 'uuid' },
  created: { value: sql.ref('seq'), form: 'number' },
  name: 'kind',
  filters: {
    resource_type: { column: 'resource_type', form: 'text' },
    resource_id: { column: 'resource_id', form: 'uuid' },
  },
};

/** For the customer, waiting for a worker is the same as waiting for another operation. */
const STATES: Record<string, readonly string[]> = { queued: ['queued', 'pending'] };

/**
 * Reads a page of the team's operations on resources that the principal may read. Throws `missing_scope` where it asks
 * for those of a type that it may not.
 */
export function listOperations(
  db: Queryable,
  principal: TeamPrincipal,
  { status, ...wanted }: OperationsWanted,
): Promise<Listed<OperationRow>> {
  const scope = wanted.resource_type === undefined ? null : readScopeOf(wanted.resource_type);
  if (scope !== null && isScope(scope)) assertScope(principal, scope);
  const operations = db
    .selectFrom('operations')
    .selectAll()
    .where('team_id', '=', principal.team.id)
    .where(sql<boolean>`resource_type = any(${readableTypes(principal.scopes)})`)
    .$if(status !== undefined, (all) => all.where('state', 'in', STATES[status!] ?? [status!]));
  return readPage(operations, LISTING, wanted);
}
