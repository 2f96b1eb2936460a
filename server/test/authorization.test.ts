import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { SCOPES, type Scope } from '../src/http/scopes.ts';
import { createToken, revokeToken } from '../src/identity/tokens/service.ts';
import {
  type ApiClient,
  createApiClient,
  type DocumentedRoute,
  ROUTES,
  takesSessionOnly,
  takesToken,
} from './api-client.ts';
import {
  createTeam,
  makeOperator,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
} from './harness.ts';
import { type Ids, makeThings, missingId } from './things.ts';

const secured = ROUTES.filter(takesToken);
const ofSessions = ROUTES.filter(takesSessionOnly);

/** The route's path with these ids, or with ids that do not exist, and the parameters that it needs. */
const pathOf = (route: DocumentedRoute, ids: Ids = {}): string =>
  route.path.replace(/\{([^}]+)\}/g, (_, name: string) => ids[name] ?? missingId(name)) + queryOf(route);

function queryOf({ operation: { parameters = [] } }: DocumentedRoute): string {
  const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  const query = new URLSearchParams(
    Object.fromEntries(needed.map(({ name, example }) => [name!, String(example)])),
  );
  return needed.length > 0 ? `?${query}` : '';
}

/** A valid body for the route, from the document's example. */
const bodyOf = (route: DocumentedRoute): { body?: unknown } => {
  const example = route.operation.requestBody?.content['application/json']?.example;
  return example === undefined ? {} : { body: example };
};

