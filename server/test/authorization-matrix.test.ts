import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROLES, type Role, SCOPES, type Scope, scopesOfRole } from '../src/http/scopes.ts';
import {
  type ApiClient,
  type ApiResponse,
  type CallOptions,
  createApiClient,
  type DocumentedRoute,
  ROUTES,
  takesSessionOnly,
  takesToken,
} from './api-client.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
} from './harness.ts';
import { missingId } from './things.ts';

const secured = ROUTES.filter((route) => takesToken(route) || takesSessionOnly(route));
const neededBy = ({ operation }: DocumentedRoute) => operation['x-required-scope'] as Scope | undefined;
const actsOnTeam = ({ operation }: DocumentedRoute) => operation.security.some((one) => 'team' in one);

/**
 * Who is let in is decided before anything else is looked at. So every request has a query parameter that no route has:
 * it is refused for that once it is let in, and changes nothing.
 */
const PARAMETER = 'matrix';
const pathOf = ({ path }: DocumentedRoute): string =>
  `${path.replace(/\{([^}]+)\}/g, (_, name: string) => missingId(name))}?${PARAMETER}=1`;
const isLetIn = ({ status, body }: ApiResponse): boolean => status === 422 && PARAMETER in body.errors;

/** A credential, with what it can do at most. */
interface Credential {
  name: string;
  options: CallOptions;
  scopes: ReadonlySet<string>;
  role: Role;
  isOperator: boolean;
  isSession: boolean;
}

function mayPass(route: DocumentedRoute, { scopes, role, isOperator, isSession }: Credential): boolean {
  if (takesSessionOnly(route) && !isSession) return false;
  const needed = neededBy(route);
  if (needed === undefined) return true;
  if (needed.startsWith('operator:')) return isOperator && scopes.has(needed);
  return scopes.has(needed) && (!actsOnTeam(route) || scopesOfRole(role).has(needed));
}

