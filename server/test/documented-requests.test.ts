import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { SERVICE_IMAGES } from '../src/images/recipes.ts';
import {
  type ApiClient,
  type CallOptions,
  createApiClient,
  DOCUMENT,
  type DocumentedRoute,
  ROUTES,
} from './api-client.ts';
import { makeOperator, openSession, startTestApp, type TestApp } from './harness.ts';
import { SEED } from './seed.ts';
import { type Ids, makeThings, missingId } from './things.ts';

const RUNS = { numRuns: 25, seed: SEED };

interface Schema {
  type?: string;
  pattern?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  example?: unknown;
  schema: Schema & { example?: unknown };
}

/** Times that limit each other and have a beginning, which a schema cannot say. */
const SPANS = /^(from|to) .*\/metrics\/history$/;

const ajv = new Ajv({
  strict: false,
  // A scalar of another type does not make a request invalid, if its meaning is clear.
  coerceTypes: true,
  formats: { int32: true, int64: true, double: true, uuid: true, password: true },
});
// Unknown members are ignored, and do not make a request invalid.
ajv.addSchema(
  JSON.parse(JSON.stringify(DOCUMENT), (name, value) =>
    name === 'additionalProperties' && value === false ? undefined : value,
  ),
  'document',
);

/** The parameters of a route, whether they are inline or references. */
const parametersOf = ({ operation }: DocumentedRoute): Parameter[] =>
  (operation.parameters ?? []).map((one) =>
    one.$ref ? (DOCUMENT.components.parameters[one.$ref.split('/').at(-1)!] as never) : (one as never),
  );

/** The query of a request: what the route requires, and these parameters. */
function queryOf(parameters: Parameter[], given: Record<string, string> = {}): string {
  const required = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, example, schema }) => [name, String(example ?? schema.example)]);
  const query = new URLSearchParams({ ...Object.fromEntries(required), ...given });
  return query.size === 0 ? '' : `?${query}`;
}

/** Texts that the schema of a parameter accepts. */
function taken({ schema }: Parameter): fc.Arbitrary<string> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'integer')
    return fc.integer({ min: schema.minimum!, max: Math.min(schema.maximum!, 2 ** 31) }).map(String);
  const limit = schema.maxLength ?? 100;
  return fc.stringMatching(new RegExp(schema.pattern ?? '^.*$', 'u')).filter((text) => text.length <= limit);
}

/** Texts that the schema of a parameter does not accept. */
function refused({ schema }: Parameter): fc.Arbitrary<string> {
  if (schema.type === 'integer') {
    const beyond = [schema.minimum! - 1, schema.maximum! + 1, 1.5].map(String);
    return fc.constantFrom(...beyond, 'one', '1 2', '--1', '1;2');
  }
  const matches = ajv.compile({ ...schema, format: undefined });
  const text = fc.string({
    maxLength: 90,
    unit: fc.integer({ min: 1, max: 0x2fff }).map((c) => String.fromCodePoint(c)),
  });
  return fc
    .oneof(text, fc.constantFrom('\u202e', 'a\u0007', 'x'.repeat(1000)))
    .filter((one) => !matches(one));
}

