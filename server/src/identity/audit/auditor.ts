import type { FastifyRequest } from 'fastify';
import type { Database, Tx } from '../../db/database.ts';
import type { HttpServer, PrivateRequest } from '../../http/api.ts';
import type { Auditor } from '../../http/auditor.ts';
import type { Principal } from '../../http/principal.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { type AuditEntry, recordAudit } from './record.ts';
import { Refusals } from './refusals.ts';
import { type AuditSubject, type Columns, changesOf, findSubject, readColumns } from './subjects.ts';

/** What is refused for its form, or concerns nothing that there is, is not worth an entry. */
const NOT_RECORDED: ReadonlySet<ErrorCode> = new Set([
  'bad_request',
  'validation_failed',
  'not_found',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'request_timeout',
  'rate_limited',
  'unavailable',
]);

/** Writes entries for all requests that change something, whatever their route. */
export function createAuditor({ db }: Pick<Database, 'db'>, log: Log): Auditor {
  const refusals = new Refusals((entry) =>
    recordAudit(db, entry).catch((failure: unknown) =>
      logFailure(log, failure, 'a refused request is missing in the audit log'),
    ),
  );
  return {
    async record(tx, request, work, details) {
      const subject = subjectOf(request);
      const before = await columnsOf(tx, subject, { lock: true });
      const answer = await work();
      const made = request.routeOptions.config.successStatus === 201 ? madeBy(answer) : null;
      const outcome = await outcomeOf(tx, request, { subject, before, made });
      await recordAudit(tx, {
        ...entryOf(request, request.principal),
        teamId: request.principal.team?.id ?? teamConcerned(request, before ?? outcome.after ?? null),
        ...outcome,
        ...(details ? { after: { ...outcome.after, ...details } } : {}),
      });
      return answer;
    },
    async recordRefusal(request, error) {
      const principal = request.principal as Principal | undefined;
      if (!principal || !isWrite(request) || NOT_RECORDED.has(error.code)) return;
      const { type, id } = subjectOf(request) ?? {};
      const entry: AuditEntry = {
        ...entryOf(request, principal),
        resource: type && id ? { type, id } : null,
        outcome: error.status >= 500 ? 'failed' : 'refused',
        errorCode: error.code,
      };
      await refusals.note(entry);
    },
    close: () => refusals.close(),
  };
}

const isWrite = ({ method, routeOptions }: FastifyRequest): boolean =>
  !['GET', 'HEAD', 'OPTIONS'].includes(method) &&
  !routeOptions.config.changesNothing &&
  !routeOptions.config.scope?.endsWith(':read');

const entryOf = (
  request: Pick<FastifyRequest, 'id' | 'ip' | 'routeOptions'>,
  { accountId, via, team }: Principal,
) => ({
  actor: { accountId, via, address: request.ip },
  teamId: team?.id ?? null,
  action: request.routeOptions.schema?.operationId ?? request.routeOptions.url ?? 'unknown',
  requestId: request.id,
});

/** The team of what a member changes without acting for it, such as a token; what operators do is for other operators. */
function teamConcerned(
  { routeOptions }: Pick<FastifyRequest, 'routeOptions'>,
  columns: Columns | null,
): number | null {
  if (routeOptions.url?.startsWith(`${API}/operator/`)) return null;
  return typeof columns?.team_id === 'number' ? columns.team_id : null;
}

/** The resource that a request names in its path. */
interface Named {
  type: string;
  id: string;
  /** Null: its rows are not compared. */
  subject: AuditSubject | null;
}

/** The last one in the path: of `/teams/3/members/7`, the member. */
function subjectOf({ routeOptions, params }: Pick<FastifyRequest, 'routeOptions' | 'params'>): Named | null {
  const name = [...(routeOptions.url ?? '').matchAll(/:(\w+)/g)].at(-1)?.[1];
  const id = name === undefined ? undefined : (params as Record<string, string>)[name];
  if (name === undefined || id === undefined) return null;
  const subject = findSubject(name) ?? null;
  return { type: subject?.type ?? name, id: id.slice(0, 255), subject };
}

const columnsOf = async (tx: Tx, named: Named | null, options = {}): Promise<Columns | null> =>
  named?.subject ? readColumns(tx, named.subject, named.id, options) : null;

/** The id of what a creation answers with. */
function madeBy(answer: unknown): string | null {
  const made = [answer, ...Object.values((answer ?? {}) as object)].find(
    (one): one is { id: string | number } => typeof one === 'object' && one !== null && 'id' in one,
  );
  return made ? String(made.id) : null;
}

async function outcomeOf(
  tx: Tx,
  request: PrivateRequest,
  { subject, before, made }: { subject: Named | null; before: Columns | null; made: string | null },
): Promise<Pick<AuditEntry, 'resource' | 'before' | 'after'>> {
  if (subject) {
    const { type, id } = subject;
    const changes = changesOf(before, await columnsOf(tx, subject));
    // For example a clone of a snapshot.
    const after = made === null ? changes.after : { ...changes.after, created: made };
    return { resource: { type, id }, before: changes.before, after };
  }
  if (made === null) return { resource: null };
  const parameter = parameterBelow(request.server, request.routeOptions.url ?? '');
  const found = parameter === undefined ? undefined : findSubject(parameter);
  const resource = { type: found?.type ?? parameter ?? 'unknown', id: made };
  return { resource, after: found ? await readColumns(tx, found, made) : null };
}

/** The parameter of what is in a collection: of `/vps`, that of `/vps/:vpsInstance`. */
function parameterBelow(server: Pick<HttpServer, 'apiRoutes'>, url: string): string | undefined {
  const start = `${url}/:`;
  const item = server.apiRoutes.find((route) => {
    const full = `${API}${route.url}`;
    return full.startsWith(start) && !full.slice(start.length).includes('/');
  });
  return item ? `${API}${item.url}`.slice(start.length) : undefined;
}

const API = '/api/v1';
