import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { bearer, ConsoleWorld, PROMPT } from '../../../test/console-world.ts';
import { waitFor } from '../../../test/harness.ts';
import { CONSOLES } from './routes.ts';
import { closeForgotten } from './store.ts';

describe('consoles', () => {
  const world = new ConsoleWorld();
  const { auditOf, connect, ended, endOf, newServer, ours } = world;
  before(world.open);
  after(world.close);

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
      { type: 'resize', columns: 90, rows: 30, padding: 'x'.repeat(1024) },
    ];
    for (const message of wrong) client.say(message);
    await waitFor(
      'all refusals',
      async () => client.messages.filter(({ type }) => type === 'error').length === wrong.length,
    );
    client.type('stty size\r');
    await client.sees(/\n24 80\r/);
    // A storm of sizes ends with the last one, and the shell goes on.
    for (let step = 0; step < 2000; step++)
      client.say({ type: 'resize', columns: 100 + (step % 50), rows: 40 });
    client.say({ type: 'resize', columns: 91, rows: 31 });
    await waitFor('the last size', async () => {
      client.type('stty size\r');
      return /\n31 91\r/.test(client.output());
    });
    for (const query of ['columns=0', 'rows=1001', 'columns=x', 'position=-1', 'other=1'])
      await assert.rejects(connect(`${url}?${query}`, bearer(token)), /refused with 422/);
    client.socket.send(Buffer.alloc(70_000));
    assert.equal((await client.closed()).code, 1009);
    // It may come back.
    const again = await connect(url, bearer(token));
    await again.sees(PROMPT);
    again.leave();
    const plain = await fetch(`${world.test.app.url}/api/v1/vps/${id}/consoles/x`, {
      headers: bearer(token),
    });
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
    await world.test.restart();
    assert.deepEqual((await client.closed()).code, 1012);
    assert.equal((await endOf(call, id)).after.reason, 'server_stopped');
    // As a process leaves it that was killed.
    await world.test.database.db
      .updateTable('consoles')
      .set({ process: sql`gen_random_uuid()`, seen_at: sql`now() - interval '2 minutes'` })
      .where('id', '=', lost.id)
      .execute();
    await assert.rejects(connect(ours(lost.url), bearer(token)), /refused with 422/);
    await closeForgotten(world.test.database, 60);
    assert.equal((await endOf(call, lost.id)).after.reason, 'lost');
  });
});
