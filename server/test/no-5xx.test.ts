import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { SERVICE_IMAGES } from '../src/images/recipes.ts';
import {
  type ApiClient,
  type CallOptions,
  createApiClient,
  type DocumentedRoute,
  ROUTES,
} from './api-client.ts';
import { makeOperator, openSession, startTestApp, type TestApp } from './harness.ts';
import { type Ids, makeThings } from './things.ts';

/** Requests per route; set DANUBE_TEST_RUNS for a longer search. */
const RUNS = Number(process.env.DANUBE_TEST_RUNS ?? 60);

/** Text that is known to break parsers, databases and shells. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\u202e',
  '💣'.repeat(50),
  '../../etc/passwd',
  "'; drop table vps; --",
  '%00',
  '%',
  'null',
  '__proto__',
  '-1',
  '0',
  '1e309',
  '9'.repeat(30),
  'x'.repeat(20_000),
  '#cloud-config\n: [',
  '00000000-0000-0000-0000-000000000000',
);
const text = fc.oneof(fc.string({ unit: 'binary' }), nasty);
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, false, [], {}, 2 ** 53, -0, 1e300),
  fc.jsonValue({ maxDepth: 4 }),
);

/** The document's example with some members replaced, removed or added. */
function bodyLike(example: unknown): fc.Arbitrary<unknown> {
  if (example === null || typeof example !== 'object') return value;
  const keys = Object.keys(example);
  const change = fc.record({
    key: fc.oneof(fc.constantFrom(...keys, '__proto__', 'constructor', 'extra'), text),
    value: fc.oneof(value, fc.constant(undefined)),
  });
  const changed = fc
    .array(change, { maxLength: 4 })
    .map((changes) => ({ ...example, ...Object.fromEntries(changes.map((one) => [one.key, one.value])) }));
  return fc.oneof({ weight: 5, arbitrary: changed }, { weight: 1, arbitrary: value });
}

/** A header value that Node's client can send. */
const header = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) });

const raw = fc.oneof(
  text,
  fc.constantFrom(
    '{',
    '[[[[',
    '{"a":1}{',
    '"\\u0000"',
    `${'['.repeat(100_000)}`,
    `{"name":"${'x'.repeat(1_100_000)}"}`,
  ),
  fc.constant(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
  fc.constant('{"__proto__":{"x":1}}'),
);

function requestFor(route: DocumentedRoute) {
  const example = route.operation.requestBody?.content['application/json']?.example;
  const body: fc.Arbitrary<CallOptions> = fc.oneof(
    { weight: 6, arbitrary: bodyLike(example ?? {}).map((one) => ({ body: one })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          raw,
          fc.constantFrom('application/json', 'application/json; charset=x', 'text/plain', 'nonsense', ''),
        )
        .map(([payload, type]) => ({ payload, headers: { 'content-type': type } })),
    },
  );
  const id = fc.oneof(fc.constant(null), fc.constant(null), text, fc.uuid(), fc.nat().map(String));
  const query = fc.oneof(
    fc.constant(''),
    fc
      .tuple(fc.constantFrom('page', 'per_page', 'x', 'page[]', '__proto__'), text)
      .map(([name, one]) => `?${name}=${encodeURIComponent(one.toWellFormed())}`),
    fc.constantFrom(
      '?page=%00',
      '?page=1000000&per_page=100',
      '?per_page=1&per_page=2',
      '?%',
      '?page=%ff',
      '?&=&',
    ),
  );
  return fc.record({
    /** Null: an existing one. */
    id,
    query,
    options: route.method === 'GET' ? fc.constant<CallOptions>({}) : body,
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Record<string, string>>({}) },
      { weight: 2, arbitrary: header.map((key) => ({ 'idempotency-key': key })) },
      { weight: 1, arbitrary: header.map((id) => ({ 'x-team-id': id, 'x-request-id': id })) },
    ),
  });
}

describe('no input yields a 5xx', () => {
  let test: TestApp;
  let call: ApiClient;
  let real: Ids = {};
  before(async () => {
    test = await startTestApp();
    await makeOperator(test.database, test.team);
    call = createApiClient(test.app.http, test.team.token, () => openSession(test.database, test.team));
    // Builds the images, so that parameters are known and requests that set them reach the service.
    for (const image of SERVICE_IMAGES) await test.plane.ensureImage(image);
    real = await makeThings(call, test.team.token);
  });
  after(() => test?.close());

  for (const route of ROUTES) {
    it(`${route.method} ${route.path}`, async () => {
      await fc.assert(
        fc.asyncProperty(requestFor(route), async ({ id, query, options, headers }) => {
          const path = route.path.replace(/\{([^}]+)\}/g, (_, name: string) =>
            encodeURIComponent((id ?? real[name] ?? '1').toWellFormed()).replace(/^\.+$/, 'dots'),
          );
          const answer = await call(route.method, path + query, {
            ...options,
            headers: { ...headers, ...options.headers },
          });
          const why = 'DANUBE_TEST_LOG=error shows the cause';
          assert.ok(answer.status < 500, `${answer.status}: ${JSON.stringify(answer.body)} (${why})`);
        }),
        { numRuns: RUNS },
      );
    });
  }
});