describe('the document and the server agree on', () => {
  let test: TestApp;
  let call: ApiClient;
  let ids: Ids = {};
  before(async () => {
    test = await startTestApp();
    await makeOperator(test.database, test.team);
    call = createApiClient(test.app.http, test.team.token, () => openSession(test.database, test.team));
    for (const image of SERVICE_IMAGES) await test.plane.ensureImage(image);
    ids = await makeThings(call, test.team.token);
  });
  after(() => test?.close());

  const pathOf = (template: string, known: Ids = ids): string =>
    template.replace(/\{([^}]+)\}/g, (_, name: string) => known[name] ?? missingId(name));

  /** Whether it is about a resource that has tests of its own, so that none was made here. */
  const lacksThing = ({ path }: DocumentedRoute): boolean =>
    [...path.matchAll(/\{([^}]+)\}/g)].some(([, name]) => !(name! in ids));

  it('the methods that a path takes: others are refused, whatever comes with them', async () => {
    const bodies: CallOptions[] = [
      {},
      { body: {} },
      { payload: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { payload: '{', headers: { 'content-type': 'application/json' } },
      { headers: { 'x-team-id': 'none' } },
    ];
    for (const [template, item] of Object.entries(DOCUMENT.paths)) {
      const documented = Object.keys(item).map((method) => method.toUpperCase());
      const allowed = [...documented, 'OPTIONS', ...(documented.includes('GET') ? ['HEAD'] : [])].sort();
      for (const method of METHODS.filter((name) => name !== 'CONNECT' && !allowed.includes(name))) {
        for (const options of bodies) {
          const answer = await call(method, pathOf(template), options);
          assert.equal(answer.status, 405, `${method} ${template}`);
          assert.equal(answer.headers.allow, allowed.join(', '), `${method} ${template}`);
        }
      }
    }
    for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
      for (const options of bodies) {
        assert.equal((await call(method, '/nothing/here', options)).status, 404, method);
      }
    }
  });

  it('whether a request needs a body', async () => {
    for (const route of ROUTES.filter(({ operation }) => operation.requestBody)) {
      const answer = await call(route.method, pathOf(route.path));
      const name = `${route.method} ${route.path}: ${JSON.stringify(answer.body)}`;
      const isRefused = answer.body.code === 'validation_failed';
      assert.equal(isRefused, route.operation.requestBody!.required, name);
    }
  });

  for (const route of ROUTES) {
    const parameters = parametersOf(route);
    const body = route.operation.requestBody?.content['application/json'];

    for (const parameter of parameters.filter((one) => one.in === 'query')) {
      // What changes something is asked of what does not exist: it could be asked only once otherwise. So is what needs an
      // object, since no bucket has one of every name.
      const changes = route.method !== 'GET' || route.path.endsWith('/objects/content');
      const ask = (value: string) =>
        call(
          route.method,
          `${pathOf(route.path, changes ? {} : ids)}${queryOf(parameters, { [parameter.name]: value })}`,
        );
      const isSpan = SPANS.test(`${parameter.name} ${route.path}`);

      it(`what ${parameter.name} may be, in the query of ${route.method} ${route.path}`, async () => {
        await fc.assert(
          fc.asyncProperty(taken(parameter), async (value) => {
            const { status, body } = await ask(value);
            if (isSpan && status === 422) assert.deepEqual(Object.keys(body.errors), ['from'], value);
            else assert.equal(status, changes || lacksThing(route) ? 404 : 200, value);
          }),
          RUNS,
        );
        await fc.assert(
          fc.asyncProperty(refused(parameter), async (value) => {
            const answer = await ask(value);
            assert.equal(answer.status, 422, JSON.stringify(value));
            assert.ok(parameter.name in answer.body.errors);
          }),
          RUNS,
        );
      });
    }

    for (const parameter of parameters.filter((one) => one.in === 'path')) {
      it(`what ${parameter.name} may be, in the path of ${route.method} ${route.path}`, async () => {
        await fc.assert(
          fc.asyncProperty(refused(parameter), async (value) => {
            // These would change the path.
            fc.pre(!/^\.{0,2}$/.test(value));
            const strange = { ...ids, [parameter.name]: encodeURIComponent(value) };
            const answer = await call(
              route.method,
              `${pathOf(route.path, strange)}${queryOf(parameters)}`,
              body ? { body: body.example } : {},
            );
            assert.equal(answer.status, 404, JSON.stringify(value));
          }),
          RUNS,
        );
      });
    }

    // Any other header may be anything: what does not name an answer that the client has, names none.
    for (const parameter of parameters.filter((one) => one.in === 'header' && one.schema.pattern)) {
      it(`what the header ${parameter.name} may be, for ${route.method} ${route.path}`, async () => {
        const sendable = refused(parameter).filter(
          (value) => /^[\t\x20-\xff]*$/.test(value) && !/[\x7f]/.test(value),
        );
        const values = await fc.sample(fc.oneof(sendable, fc.constant('')), { numRuns: 5, seed: SEED });
        for (const value of values) {
          const answer = await call(route.method, pathOf(route.path) + queryOf(parameters), {
            ...(body ? { body: body.example } : {}),
            headers: { [parameter.name.toLowerCase()]: value },
          });
          assert.equal(answer.status, 422, `${JSON.stringify(value)}: ${JSON.stringify(answer.body)}`);
          assert.ok(parameter.name in answer.body.errors, JSON.stringify(answer.body));
        }
      });
    }

    if (body) {
      it(`what a body may be, for ${route.method} ${route.path}`, async () => {
        const isValid = ajv.compile({
          $ref: `document#/paths/${route.path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${route.method.toLowerCase()}/requestBody/content/application~1json/schema`,
        });
        const example = body.example as Record<string, unknown>;
        assert.ok(isValid(example), ajv.errorsText(isValid.errors));
        const strange = fc.oneof(
          fc.constantFrom<unknown>(
            null,
            '',
            'a\u202eb',
            'x\u0007',
            'x'.repeat(20_000),
            -1,
            1.5,
            1e15,
            true,
            [],
            [1],
            {},
          ),
          fc.anything({ maxDepth: 2 }),
        );
        const members = Object.keys((resolve(body.schema) as { properties: object }).properties);
        const change = fc.record({
          member: fc.constantFrom(...members),
          value: fc.option(strange, { nil: undefined }),
        });
        await fc.assert(
          fc.asyncProperty(change, async ({ member, value }) => {
            const text = JSON.stringify({ ...example, [member]: value });
            fc.pre(!isValid(JSON.parse(text)));
            const answer = await call(route.method, pathOf(route.path), {
              payload: text,
              headers: { 'content-type': 'application/json' },
            });
            assert.ok([400, 422].includes(answer.status), `${text.slice(0, 500)}: ${answer.status}`);
          }),
          RUNS,
        );
      });
    }
  }
});

/** Resolves a reference to the schema itself. */
function resolve(schema: object & { $ref?: string }): object {
  return schema.$ref ? DOCUMENT.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;
}
