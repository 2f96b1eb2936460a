import { Readable } from 'node:stream';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { placeEntries } from './chain.ts';
import { exportEntries, listEntries } from './read.ts';
import { AuditExportQuery, AuditLines, AuditList, AuditQuery } from './schema.ts';

const tags = ['Audit'];

export const JSON_LINES = 'application/x-ndjson';

/** Routes for the audit log of a team. */
export function auditRoutes(
  api: Api,
  { database, secrets }: { database: Database; secrets: SecretBox },
): void {
  api.get(
    '/audit',
    {
      schema: {
        operationId: 'listAuditEntries',
        summary: 'List the audit log',
        description:
          'Lists who changed what in the team, and what was refused, newest first. `name` is that of an action. Entries are ' +
          'never changed or deleted.',
        tags,
        querystring: AuditQuery,
        response: { 200: AuditList },
      },
      config: { scope: 'audit:read' },
    },
    async ({ principal, query }) => {
      await placeEntries(database, secrets);
      return listEntries(database.db, { teamId: principal.team.id }, query as AuditQuery);
    },
  );
  api.get(
    '/audit/export',
    {
      schema: {
        operationId: 'exportAuditEntries',
        summary: 'Export the audit log',
        description: 'The whole audit log of the team, oldest first: one entry as JSON on each line.',
        tags,
        querystring: AuditExportQuery,
        response: { 200: AuditLines },
      },
      config: { scope: 'audit:read', mediaType: JSON_LINES },
    },
    async ({ principal, query }, reply) => {
      await placeEntries(database, secrets);
      const lines = exportEntries(database.db, { teamId: principal.team.id }, query.since);
      return reply.type(JSON_LINES).send(Readable.from(lines));
    },
  );
}