describe('authorization of every route', () => {
  let test: TestApp;
  let call: ApiClient;
  let other: TestTeam;

  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
    other = await createTeam(test.database);
    await makeOperator(test.database, test.team);
  });
  after(() => test?.close());

  const issue = (scopes: readonly Scope[]) =>
    createToken(test.database.db, { ...test.team, name: 'matrix', scopes });

  it('leaves open only the health check, and what people sign in with', () => {
    const open = ROUTES.filter((route) => route.operation.security.length === 0);
    assert.deepEqual(
      open.map((route) => route.path),
      [
        '/health',
        '/auth/options',
        '/auth/sign-in',
        '/auth/two-factor',
        '/auth/invitation',
        '/auth/register',
        '/auth/password-reset',
        '/auth/password',
        '/auth/email',
        '/auth/passkey/options',
        '/auth/passkey',
        '/auth/provider',
        '/auth/provider/finish',
      ],
    );
  });

  it('refuses requests without a usable token', async () => {
    const [id] = test.team.token.split('|');
    const expired = await issue(SCOPES);
    await test.database.db
      .updateTable('tokens')
      .set({ expires_at: sql`now() - interval '1 second'` })
      .where('id', '=', expired.id)
      .execute();
    const revoked = await issue(SCOPES);
    await test.database.transaction((tx) => revokeToken(tx, revoked.id));
    const tokens = {
      none: null,
      garbage: 'garbage',
      'unknown id': '999999999999999|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'wrong secret': `${id}|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`,
      expired: expired.plainText,
      revoked: revoked.plainText,
    };
    for (const [index, route] of secured.entries()) {
      // Each from another address: too many rejected tokens from one address are answered with 429.
      const remoteAddress = `192.0.2.${index + 1}`;
      for (const [kind, token] of Object.entries(tokens)) {
        const answer = await call(route.method, pathOf(route), { token, remoteAddress, ...bodyOf(route) });
        assert.equal(answer.status, 401, `${route.method} ${route.path} with ${kind} token`);
        assert.equal(answer.body.code, 'unauthenticated');
        assert.match(String(answer.headers['www-authenticate']), /^Bearer /);
      }
    }
  });

  it('refuses tokens that have every scope but the needed one, and names it', async () => {
    for (const route of secured) {
      const needed = route.operation['x-required-scope'];
      if (needed === undefined) continue;
      const { plainText } = await issue(SCOPES.filter((scope) => scope !== needed));
      const answer = await call(route.method, pathOf(route), { token: plainText, ...bodyOf(route) });
      assert.equal(answer.status, 403, `${route.method} ${route.path}`);
      assert.equal(answer.body.code, 'missing_scope');
      assert.equal(answer.body.required_scope, needed);
      assert.ok(answer.body.message.includes(needed));
    }
  });

  it('lets a token with only the needed scope pass', async () => {
    for (const route of secured) {
      const needed = route.operation['x-required-scope'] as Scope | undefined;
      const { plainText } = await issue(needed === undefined ? [] : [needed]);
      const answer = await call(route.method, pathOf(route), { token: plainText, ...bodyOf(route) });
      // Let in, and then refused for what the body asks for besides: a token makes none that can do more.
      const asksForMore = answer.body.code === 'missing_scope' && answer.body.required_scope !== needed;
      const isLet = ![401, 403].includes(answer.status) || asksForMore;
      assert.ok(isLet, `${route.method} ${route.path}: ${answer.status}`);
    }
  });

  it('refuses a team that the account is not in, and an X-Team-Id that is no number', async () => {
    for (const route of secured.filter(({ operation }) => operation.security.some((one) => 'team' in one))) {
      const request = { token: test.team.token, ...bodyOf(route) };
      const foreign = await call(route.method, pathOf(route), {
        ...request,
        headers: { 'x-team-id': String(other.teamId) },
      });
      assert.equal(foreign.status, 403, `${route.method} ${route.path}`);
      assert.equal(foreign.body.code, 'team_forbidden');
      const malformed = await call(route.method, pathOf(route), {
        ...request,
        headers: { 'x-team-id': 'x' },
      });
      assert.equal(malformed.status, 422);
    }
  });

  it('lets a session do what its account may, and asks for one where a token will not do', async () => {
    for (const route of [...secured, ...ofSessions]) {
      // Each of another account, as one of the routes deletes it.
      const account = await createTeam(test.database);
      await makeOperator(test.database, account);
      const session = await openSession(test.database, account);
      const answer = await call(route.method, pathOf(route), { session, ...bodyOf(route) });
      // A wrong password is no lack of rights.
      const isLet = ![401, 403].includes(answer.status) || answer.body.code === 'sign_in_failed';
      assert.ok(isLet, `${route.method} ${route.path}: ${answer.status}`);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
    for (const route of ofSessions) {
      const request = { token: test.team.token, ...bodyOf(route) };
      const byToken = await call(route.method, pathOf(route), request);
      assert.deepEqual([byToken.status, byToken.body.code], [403, 'session_required'], route.path);
      const byNobody = await call(route.method, pathOf(route), bodyOf(route));
      assert.equal(byNobody.status, 401, route.path);
    }
  });

  it('refuses every write by cookie that a page of another origin sends, whatever its content type', async () => {
    const cookie = await openSession(test.database, test.team);
    const types = [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      '',
    ];
    const origins = [
      undefined,
      'null',
      '',
      'http://localhost:8443',
      'https://localhost',
      'http://evil.example',
    ];
    for (const route of [...secured, ...ofSessions].filter(({ method }) => method !== 'GET')) {
      for (const origin of origins) {
        for (const type of types) {
          const headers = { cookie, 'content-type': type, ...(origin === undefined ? {} : { origin }) };
          const answer = await call(route.method, pathOf(route), { headers, payload: '{}' });
          assert.deepEqual(
            [answer.status, answer.body.code],
            [403, 'origin_mismatch'],
            `${route.path} ${origin}`,
          );
        }
      }
    }
    assert.equal(
      (await call('GET', '/auth/session', { session: cookie })).status,
      200,
      'and nobody was signed out',
    );
  });

  it('answers 404 for what belongs to another team, exactly as for what does not exist', async () => {
    const ids = await makeThings(call, other.token);
    const withIds = secured.filter((route) => route.path.includes('{'));
    for (const route of withIds) {
      const request = { token: test.team.token, ...bodyOf(route) };
      const foreign = await call(route.method, pathOf(route, ids), request);
      const missing = await call(route.method, pathOf(route), request);
      assert.equal(foreign.status, 404, `${route.method} ${route.path}`);
      assert.equal(missing.status, 404, `${route.method} ${route.path}`);
      assert.equal(foreign.body.message, missing.body.message);
    }
  });
});
