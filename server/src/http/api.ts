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
import type { Auditor } from './auditor.ts';
import type { Authenticator } from './authenticator.ts';
import type { SentMembers } from './dropped.ts';
import type { AccountPrincipal, Principal, TeamPrincipal } from './principal.ts';
import type { Scope } from './scopes.ts';

/** The HTTP server, as {@link createHttpServer} returns it. */
export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  Log,
  TypeBoxTypeProvider
>;

/**
 * Where resources declare their routes, below `/api/v1`. A handler returns the body; the status is the one 2xx status
 * in the route's `schema.response`. `request.principal` is typed by the route's `config`.
 */
export type Api = HttpServer;

/** A declared route, from which the OpenAPI document is generated. `url` is relative to `/api/v1`. */
export interface ApiRoute {
  method: string;
  url: string;
  schema: FastifySchema;
  config: FastifyContextConfig;
}

/** The type of `request.principal` on a route with this `config`. */
type PrincipalOf<ContextConfig> = ContextConfig extends { public: true }
  ? undefined
  : ContextConfig extends { team: 'none' }
    ? AccountPrincipal
    : TeamPrincipal;

/** A request to a non-public route, with or without a team. */
export type PrivateRequest = Omit<FastifyRequest, 'principal'> & { principal: Principal };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True: the route needs no token and is not rate limited. */
    public?: boolean;
    /** The scope that a token needs; null: any valid token is accepted. */
    scope?: Scope | null;
    /**
     * `required` (the default): the request acts on a team, which its principal names. `none`: it acts on the account,
     * for example to create a team, and `X-Team-Id` is ignored. Do not pass type arguments (`api.get<…>`) for such a
     * route: they would hide the setting from the type of `request.principal`.
     */
    team?: 'required' | 'none';
    /** True: only a signed-in person may do this, and no API token. Such a route has `team: 'none'`. */
    session?: boolean;
    /** True: the answer may set a cookie, so pages of other origins may not send the request. */
    setsCookie?: boolean;
    /** True: the handler asks an instance, which may take seconds. Such requests have turns of their own. */
    asksInstance?: boolean;
    /** True: a request that is no GET changes nothing all the same. */
    changesNothing?: boolean;
    /** Media type of an answer that is no JSON, such as a stream, which the handler writes itself. */
    mediaType?: string;
    /** The body is at most so many bytes, which the handler reads from the connection: see `takeBytes`. */
    takesBytes?: number;
    /** The one 2xx status of `schema.response`; set when the route is declared. */
    successStatus?: number;
    /** Whether it shows one thing, and its answers are tagged (`conditional.ts`); set when the route is declared. */
    showsOne?: boolean;
    /** Errors that this route can return, in addition to those that its kind implies (see `openapi.ts`). */
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
    /** Who makes the request. */
    principal: PrincipalOf<ContextConfig>;
    /**
     * Gives the request's turn (see `admission.ts`) to others while it waits for something else than the database, and
     * resolves when it has its next turn.
     */
    leaveTurn: (until: () => Promise<void>) => Promise<void>;
    /** What the body had before validation, see `dropped.ts`. */
    sentMembers: SentMembers;
    /** Set by {@link mutate}: the response is the stored one of an earlier request. */
    idempotencyReplayed: boolean;
  }

  interface FastifyInstance {
    database: Database;
    secrets: SecretBox;
    /** For what goes on after the request was authenticated, such as a stream. */
    authenticator: Authenticator;
    auditor: Auditor;
    /** Whether the router took a word of a known path for an id, since that path does not take the method. */
    isElsewhere(request: FastifyRequest): boolean;
    /** All routes below `/api/v1`; complete once the server is ready. */
    apiRoutes: ApiRoute[];
  }
}
