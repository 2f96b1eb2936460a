import type { Socket } from 'node:net';
import Fastify, { type FastifyReply, type FastifyRequest, type RouteOptions } from 'fastify';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { Log } from '../lib/log.ts';
import { accountPages } from './account-pages.ts';
import { type Admission, createAdmission } from './admission.ts';
import type { Api, HttpServer, PrivateRequest } from './api.ts';
import type { Auditor } from './auditor.ts';
import type { Authenticator } from './authenticator.ts';
import { brandRoutes } from './brand.ts';
import { answerBroken } from './broken-requests.ts';
import { showsOne, tagAnswer } from './conditional.ts';
import { CONNECTION_TIMES, limitConnections, SILENT_ANSWER } from './connections.ts';
import { type Dashboard, dashboardRoutes } from './dashboard.ts';
import { documentRoutes } from './documents.ts';
import { sentMembers } from './dropped.ts';
import { createErrorHandler, toAppError } from './errors.ts';
import { createGate, type Gate } from './gate.ts';
import { checkHeaders } from './headers.ts';
import { acceptJson, checkText } from './json-body.ts';
import { HttpLog } from './log-controller.ts';
import { answerUnknownPaths } from './not-found.ts';
import type { Tag } from './openapi-parts.ts';
import { checkParameters } from './query.ts';
import { RateLimits } from './rate-limits.ts';
import { requestId } from './request-id.ts';
import { isScope } from './scopes.ts';
import { serializerCompiler } from './serialization.ts';
import { SharedCounts } from './shared-counts.ts';
import { asksForWebSocket, routeUpgrades } from './upgrades.ts';
import { createValidatorCompiler } from './validation.ts';

export const API_PREFIX = '/api/v1';
/** Largest request body, in bytes. */
export const BODY_LIMIT = 1_048_576;

export interface HttpDependencies {
  config: Config;
  database: Database;
  secrets: SecretBox;
  log: Log;
  authenticator: Authenticator;
  auditor: Auditor;
  /** Tags of the OpenAPI document. */
  tags: readonly Tag[];
  /** The pages at `/`; without it, that leads to the documentation of the API. */
  dashboard?: Dashboard | null;
  /** Declares the resources' routes, with paths relative to `/api/v1`. */
  register: (api: Api) => void;
}

/**
 * Builds the HTTP server without listening. Throws where a route is neither public nor names a scope, since that
 * omission would open it to everyone.
 */
export function createHttpServer(dependencies: HttpDependencies): HttpServer {
  const { config, database, secrets, register } = dependencies;
  const rates = new RateLimits(new SharedCounts(database.db, secrets));
  const gate = createGate(config, dependencies.authenticator, rates);
  const handleError = createErrorHandler(config.publicUrl);
  const admission = createAdmission();
  const app = createFastify(dependencies, gate, handleError);
  routeUpgrades(app);
  limitConnections(app.server, { proxies: config.trustProxy, log: dependencies.log });
  app.decorate('database', database);
  app.decorate('secrets', secrets);
  app.decorate('authenticator', dependencies.authenticator);
  app.decorate('auditor', dependencies.auditor);
  app.decorate('apiRoutes', []);
  app.decorateRequest('idempotencyReplayed', false);
  app.decorateRequest('sentMembers');
  // Replaced when it has its turn.
  app.decorateRequest('leaveTurn', (until: () => Promise<void>) => until());
  app.setValidatorCompiler(createValidatorCompiler());
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  acceptJson(app);
  app.addHook('onRoute', completeRoute);
  app.addHook('onRequest', gate);
  answerUnknownPaths(app);
  app.addHook('preValidation', prepare);
  app.addHook('onSend', finish);
  app.addHook('onError', (request, _reply, error) =>
    request.server.auditor.recordRefusal(request, toAppError(error)),
  );
  app.addHook('onClose', () => dependencies.auditor.close());
  app.addHook('onResponse', (request, reply, done) =>
    logAccess(request, reply.statusCode, reply.elapsedTime, done),
  );
  // The client disconnected before the answer.
  app.addHook('onRequestAbort', (request, done) => logAccess(request, null, null, done));
  app.register(
    async (scope) => {
      scope.addHook('onRoute', (route) => {
        recordRoute(app, route);
        awaitTurn(route, admission);
      });
      register(scope as unknown as Api);
    },
    { prefix: API_PREFIX },
  );
  app.register(async (scope) => documentRoutes(scope as unknown as HttpServer, dependencies));
  const { dashboard } = dependencies;
  app.register(async (scope) => {
    const http = scope as unknown as HttpServer;
    // Links of accounts work without the dashboard, too.
    if (dashboard) {
      dashboardRoutes(http, dashboard);
      brandRoutes(http, dependencies.config.brand);
    } else await accountPages(http, API_PREFIX);
  });
  return app;
}

