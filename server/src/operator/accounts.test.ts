import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { bearer, ConsoleWorld, PROMPT } from '../../test/console-world.ts';
import { openStream } from '../../test/event-stream.ts';
import {
  createTeam,
  joinTeam,
  makeOperator,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../test/harness.ts';
import { createPerson, PASSWORD } from '../../test/people.ts';

const pathOf = ({ accountId }: Pick<TestTeam, 'accountId'>, action = ''): string =>
  `/operator/accounts/${accountId}${action}`;

describe('an account that an operator disables', () => {
  const world = new ConsoleWorld();
  let call: ApiClient;
  before(async () => {
    await world.open();
    await makeOperator(world.test.database, world.test.team);
    call = createApiClient(world.test.app.http, world.test.team.token);
  });
  after(world.close);

  it('loses its sessions, streams and consoles, acts by no token, and cannot sign in, until it is enabled', async () => {
    const { database, app } = world.test;
    const { open, id, ...team } = await world.newServer();
    await database.pool.query('update users set email_verified_at = now() where id = $1', [team.accountId]);
    const session = await openSession(database, team);
    const { url } = await open();
    const shell = await world.connect(url, bearer(team.token));
    await shell.sees(PROMPT);
    const streams = [
      await openStream(app.url!, team.token),
      await openStream(app.url!, null, { headers: { cookie: session } }),
    ];
    const disabled = await call('POST', pathOf(team, '/disable'));
    assert.deepEqual([disabled.status, disabled.body.account.status], [200, 'disabled']);
    for (const stream of streams) await stream.ended();
    const { last } = await shell.closed();
    assert.equal(last?.type === 'closed' && last.reason, 'access_ended');
    const statusOf = async (options: object) => (await call('GET', '/user', options)).status;
    await waitFor('its token to stop', async () => (await statusOf({ token: team.token })) === 401);
    assert.equal((await call('POST', '/auth/sign-out', { token: null, session })).status, 401);
    // What it has goes on.
    const { rows } = await database.pool.query('select status from instances where id = $1', [id]);
    assert.equal(rows[0].status, 'running');

    const enabled = await call('POST', pathOf(team, '/enable'));
    assert.deepEqual([enabled.status, enabled.body.account.status], [200, 'active']);
    await waitFor('its token to work', async () => (await statusOf({ token: team.token })) === 200);
    assert.equal(await statusOf({ token: null, session }), 401, 'its sessions stay ended');
    const { data } = (await call('GET', `/operator/audit?name=disableAccount`)).body;
    assert.deepEqual(
      [data[0].outcome, data[0].resource_type, data[0].resource_id],
      ['done', 'account', String(team.accountId)],
    );
  });
});

describe('accounts, for operators', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    // The account of the first start is one, too.
    await test.database.pool.query('update users set operator = id = $1', [test.team.accountId]);
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  const disable = (account: Pick<TestTeam, 'accountId'>, options: object = {}) =>
    call('POST', pathOf(account, '/disable'), options);
  const signIn = (email: string) =>
    call('POST', '/auth/sign-in', { token: null, body: { email, password: PASSWORD } });

  it('are told when they sign in that they are disabled, and only with the right password', async () => {
    const person = await createPerson(test.database);
    await disable(person);
    assert.match((await signIn(person.email)).body.message, /disabled/);
    await call('POST', pathOf(person, '/enable'));
    assert.equal((await signIn(person.email)).status, 200);
  });

  it('keep one operator who can sign in, also of two that disable each other at once', async () => {
    const alone = await disable(test.team);
    assert.deepEqual([alone.status, alone.body.status], [422, 'last_operator']);
    const other = await createTeam(test.database);
    await makeOperator(test.database, other);
    const answers = await Promise.all([disable(other), disable(test.team, { token: other.token })]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    const { rows } = await test.database.pool.query(
      'select from users where operator and disabled_at is null',
    );
    assert.equal(rows.length, 1);
    await test.database.pool.query('update users set disabled_at = null, operator = id = $1', [
      test.team.accountId,
    ]);
    await waitFor('the token to work', async () => (await call('GET', pathOf(test.team))).status === 200);
  });

  it('cannot be deleted by themselves as the last operator', async () => {
    const session = await openSession(test.database, test.team);
    const refused = await call('DELETE', '/user', { token: null, session });
    assert.equal(refused.body.code, 'invalid_state');
  });

  it('leave no invitation behind by which somebody gets in, nor a team whose last active owner leaves', async () => {
    const [owner, member, guest] = [
      await createTeam(test.database),
      await createTeam(test.database),
      await createTeam(test.database),
    ];
    const memberToken = await joinTeam(test.database, member.accountId, owner.teamId, 'owner');
    const body = { role: 'owner', email: null };
    const { code } = (await call('POST', '/team/invitations', { token: owner.token, body })).body;
    assert.deepEqual((await disable(owner)).body.warnings, []);
    const accepted = await call('POST', '/user/invitations/accept', { token: guest.token, body: { code } });
    assert.equal(accepted.status, 404);
    const left = await call('DELETE', `/user/teams/${owner.teamId}`, { token: memberToken });
    assert.equal(left.body.status, 'last_owner');
    const [warning] = (await disable(member)).body.warnings;
    assert.match(warning, new RegExp(`No owner of these teams.*\\(${owner.teamId}\\)`));
  });

  it('ask an operator in a session for the password again', async () => {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, test.team);
    await test.database.db
      .updateTable('sessions')
      .set({ proved_at: sql`now() - interval '1 hour'` })
      .where('user_id', '=', test.team.accountId)
      .execute();
    for (const action of ['/disable', '/enable']) {
      const refused = await call('POST', pathOf(person, action), { token: null, session });
      assert.equal(refused.body.code, 'proof_required');
    }
    const changed = await call('GET', pathOf(person));
    assert.equal(changed.body.account.status, 'active');
  });

  it('stay deleted', async () => {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    assert.equal((await call('DELETE', '/user', { token: null, session })).status, 200);
    assert.equal((await call('GET', pathOf(person))).body.account.status, 'deleted');
    for (const action of ['/disable', '/enable'])
      assert.equal((await call('POST', pathOf(person, action))).status, 404);
    assert.equal((await call('POST', '/operator/accounts/999999/disable')).status, 404);
  });

  it('are found by any part of the address or the name, and by their status', async () => {
    const insert = (email: string, name: string) =>
      test.database.db.insertInto('users').values({ email, name }).execute();
    await insert('Grace.Hopper@Ships.example', 'Rear Admiral');
    await insert('percent@example.org', '100% sure_ly');
    const found = async (q: string, more = '') =>
      (await call('GET', `/operator/accounts?q=${encodeURIComponent(q)}${more}`)).body.data.map(
        ({ email }: { email: string }) => email,
      );
    for (const q of ['hopper@ships', 'ACE.HOP', 'rear adm'])
      assert.deepEqual(await found(q), ['Grace.Hopper@Ships.example'], q);
    for (const q of ['0% s', 'sure_l']) assert.deepEqual(await found(q), ['percent@example.org'], q);
    assert.deepEqual(await found('%%'), []);
    assert.deepEqual(await found('hopper', '&status=unconfirmed'), ['Grace.Hopper@Ships.example']);
    assert.deepEqual(await found('hopper', '&status=disabled'), []);
    assert.equal((await call('GET', '/operator/accounts?status=strange')).status, 422);
    const { pagination } = (await call('GET', '/operator/accounts?q=example&per_page=1')).body;
    assert.ok(pagination.total > 1 && pagination.next_cursor);
  });

  it('have teams that are found by any part of the name, and by their id', async () => {
    const { teamId } = await createTeam(test.database);
    await test.database.db
      .updateTable('teams')
      .set({ name: 'Flower Shop' })
      .where('id', '=', teamId)
      .execute();
    const found = async (q: string) =>
      (await call('GET', `/operator/teams?q=${encodeURIComponent(q)}`)).body.data.map(
        ({ id }: { id: number }) => id,
      );
    assert.deepEqual(await found('ower sh'), [teamId]);
    assert.ok((await found(String(teamId))).includes(teamId));
    assert.deepEqual(await found('flower%shop'), []);
  });

  it('are searched by an index in a large install', async () => {
    const { rows } = await test.database.pool.query(
      `select indexdef from pg_indexes where indexname in ('users_email_parts', 'users_name_parts', 'teams_name_parts')`,
    );
    assert.equal(rows.length, 3);
    await test.database.pool.query(
      `insert into users (email, name) select 'many-' || i || '@example.org', 'Many ' || i from generate_series(1, 20000) i`,
    );
    await test.database.pool.query('analyze users');
    const plan = await test.database.pool.query(
      `explain select from users where email_key like lower('%hopper@ships%') or lower(name) like lower('%hopper@ships%')`,
    );
    assert.match(JSON.stringify(plan.rows), /users_email_parts/);
  });
});
