import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { placeEntries } from './chain.ts';
import { type Extent, exportEntries, listEntries } from './read.ts';
import { AuditExportQuery, AuditLines, AuditList, AuditQuery } from './schema.ts';

export const JSON_LINES = 'application/x-ndjson';

interface Log {
  database: Database;
  secrets: SecretBox;
}

async function answerList({ database, secrets }: Log, extent: Extent, query: AuditQuery) {
  await placeEntries(database, secrets);
  return listEntries(database.db, extent, query);
}

async function answerExport({ database, secrets }: Log, extent: Extent, since: number, reply: FastifyReply) {
  await placeEntries(database, secrets);
  reply.type(JSON_LINES);
  return Readable.from(exportEntries(database.db, extent, since));
}

/** Routes for the audit log of a team. */
export function auditRoutes(api: Api, log: Log): void {
  api.get(
    '/audit',
    {
      schema: {
        operationId: 'listAuditEntries',
        summary: 'List the audit log',
        description:
          'Lists who changed what in the team, and what was refused, newest first. `name` is that of an action. Entries are ' +
          'never changed or deleted.',
        tags: ['Audit'],
        querystring: AuditQuery,
        response: { 200: AuditList },
      },
      config: { scope: 'audit:read' },
    },
    ({ principal, query }) => answerList(log, { teamId: principal.team.id }, query as AuditQuery),
  );
  api.get(
    '/audit/export',
    {
      schema: {
        operationId: 'exportAuditEntries',
        summary: 'Export the audit log',
        description: 'The whole audit log of the team, oldest first: one entry as JSON on each line.',
        tags: ['Audit'],
        querystring: AuditExportQuery,
        response: { 200: AuditLines },
      },
      config: { scope: 'audit:read', mediaType: JSON_LINES },
    },
    ({ principal, query }, reply) => answerExport(log, { teamId: principal.team.id }, query.since, reply),
  );
}

/** Routes for the audit log of the whole install. */
export function installAuditRoutes(api: Api, log: Log): void {
  api.get(
    '/operator/audit',
    {
      schema: {
        operationId: 'listOperatorAuditEntries',
        summary: 'List the audit log of the install',
        description: 'The same for all teams, and for what concerns none.',
        tags: ['Operator'],
        querystring: AuditQuery,
        response: { 200: AuditList },
      },
      config: { scope: 'operator:read', team: 'none' },
    },
    ({ query }) => answerList(log, 'install', query as AuditQuery),
  );
  api.get(
    '/operator/audit/export',
    {
      schema: {
        operationId: 'exportOperatorAuditEntries',
        summary: 'Export the audit log of the install',
        description: 'The same for all teams, and for what concerns none.',
        tags: ['Operator'],
        querystring: AuditExportQuery,
        response: { 200: AuditLines },
      },
      config: { scope: 'operator:read', team: 'none', mediaType: JSON_LINES },
    },
    ({ query }, reply) => answerExport(log, 'install', query.since, reply),
  );
}
