import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  ContextConfigDefault,
  FastifyContextConfig,
  FastifyInstance,
  FastifyRequest,
  FastifySchema,
  FastifyTypeProvider,
  FastifyTypeProviderDefault,
  RawRequestDefaultExpression,
  RawServerBase,
  RawServerDefault,
  RouteGenericInterface,
} from 'fastify';
import type { Database } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { ErrorCode } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AccountPrincipal, Principal, TeamPrincipal } from './principal.ts';
import type { Scope } from './scopes.ts';

/** The HTTP server: what {@link createHttpServer} returns. */
export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  Log,
  TypeBoxTypeProvider
>;

/**
 * Where resources declare their routes, below `/api/v1`. A handler returns the body; its status is the one 2xx that
 * the route's `schema.response` names. `request.principal` says who asks; its type follows from `config`.
 */
export type Api = HttpServer;

/** A declared route: what the OpenAPI document is made from. `url` is relative to `/api/v1`. */
export interface ApiRoute {
  method: string;
  url: string;
  schema: FastifySchema;
  config: FastifyContextConfig;
}

/** The principal of requests to a route with this `config`. */
type PrincipalOf<ContextConfig> = ContextConfig extends { public: true }
  ? undefined
  : ContextConfig extends { team: 'none' }
    ? AccountPrincipal
    : TeamPrincipal;

/** A request to a route that is not public, whether it acts on a team or not. */
export type PrivateRequest = Omit<FastifyRequest, 'principal'> & { principal: Principal };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True: no token needed, and no rate limit refuses. */
    public?: boolean;
    /** The scope that a token needs; null: any valid token will do. */
    scope?: Scope | null;
    /**
     * `required`, the default: the request acts on a team, and the principal has one. `none`: it acts on the account,
     * for example to make a team, and `X-Team-Id` is ignored. Give such a route no type arguments (`api.get<…>`): they
     * would hide this from the type of `request.principal`.
     */
    team?: 'required' | 'none';
    /** The one 2xx status of `schema.response`; filled in when the route is declared. */
    successStatus?: number;
    /** Errors that this route can answer with, beyond those that follow from its kind (see openapi.ts). */
    errors?: readonly ErrorCode[];
  }

  interface FastifySchema {
    operationId?: string;
    summary?: string;
    description?: string;
    tags?: readonly string[];
  }

  interface FastifyRequest<
    RouteGeneric extends RouteGenericInterface = RouteGenericInterface,
    RawServer extends RawServerBase = RawServerDefault,
    RawRequest extends RawRequestDefaultExpression<RawServer> = RawRequestDefaultExpression<RawServer>,
    SchemaCompiler extends FastifySchema = FastifySchema,
    TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault,
    ContextConfig = ContextConfigDefault,
  > {
    /** Who asks. */
    principal: PrincipalOf<ContextConfig>;
    /** Set by {@link mutate}: this answer is the stored one of an earlier request. */
    idempotencyReplayed: boolean;
  }

  interface FastifyInstance {
    database: Database;
    secrets: SecretBox;
    /** The routes below `/api/v1`, as declared; complete once the server is ready. */
    apiRoutes: ApiRoute[];
  }
}