describe('every route, for every credential, role and scope', () => {
  let test: TestApp;
  let call: ApiClient;
  const members = new Map<Role, TestTeam>();
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
    for (const role of ROLES) {
      const account = await createTeam(test.database);
      const token = await joinTeam(test.database, account.accountId, test.team.teamId, role);
      members.set(role, { ...account, teamId: test.team.teamId, token });
    }
  });
  after(() => test?.close());

  async function assertMatrix(credential: Credential, routes: readonly DocumentedRoute[]): Promise<void> {
    for (const route of routes) {
      const answer = await call(route.method, pathOf(route), credential.options);
      const where = `${credential.name}: ${route.method} ${route.path}: ${JSON.stringify(answer.body)}`;
      const expected = mayPass(route, credential);
      assert.equal(isLetIn(answer), expected, where);
      if (!expected) assert.equal(answer.status, 403, where);
      if (answer.body.code === 'missing_scope')
        assert.equal(answer.body.required_scope, neededBy(route), where);
    }
  }

  const tokenOf = async (role: Role, scopes: readonly Scope[], name: string): Promise<Credential> => {
    const token = await issueToken(test.database.db, members.get(role)!, scopes);
    return { name, options: { token }, scopes: new Set(scopes), role, isOperator: false, isSession: false };
  };

  it('nobody without a credential is let in', async () => {
    for (const [index, route] of secured.entries()) {
      const remoteAddress = `198.51.100.${index % 250}`;
      const answer = await call(route.method, pathOf(route), { token: null, remoteAddress });
      assert.equal(answer.status, 401, `${route.method} ${route.path}`);
    }
  });

  for (const role of ROLES) {
    it(`${role}: a token with all scopes may what the role may`, async () => {
      await assertMatrix(await tokenOf(role, SCOPES, `${role}, all scopes`), secured);
    });

    it(`${role}: a token may what its one scope is for, and no other`, async () => {
      for (const scope of SCOPES) {
        const routes = secured.filter((route) => neededBy(route) === scope);
        const only = await tokenOf(role, [scope], `${role}, only ${scope}`);
        await assertMatrix(only, routes);
        const others = SCOPES.filter((other) => other !== scope);
        await assertMatrix(await tokenOf(role, others, `${role}, all but ${scope}`), routes);
        // Of the other scopes one route each, as that one decides for all.
        const samples = SCOPES.filter((other) => other !== scope).flatMap(
          (other) => secured.find((route) => neededBy(route) === other) ?? [],
        );
        if (role === 'owner') await assertMatrix(only, samples);
      }
    });

    it(`${role}: a session may what the role may`, async () => {
      const cookie = await openSession(test.database, members.get(role)!);
      const options = { session: cookie, headers: { 'x-team-id': String(test.team.teamId) } };
      const scopes = new Set(SCOPES);
      await assertMatrix(
        { name: `${role} in a session`, options, scopes, role, isOperator: false, isSession: true },
        secured,
      );
    });
  }

  it('a viewer changes nothing, an editor deletes nothing, and none but the owner ends a team', () => {
    const allowed = (role: Role) => [...scopesOfRole(role)];
    assert.deepEqual(
      allowed('viewer').filter((scope) => !scope.endsWith(':read')),
      [],
    );
    assert.deepEqual(
      allowed('editor').filter((scope) => scope.endsWith(':delete')),
      [],
    );
    assert.ok(!allowed('editor').includes('team:write') && !allowed('editor').includes('audit:read'));
    assert.ok(allowed('admin').includes('team:write') && !allowed('admin').includes('team:delete'));
    assert.ok(allowed('owner').includes('team:delete'));
    for (const role of ROLES)
      assert.deepEqual(
        allowed(role).filter((scope) => /^(operator|token):/.test(scope)),
        [],
      );
  });

  it('a removed member, and one of another team, may nothing in the team', async () => {
    const ofTeams = secured.filter(actsOnTeam);
    const removed = await createTeam(test.database);
    const token = await joinTeam(test.database, removed.accountId, test.team.teamId, 'admin');
    const path = `/team/members/${removed.accountId}`;
    assert.equal((await call('DELETE', path, { token: test.team.token })).status, 200);
    const stranger = await createTeam(test.database);
    const headers = { 'x-team-id': String(test.team.teamId) };
    const sessions = [await openSession(test.database, removed), await openSession(test.database, stranger)];
    const credentials = [
      { token: removed.token },
      { token: stranger.token },
      ...sessions.map((session) => ({ session })),
    ];
    for (const [index, route] of ofTeams.entries()) {
      const remoteAddress = `203.0.113.${index % 250}`;
      const byRevoked = await call(route.method, pathOf(route), { token, remoteAddress });
      assert.equal(byRevoked.status, 401, `${route.method} ${route.path}`);
      for (const credential of credentials) {
        const answer = await call(route.method, pathOf(route), { ...credential, headers });
        assert.deepEqual([answer.status, answer.body.code], [403, 'team_forbidden'], route.path);
      }
    }
  });

  it('an operator may what concerns the install, as long as it is one, and no more than its role in the team', async () => {
    const operator = await createTeam(test.database);
    await joinTeam(test.database, operator.accountId, test.team.teamId, 'viewer');
    const account = { accountId: operator.accountId, teamId: test.team.teamId };
    const headers = { 'x-team-id': String(test.team.teamId) };
    const ofInstall = secured.filter((route) => neededBy(route)?.startsWith('operator:'));
    assert.ok(ofInstall.length > 10);
    const bySession = async (isOperator: boolean): Promise<Credential> => ({
      name: 'an operator in a session',
      options: { session: await openSession(test.database, account), headers },
      scopes: new Set(SCOPES),
      role: 'viewer',
      isOperator,
      isSession: true,
    });
    const byToken = async (scopes: readonly Scope[], isOperator: boolean): Promise<Credential> => ({
      name: `an operator with ${scopes.length} scopes`,
      options: { token: await issueToken(test.database.db, account, scopes) },
      scopes: new Set(scopes),
      role: 'viewer',
      isOperator,
      isSession: false,
    });
    const setOperator = (is: boolean) =>
      test.database.db
        .updateTable('users')
        .set({ operator: is })
        .where('id', '=', account.accountId)
        .execute();
    await setOperator(true);
    await assertMatrix(await bySession(true), secured);
    await assertMatrix(await byToken(SCOPES, true), secured);
    for (const scope of SCOPES.filter((one) => one.startsWith('operator:'))) {
      await assertMatrix(await byToken([scope], true), ofInstall);
      await assertMatrix(
        await byToken(
          SCOPES.filter((other) => other !== scope),
          true,
        ),
        ofInstall,
      );
    }
    await setOperator(false);
    await assertMatrix(await bySession(false), ofInstall);
    await assertMatrix(await byToken(SCOPES, false), ofInstall);
  });
});
