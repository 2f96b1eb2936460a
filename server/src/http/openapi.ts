import type { TSchema } from 'typebox';
import type { ErrorCode } from '../lib/errors.ts';
import { ERROR_STATUS } from '../lib/errors.ts';
import type { ApiRoute } from './api.ts';
import { BYTES } from './bytes.ts';
import {
  ERROR_RESPONSES,
  ErrorSchema,
  HEADERS,
  PARAMETERS,
  SUCCESS_HEADERS,
  type Tag,
} from './openapi-parts.ts';
import { createSchemaWriter, exampleOf, type Json, type SchemaWriter } from './openapi-schema.ts';

const DESCRIPTION = `Virtual servers, databases and caches on your own hardware.

Send the token as \`Authorization: Bearer ID|SECRET\`. Each operation names the scope that the token needs. All
responses have the headers \`X-Request-Id\` and \`X-RateLimit-*\`. All writes but signing in accept an \`Idempotency-Key\`,
with which they can be repeated safely. Pages of the install use the session of who has signed in, instead of a token.
All errors have the same format, with a stable \`code\` and a link to the page about it.`;

/**
 * Builds the OpenAPI 3.0.3 document of the routes. `publicUrl` is listed as a second server: the first one is relative,
 * so that the interactive page works at every address.
 */
export function buildOpenApi(
  routes: readonly ApiRoute[],
  tags: readonly Tag[],
  publicUrl: string | null,
): Json {
  const writer = createSchemaWriter();
  writer.write(ErrorSchema as TSchema, 'answer');
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:([^/]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, writer) };
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Danube API',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [
      { url: '/api/v1', description: 'Production: this install.', 'x-internal': false },
      ...(publicUrl
        ? [
            {
              url: `${publicUrl}/api/v1`,
              description: 'Production: its public address.',
              'x-internal': false,
            },
          ]
        : []),
    ],
    tags: tags.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'ID|SECRET',
          description: 'An API token. `x-required-scope` on an operation is the scope that the token needs.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'danube_session',
          description:
            'The session of a person who has signed in, for pages of this install. By https the cookie is called `__Host-danube_session`.',
        },
        // A setting of the client, like the token, so that it is not a parameter of every method.
        team: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Team-Id',
          description:
            'Optional: the number of the team that requests act on, instead of the token’s or the session’s own.',
        },
      },
      headers: HEADERS,
      parameters: PARAMETERS,
      responses: { NotModified: NOT_MODIFIED, ...errorResponses() },
      schemas: writer.components(),
    },
  };
}

function operation(route: ApiRoute, writer: SchemaWriter): Json {
  const { schema, config } = route;
  const scope = config.scope;
  const parameters: Json[] = [
    ...parametersOf('path', schema.params as TSchema | undefined, writer),
    ...parametersOf('query', schema.querystring as TSchema | undefined, writer),
    ...(isWrite(route) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ...(config.showsOne ? [{ $ref: '#/components/parameters/IfNoneMatch' }] : []),
  ];
  const needs = scope ? ` Needs the scope \`${scope}\`.` : NEEDS[kindOf(config)];
  return {
    operationId: schema.operationId!,
    summary: schema.summary!,
    description: `${schema.description ?? schema.summary}${needs}`,
    tags: [...(schema.tags ?? [])],
    security: securityOf(config),
    ...(scope ? { 'x-required-scope': scope } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(schema.body ? { requestBody: requestBody(schema.body as TSchema, schema.operationId!, writer) } : {}),
    ...(config.takesBytes ? { requestBody: bytes(config.takesBytes) } : {}),
    responses: responses(route, writer),
  };
}

const kindOf = ({ public: open, session }: ApiRoute['config']): keyof typeof NEEDS =>
  open ? 'public' : session ? 'session' : 'any';

/** What a route without a scope asks for. */
const NEEDS = {
  public: '',
  session: ' Needs a session: API tokens cannot do this.',
  any: ' Any valid token will do.',
};

/** Whether a request changes something, in the name of an account. Others ignore `Idempotency-Key`. */
const isWrite = ({ method, config }: ApiRoute): boolean =>
  method !== 'GET' && !config.public && !config.changesNothing && !config.scope?.endsWith(':read');

function securityOf({ public: open, team, session }: ApiRoute['config']): Json[] {
  if (open) return [];
  const credentials = session ? ['session'] : ['token', 'session'];
  const alone = credentials.map((name) => ({ [name]: [] }));
  return team === 'none' ? alone : [...alone, ...credentials.map((name) => ({ [name]: [], team: [] }))];
}

function parametersOf(where: 'path' | 'query', schema: TSchema | undefined, writer: SchemaWriter): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema & { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, example, ...rest } = writer.write(property, 'request') as Record<string, Json>;
    return {
      name,
      in: where,
      // The server fills in defaults, so members with a default are not required.
      required: where === 'path' || (required.includes(name) && !('default' in property)),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(example === undefined ? {} : { example }),
    };
  });
}

