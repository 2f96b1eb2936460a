import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { newVps } from '../../../test/client.ts';
import { type ConsoleClient, connectConsole } from '../../../test/console-client.ts';
import {
  createTeam,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  waitFor,
} from '../../../test/harness.ts';
import { revokeToken } from '../../identity/tokens/service.ts';
import { CONSOLES } from './routes.ts';
import { closeForgotten } from './store.ts';

const PROMPT = /~# $/;

describe('consoles', () => {
  let test: TestApp;
  const clients: ConsoleClient[] = [];
  before(async () => {
    test = await startTestApp({ still: ['forgotten-consoles'] });
  });
  after(async () => {
    for (const client of clients) client.cut();
    await test?.close();
  });

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  async function ended(call: ApiClient, operation: string): Promise<void> {
    const { body } = await call('GET', `/operations/${operation}?wait=60`);
    assert.equal(body.data.state, 'succeeded', JSON.stringify(body));
  }

  /** A team with a running server. */
  async function newServer() {
    const team = await createTeam(test.database);
    const call: ApiClient = (...request) => createApiClient(test.app.http, team.token)(...request);
    const { body } = await call('POST', '/vps', { body: newVps() });
    await ended(call, body.operation_id);
    const id = body.instance.id as string;
    /** Opens a console. `url`: of this test's server, which has another port than its settings say. */
    const open = async (options: Parameters<ApiClient>[2] = {}) => {
      const answer = await call('POST', `/vps/${id}/consoles`, options);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      const { url } = answer.body.console as { url: string };
      return { ...answer.body.console, url: ours(url) } as { id: string; url: string };
    };
    return { ...team, call, id, open };
  }

  const ours = (url: string) => `${test.app.url!.replace(/^http/, 'ws')}${new URL(url).pathname}`;

  async function connect(
    url: string,
    headers: Record<string, string>,
    options?: Parameters<typeof connectConsole>[2],
  ): Promise<ConsoleClient> {
    const client = await connectConsole(url, headers, options);
    clients.push(client);
    return client;
  }

  const auditOf = async (call: ApiClient) =>
    ((await call('GET', '/audit?per_page=100')).body.data as { action: string; after: object }[]).filter(
      ({ action }) => /Console/.test(action),
    );
  const endOf = async (call: ApiClient, console: string) =>
    waitFor('the end in the audit log', async () =>
      (await auditOf(call)).find(
        ({ action, after }) =>
          action === 'closeVpsConsole' && (after as { console: string }).console === console,
      ),
    ) as unknown as Promise<{ after: { reason: string; status?: number } }>;

  it('open a shell with a size that changes, and the audit log tells of both ends', async () => {
    const { open, token, call, id } = await newServer();
    const { id: console, url } = await open();
    const client = await connect(`${url}?columns=100&rows=30`, bearer(token));
    await client.sees(PROMPT);
    client.type('stty size\r');
    await client.sees(/\n30 100\r/);
    client.say({ type: 'resize', columns: 132, rows: 50 });
    client.type('stty size\r');
    await client.sees(/\n50 132\r/);
    client.type('exit 7\r');
    const { code, last } = await client.closed();
    assert.equal(code, 1000);
    assert.deepEqual(last, {
      type: 'closed',
      reason: 'exited',
      status: 7,
      message: 'The shell has ended.',
    });
    const end = await endOf(call, console);
    assert.deepEqual([end.after.reason, end.after.status], ['exited', 7]);
    const [, opened] = await auditOf(call);
    assert.equal(opened?.action, 'openVpsConsole');
    assert.equal((await call('GET', `/vps/${id}/consoles/${console}`)).status, 404);
  });

  it('come back after a cut with what was missed, in the same shell', async () => {
    const { open, token } = await newServer();
    const { url } = await open();
    const first = await connect(url, bearer(token));
    await first.sees(PROMPT);
    first.type('seq 50000\r');
    await first.sees(/\n2000\r/);
    first.cut();
    const second = await connect(`${url}?position=${first.position()}`, bearer(token));
    await second.sees(/\n50000\r\n.*~# $/);
    const all = first.output() + second.output();
    const numbers = all.match(/(?<=\n)\d+(?=\r)/g)!.map(Number);
    assert.equal(numbers.length, 50_000);
    assert.ok(numbers.every((number, index) => number === index + 1));
    // A page that is loaded anew shows the last lines once more.
    const third = await connect(url, bearer(token));
    await third.sees(/\n50000\r\n.*~# $/);
    assert.equal((await second.closed()).code, 4001);
    third.leave();
  });

  it('let a server wait whose output nobody takes', async () => {
    const { open, token } = await newServer();
    const { url } = await open();
    const client = await connect(url, bearer(token), { acknowledges: false });
    await client.sees(PROMPT);
    client.type('seq 10000000\r');
    const other = await connect((await open()).url, bearer(token));
    other.type('seq 30000\r');
    await other.sees(/\n30000\r/);
    assert.ok(client.position() < 1_000_000, `${client.position()} bytes`);
    client.say({ type: 'received', position: client.position() });
    const before = client.position();
    await waitFor('more output', async () => client.position() > before);
    client.leave();
    other.leave();
  });

  it('belong to the credential that opened them, and to no other of the team', async () => {
    const { open, call, id, ...team } = await newServer();
    const { id: console, url } = await open();
    const stranger = await createTeam(test.database);
    const colleague = await joinTeam(test.database, stranger.accountId, team.teamId);
    const session = await openSession(test.database, team);
    const origin = test.app.url!;
    for (const headers of [
      bearer(stranger.token),
      bearer(colleague),
      { cookie: session, origin },
      { ...bearer(stranger.token), 'x-team-id': String(team.teamId) },
    ])
      await assert.rejects(connect(url, headers), /refused with 404/);
    await assert.rejects(connect(url, {}), /refused with 401/);
    const missing = url.replace(console, '00000000-0000-7000-8000-000000000000');
    await assert.rejects(connect(missing, bearer(team.token)), /refused with 404/);
    const viewer = await joinTeam(
      test.database,
      (await createTeam(test.database)).accountId,
      team.teamId,
      'viewer',
    );
    const refused = await call('POST', `/vps/${id}/consoles`, { token: viewer });
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'vps:write']);
    assert.equal((await call('POST', `/vps/${id}/consoles`, { token: stranger.token })).status, 404);
  });

  it('open for pages of the install only, and end with the session', async () => {
    const { call, id, teamId, accountId } = await newServer();
    const session = await openSession(test.database, { accountId });
    const origin = test.app.url!;
    const { body } = await call('POST', `/vps/${id}/consoles`, {
      token: null,
      headers: { cookie: session, origin: 'http://evil.example', 'x-team-id': String(teamId) },
    });
    assert.equal(body.code, 'origin_mismatch');
    const answer = await fetch(`${origin}/api/v1/vps/${id}/consoles`, {
      method: 'POST',
      headers: { cookie: session, origin },
    });
    const url = ours(((await answer.json()) as { console: { url: string } }).console.url);
    for (const foreign of [
      {},
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `${origin}0` },
    ])
      await assert.rejects(connect(url, { cookie: session, ...foreign }), /refused with 403/);
    const client = await connect(url, { cookie: session, origin });
    await client.sees(PROMPT);
    await test.database.db.deleteFrom('sessions').where('user_id', '=', accountId).execute();
    const { last } = await client.closed();
    assert.equal(last?.type === 'closed' && last.reason, 'access_ended');
  });

  it('end with the token, and with the role', async () => {
    const { open, token, call, ...team } = await newServer();
    const member = await createTeam(test.database);
    const ways: [string, (token: string) => Promise<unknown>][] = [
      ['token', (own) => test.database.transaction((tx) => revokeToken(tx, Number(own.split('|')[0])))],
      [
        'role',
        () =>
          test.database.db
            .updateTable('team_members')
            .set({ role: 'viewer' })
            .where('user_id', '=', member.accountId)
            .where('team_id', '=', team.teamId)
            .execute(),
      ],
    ];
    for (const [name, end] of ways) {
      await test.database.db
        .deleteFrom('team_members')
        .where('user_id', '=', member.accountId)
        .where('team_id', '=', team.teamId)
        .execute();
      const own = await joinTeam(test.database, member.accountId, team.teamId, 'editor');
      const { id: console, url } = await open({ token: own });
      const client = await connect(url, bearer(own));
      await client.sees(PROMPT);
      await end(own);
      const { last } = await client.closed();
      assert.equal(last?.type === 'closed' && last.reason, 'access_ended', name);
      assert.equal((await endOf(call, console)).after.reason, 'access_ended');
    }
    assert.ok(token);
  });

  it('end with their server, and open for none that does not run', async () => {
    const { open, token, call, id } = await newServer();
    const { url } = await open();
    const unused = await open();
    const client = await connect(url, bearer(token));
    await client.sees(PROMPT);
    const { body } = await call('POST', `/vps/${id}/stop`);
    await client.closed();
    await ended(call, body.operation_id);
    const late = await connect(unused.url, bearer(token));
    const { last } = await late.closed();
    assert.equal(last?.type === 'closed' && last.reason, 'not_running');
    assert.equal((await call('POST', `/vps/${id}/consoles`)).body.code, 'invalid_state');
  });

  it('take no more than a server and a team may have', async () => {
    const { open, call, id, token } = await newServer();
    const urls = [];
    for (let count = 0; count < CONSOLES.instance; count++) urls.push((await open()).url);
    const full = await Promise.all(Array.from({ length: 10 }, () => call('POST', `/vps/${id}/consoles`)));
    for (const { status, body } of full) assert.deepEqual([status, body.code], [429, 'rate_limited']);
    const client = await connect(urls[0]!, bearer(token));
    await client.sees(PROMPT);
    client.leave();
    await waitFor('a place', async () => (await call('POST', `/vps/${id}/consoles`)).status === 201);
  });

  it('bear what is no message, too large or absurd, and change nothing for it', async () => {
    const { open, token, id } = await newServer();
    const { url } = await open();
    const client = await connect(url, bearer(token));
    await client.sees(PROMPT);
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      { type: 'resize' },
      { type: 'resize', columns: 0, rows: 24 },
      { type: 'resize', columns: 1e9, rows: 24 },
      { type: 'resize', columns: 80.5, rows: '24' },
      { type: 'received', position: -1 },
      { type: 'received', position: 1e12 },
      { type: 'exec', command: 'reboot' },
    ];
    for (const message of wrong) client.say(message);
    await waitFor(
      'all refusals',
      async () => client.messages.filter(({ type }) => type === 'error').length === wrong.length,
    );
    client.type('stty size\r');
    await client.sees(/\n24 80\r/);
    for (const query of ['columns=0', 'rows=1001', 'columns=x', 'position=-1', 'other=1'])
      await assert.rejects(connect(`${url}?${query}`, bearer(token)), /refused with 422/);
    client.socket.send(Buffer.alloc(70_000));
    assert.equal((await client.closed()).code, 1009);
    // It may come back.
    const again = await connect(url, bearer(token));
    await again.sees(PROMPT);
    again.leave();
    const plain = await fetch(`${test.app.url}/api/v1/vps/${id}/consoles/x`, { headers: bearer(token) });
    assert.equal(plain.status, 404);
    // Other routes answer a request for a WebSocket as usual.
    await assert.rejects(connect(url.replace(/\/consoles.*/, ''), bearer(token)), /refused with 200/);
  });

  it('end with Danube, which tells of it, also where it was killed', async () => {
    const { open, token, call } = await newServer();
    const { id, url } = await open();
    const lost = await open();
    const client = await connect(url, bearer(token));
    await client.sees(PROMPT);
    await test.restart();
    assert.deepEqual((await client.closed()).code, 1012);
    assert.equal((await endOf(call, id)).after.reason, 'server_stopped');
    // As a process leaves it that was killed.
    await test.database.db
      .updateTable('consoles')
      .set({ process: sql`gen_random_uuid()`, seen_at: sql`now() - interval '2 minutes'` })
      .where('id', '=', lost.id)
      .execute();
    await assert.rejects(connect(ours(lost.url), bearer(token)), /refused with 422/);
    await closeForgotten(test.database, 60);
    assert.equal((await endOf(call, lost.id)).after.reason, 'lost');
  });
});
