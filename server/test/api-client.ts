import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Ajv, type ValidateFunction } from 'ajv';
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify';
import type { HttpServer } from '../src/http/api.ts';

/** The parts of the OpenAPI document that tests read. */
export interface Operation {
  operationId: string;
  security: object[];
  'x-required-scope'?: string;
  parameters?: {
    $ref?: string;
    name?: string;
    in?: string;
    required?: boolean;
    schema?: object;
    example?: unknown;
  }[];
  /** JSON, or the bytes of an object. */
  requestBody?: {
    required: boolean;
    content: { 'application/json'?: { schema: object; example: unknown } };
  };
  responses: Record<
    string,
    { $ref?: string; headers?: object; content?: Record<string, { schema: object }> }
  >;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: Record<
    'responses' | 'parameters' | 'schemas' | 'securitySchemes',
    Record<string, Record<string, unknown>>
  >;
}

/** The committed document; `npm run generate -- --check` checks that it matches the routes. */
export const DOCUMENT = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../openapi/v1.json'), 'utf8'),
) as OpenApiDocument;

export interface DocumentedRoute {
  method: string;
  /** As in the document, for example `/vps/{vpsInstance}`. */
  path: string;
  operation: Operation;
}

/** Every operation of the document. */
export const ROUTES: readonly DocumentedRoute[] = Object.entries(DOCUMENT.paths).flatMap(([template, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: template,
    operation,
  })),
);

const ajv = new Ajv({
  allErrors: true,
  strict: false,
  formats: {
    int32: true,
    int64: true,
    double: true,
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    email: true,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
    ipv4: true,
    ipv6: true,
    uri: true,
  },
});

/** The document describes answers as open, so that they may grow. Here, they hold nothing but what it names. */
function closed(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Record<string, unknown>;
  if ('x-extensible-enum' in node) {
    const values = node['x-extensible-enum'] as unknown[];
    return { ...node, enum: node.nullable ? [...values, null] : values };
  }
  const isObject = node.type === 'object' && typeof node.properties === 'object';
  return isObject && !('additionalProperties' in node) ? { ...node, additionalProperties: false } : node;
}

ajv.addSchema(JSON.parse(JSON.stringify(DOCUMENT), closed), 'document');

const EVENT_STREAM = 'text/event-stream';
/** Answers that are no JSON, and end. */
const PLAIN = /^(application\/(x-ndjson|octet-stream)|text\/csv)/;

const validators = new Map<string, ValidateFunction>();

function validator(pointer: string): ValidateFunction {
  const known = validators.get(pointer);
  if (known) return known;
  const made = ajv.compile({ $ref: `document#${pointer}` });
  validators.set(pointer, made);
  return made;
}

const escapePointer = (text: string): string =>
  encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));

/** The documented route for a request to `path` (without query); fixed paths take precedence over parameters. */
export function routeOf(method: string, requestPath: string): DocumentedRoute | undefined {
  const path = requestPath.split('?', 1)[0]!;
  const [template] = Object.keys(DOCUMENT.paths)
    .filter((one) => new RegExp(`^${one.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path))
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  return ROUTES.find((route) => route.path === template && route.method === method);
}

/** Whether a request to the route may be made with an API token. */
export const takesToken = ({ operation }: DocumentedRoute): boolean =>
  operation.security.some((one) => 'token' in one);

/** Whether only a session will do. */
export const takesSessionOnly = (route: DocumentedRoute): boolean =>
  route.operation.security.length > 0 && !takesToken(route);

export interface ApiResponse {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** Fails where a response differs from the document: status, members, types, or the common headers. */
export function assertDocumented(method: string, requestPath: string, answer: ApiResponse): void {
  const where = `${method} ${requestPath} → ${answer.status}`;
  for (const header of ['x-request-id', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) {
    assert.ok(answer.headers[header] !== undefined, `${where}: header ${header} is missing`);
  }
  const route = routeOf(method, requestPath);
  let pointer = '/components/schemas/ApiError';
  if (typeof answer.body === 'string') {
    const type = String(answer.headers['content-type']).split(';')[0]!;
    assert.ok(route?.operation.responses[200]?.content?.[type], `${where}: ${type} is not documented`);
    return;
  }
  if (route) {
    const response = route.operation.responses[answer.status];
    assert.ok(response, `${where}: the status is not documented (${JSON.stringify(answer.body)})`);
    pointer = response.$ref
      ? `${response.$ref.slice(1)}/content/application~1json/schema`
      : `/paths/${escapePointer(route.path)}/${method.toLowerCase()}/responses/${answer.status}/content/application~1json/schema`;
  }
  const validate = validator(pointer);
  assert.ok(
    validate(answer.body),
    `${where}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(answer.body)}`,
  );
}

/** The answer's JSON, null without a body; lines of JSON, CSV and bytes as text; of a stream, the text that comes first, after which the client hangs up. */
async function readBody(response: Response): Promise<unknown> {
  const stream = response.stream();
  if (response.headers['content-type']?.startsWith(EVENT_STREAM)) {
    const [first] = await once(stream, 'data');
    stream.destroy();
    return String(first);
  }
  const body = await text(stream);
  if (PLAIN.test(response.headers['content-type'] ?? '')) return body;
  return body === '' ? null : JSON.parse(body);
}

export interface CallOptions {
  token?: string | null;
  /** Cookie of a session, instead of a token; the request comes from a page of the install. */
  session?: string;
  body?: unknown;
  /** Sent unchanged, instead of `body`. */
  payload?: string | Buffer;
  headers?: Record<string, string>;
  /** Client address; requests without a valid token are limited by address. */
  remoteAddress?: string;
}

export type ApiClient = (method: string, path: string, options?: CallOptions) => Promise<ApiResponse>;

/** What a page of the install sends with the cookie, where DANUBE_PUBLIC_URL is not set. */
const pageHeaders = (cookie: string): Record<string, string> => ({ cookie, origin: 'http://localhost' });

/**
 * Calls the API in this process, and checks every response against the document. `path` is relative to `/api/v1`. Where
 * a route takes no token, it is called in the session that `signIn` begins, if there is one.
 */
export function createApiClient(
  http: HttpServer,
  token: string | null,
  signIn: () => Promise<string | undefined> = async () => undefined,
): ApiClient {
  return async (method, requestPath, options = {}) => {
    const route = routeOf(method, requestPath);
    const needsSession = route !== undefined && takesSessionOnly(route) && options.token === undefined;
    const session = options.session ?? (needsSession ? await signIn() : undefined);
    const used = session ? null : options.token === undefined ? token : options.token;
    const response = await http.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url: `/api/v1${requestPath}`,
      ...(options.remoteAddress === undefined ? {} : { remoteAddress: options.remoteAddress }),
      headers: {
        ...(used ? { authorization: `Bearer ${used}` } : {}),
        ...(session ? pageHeaders(session) : {}),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
      ...(options.payload === undefined ? {} : { payload: options.payload }),
      // A stream does not end by itself.
      payloadAsStream: true,
    });
    const answer: ApiResponse = {
      status: response.statusCode,
      headers: response.headers,
      body: await readBody(response),
    };
    if (![204, 304].includes(answer.status) && method !== 'HEAD')
      assertDocumented(method, requestPath, answer);
    return answer;
  };
}