function requestBody(schema: TSchema, name: string, writer: SchemaWriter): Json {
  // No body counts as one without members.
  const { required: members = [], minProperties = 0 } = schema as {
    required?: string[];
    minProperties?: number;
  };
  const required = members.length > 0 || minProperties > 0;
  const example = exampleOf(schema);
  const ids = [...new Set(idMembers(example))].map((name) => `\`${name}\``);
  return {
    ...(ids.length > 0
      ? { description: `In the example, replace what is in ${ids.join(' and ')} by ids of yours.` }
      : {}),
    required,
    content: {
      'application/json': { schema: writer.writeNamed(schema, 'request', name), example },
    },
  };
}

/** Without `maxLength`: generators for Go would take the length of the body's file for that of a text. */
const bytes = (limit: number): Json => ({
  description: `At most ${limit} bytes.`,
  required: true,
  content: { [BYTES]: { schema: { type: 'string', format: 'binary' } } },
});

/** The members of an example that name other resources, which the reader does not have. */
function idMembers(example: Json): string[] {
  if (typeof example !== 'object' || example === null) return [];
  return Object.entries(example).flatMap(([name, value]) =>
    /(^|_)id$/.test(name) ? [name] : idMembers(value),
  );
}

function responses(route: ApiRoute, writer: SchemaWriter): Json {
  const declared = (route.schema.response ?? {}) as Record<string, TSchema>;
  const out: Record<string, Json> = {};
  for (const [status, schema] of Object.entries(declared)) {
    out[status] = {
      description: SUCCESS[status] ?? 'The answer.',
      headers: {
        ...SUCCESS_HEADERS,
        ...(isWrite(route) ? REPLAYED : {}),
        ...(route.config.showsOne ? TAGGED : {}),
      },
      content: {
        ...(route.config.mediaType
          ? {
              [route.config.mediaType]: {
                schema: writer.write(schema, 'answer'),
                example: exampleOf(schema),
              },
            }
          : {
              'application/json': {
                schema: writer.writeNamed(schema, 'answer', route.schema.operationId!),
                example: exampleOf(schema),
              },
            }),
      },
    };
  }
  if (route.config.showsOne) out[304] = { $ref: '#/components/responses/NotModified' };
  for (const status of errorStatuses(route)) {
    out[status] ??= { $ref: `#/components/responses/${ERROR_RESPONSES[status]!.name}` };
  }
  return out;
}

const SUCCESS: Record<string, string> = {
  200: 'Done.',
  201: 'Created.',
  503: 'A part of the install does not answer.',
};

const REPLAYED = { 'Idempotency-Replayed': { $ref: '#/components/headers/IdempotencyReplayed' } };

const TAGGED = { ETag: { $ref: '#/components/headers/ETag' } };

const NOT_MODIFIED: Json = {
  description: 'The answer that you have is still right.',
  headers: { ...SUCCESS_HEADERS, ...TAGGED },
};

/** The error statuses of a route: those implied by its kind, and those it declares itself. */
function errorStatuses(route: ApiRoute): number[] {
  const { method, schema, config } = route;
  const statuses = new Set<number>((config.errors ?? []).map((code: ErrorCode) => ERROR_STATUS[code]));
  const add = (...codes: number[]) => {
    for (const code of codes) statuses.add(code);
  };
  // Malformed HTTP and internal errors are possible on every route; public routes need no token and have no limits.
  add(400, 431, 500);
  if (!config.public) add(401, 403, 422, 429, 503);
  if (schema.params) add(404);
  if (isWrite(route)) add(409);
  if (method !== 'GET') add(413, 415);
  return [...statuses].sort((a, b) => a - b);
}

function errorResponses(): Record<string, Json> {
  return Object.fromEntries(
    Object.values(ERROR_RESPONSES).map(({ name, description, headers, examples }) => [
      name,
      {
        description,
        headers: { ...SUCCESS_HEADERS, ...headers },
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/ApiError' },
            examples: Object.fromEntries(
              Object.entries(examples).map(([code, extra]) => [
                code,
                { summary: code, value: exampleError(code, extra) },
              ]),
            ),
          },
        },
      },
    ]),
  );
}

const exampleError = (code: string, extra: Record<string, Json>): Json => ({
  ...extra,
  code,
  request_id: '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19',
  docs: `https://cloud.example.org/docs/errors/${code}`,
});