type ErrorHandler = ReturnType<typeof createErrorHandler>;

function createFastify({ config, log }: HttpDependencies, gate: Gate, handleError: ErrorHandler): HttpServer {
  return Fastify({
    loggerInstance: log,
    genReqId: requestId,
    // Command line clients of the v1 API ask here who a token belongs to.
    rewriteUrl: ({ url }) => (url === '/api/user' ? `${API_PREFIX}/user` : url!),
    logController: new HttpLog(),
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustProxy.length > 0 ? config.trustProxy : false,
    // While closing, requests on open connections still get a regular response.
    return503OnClosing: false,
    requestTimeout: CONNECTION_TIMES.requestTimeout,
    connectionTimeout: SILENT_ANSWER,
    keepAliveTimeout: CONNECTION_TIMES.keepAliveTimeout,
    http: { ...CONNECTION_TIMES, shouldUpgradeCallback: asksForWebSocket },
    // Errors of the router itself (a malformed URL) bypass all hooks.
    frameworkErrors: (error, request, reply) => {
      const refuse = (refusal: unknown) =>
        handleError(refusal, request as FastifyRequest, reply as FastifyReply);
      gate(request as FastifyRequest, reply as FastifyReply).then(() => refuse(error), refuse);
    },
    clientErrorHandler: (error: Error, socket: Socket) => answerBroken(error, socket, config.publicUrl),
  });
}

function completeRoute(route: RouteOptions): void {
  const config = route.config ?? {};
  if (config.public !== true && config.scope === undefined) {
    throw new Error(`Route ${String(route.method)} ${route.url} must set config.scope or config.public.`);
  }
  if (config.scope && !isScope(config.scope)) {
    throw new Error(
      `Route ${String(route.method)} ${route.url} asks for ${config.scope}, which no module has.`,
    );
  }
  const success = Object.keys(route.schema?.response ?? {}).find((status) => status.startsWith('2'));
  route.config = {
    ...config,
    successStatus: success === undefined ? 200 : Number(success),
    showsOne: config.public !== true && showsOne(route),
  };
}

/** Fastify adds a HEAD route to every GET route; these are not documented. */
function recordRoute(app: HttpServer, route: RouteOptions): void {
  for (const method of [route.method].flat().filter((name) => name !== 'HEAD')) {
    const { schema = {}, config = {} } = route;
    app.apiRoutes.push({ method, url: route.url.slice(API_PREFIX.length), schema, config });
  }
}

/** Requests to public routes are answered at once, but for those that sign somebody in: no other uses the database much. */
function awaitTurn(route: RouteOptions, admission: Admission): void {
  if (!route.config?.public || route.config.setsCookie) admission(route);
}

// These hooks run for every request, so they take a callback, which is cheaper than a promise.

function prepare(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  checkHeaders(request);
  checkParameters(request);
  checkText(request);
  request.sentMembers = sentMembers(request.body);
  // Makes validation of a missing body name each required field.
  if (request.body === undefined && request.routeOptions.schema?.body !== undefined) request.body = {};
  const status = request.routeOptions.config.successStatus;
  if (status !== undefined && status !== 200) reply.code(status);
  done();
}

/** Ends JSON with a line break, so that a shell's prompt does not follow it on the same line, and tags single reads. */
function finish(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload?: unknown) => void,
): void {
  if (request.idempotencyReplayed) reply.header('idempotency-replayed', 'true');
  const body = typeof payload === 'string' && payload.endsWith('}') ? `${payload}\n` : payload;
  const isTagged = request.routeOptions.config.showsOne && reply.statusCode === 200;
  done(null, isTagged ? tagAnswer(request, reply, body as string) : body);
}

function logAccess(
  request: FastifyRequest,
  status: number | null,
  ms: number | null,
  done: () => void,
): void {
  const { config, url } = request.routeOptions;
  // Unset where the request was rejected, or the route is public.
  const principal = request.principal as PrivateRequest['principal'] | undefined;
  const line = {
    method: request.method,
    // The route's pattern: path and query may contain data that does not belong in a log.
    route: url ?? null,
    status,
    ...(ms === null ? {} : { ms: Math.round(ms * 10) / 10 }),
    ...(principal ? { account: principal.accountId } : {}),
    ...(principal?.team ? { team: principal.team.id } : {}),
    address: request.ip,
  };
  if (config.public) request.log.debug(line, 'request');
  else request.log.info(line, 'request');
  done();
}
