import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyContextConfig, FastifyInstance, FastifySchema, RawServerDefault } from 'fastify';
import type { Database } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { ErrorCode } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Principal } from './principal.ts';
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
 * the route's `schema.response` names. `request.principal` is set on every route that is not public.
 */
export type Api = HttpServer;

/** A declared route: what the OpenAPI document is made from. `url` is relative to `/api/v1`. */
export interface ApiRoute {
  method: string;
  url: string;
  schema: FastifySchema;
  config: FastifyContextConfig;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True: no token needed, and no rate limit refuses. */
    public?: boolean;
    /** The scope that a token needs; null: any valid token will do. */
    scope?: Scope | null;
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

  interface FastifyRequest {
    /** Who asks. Reading it on a public route throws. */
    principal: Principal;
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
