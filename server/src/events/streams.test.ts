import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import { type OpenStream, openStream } from '../../test/event-stream.ts';
import { createTeam, holdBack, issueToken, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';
import { revokeToken } from '../identity/tokens/service.ts';
import { uuidv7 } from '../lib/ids.ts';
import { vpsEvents } from '../resources/vps/events.ts';
import { purgeEvents, record } from './store.ts';
import { STREAMS_PER_TEAM } from './streams.ts';

describe('events as a list and as a stream', () => {
  let test: TestApp;
  const streams: OpenStream[] = [];
  before(async () => {
    test = await startTestApp();
  });
  after(async () => {
    for (const stream of streams) stream.close();
    await test?.close();
  });

  /** A team with a client, and a function that writes an event about one of its servers. */
  async function newTeam() {
    const team = await createTeam(test.database);
    const call: ApiClient = (...request) => createApiClient(test.app.http, team.token)(...request);
    const write = (resourceId = uuidv7()) =>
      test.database.transaction((tx) =>
        record(tx, vpsEvents.rebooted, { teamId: team.teamId, resourceType: 'vps', resourceId }, {}),
      );
    return { ...team, call, write };
  }

  async function follow(token: string, options: Parameters<typeof openStream>[2] = {}): Promise<OpenStream> {
    const stream = await openStream(test.app.url!, token, options);
    streams.push(stream);
    return stream;
  }

  it('tells of a creation in order, the same in both', async () => {
    const { call, token } = await newTeam();
    const stream = await follow(token);
    const { body } = await call('POST', '/vps', { body: newVps() });
    const { id } = body.instance;
    await call('GET', `/operations/${body.operation_id}?wait=60`);
    const sent = [await stream.next()];
    while (sent.at(-1)!.type !== 'vps.created') sent.push(await stream.next());
    const list = await call('GET', '/events');
    assert.deepEqual(
      sent.map(({ data }) => data),
      list.body.data.slice(0, sent.length),
    );
    for (const one of sent) assert.deepEqual([one.id, one.type], [one.data.id, one.data.type]);
    assert.equal(sent[0]!.type, 'vps.requested');
    const created = sent.at(-1)!.data;
    assert.deepEqual(
      [created.resource_type, created.resource_id, created.operation_id, created.severity],
      ['vps', id, body.operation_id, 'Normal'],
    );
  });

  it('lists every event exactly once to a program that goes on where it stopped', async () => {
    const { call, write } = await newTeam();
    const resource = uuidv7();
    for (let count = 0; count < 5; count++) await write(resource);
    const seen: number[] = [];
    let answer = await call('GET', '/events?limit=2');
    for (; answer.body.data.length > 0; ) {
      seen.push(...answer.body.data.map((event: { id: number }) => event.id));
      assert.equal(answer.body.has_more, seen.length < 5);
      answer = await call('GET', `/events?limit=2&after=${answer.body.next_after}`);
    }
    assert.equal(new Set(seen).size, 5);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    const { next_after } = (await call('GET', '/events?after=latest')).body;
    await write();
    assert.equal((await call('GET', `/events?after=${next_after}`)).body.data.length, 1);
    assert.equal((await call('GET', `/events?resource_id=${resource.toUpperCase()}`)).body.data.length, 5);
    for (const none of ['resource_type=cache', 'type=vps.created', 'resource_id=none']) {
      assert.deepEqual((await call('GET', `/events?${none}`)).body.data, []);
    }
    assert.equal((await call('GET', '/events?after=yesterday')).status, 422);
  });

  it('lists the newest first, page by page, while more comes', async () => {
    const { call, write } = await newTeam();
    for (let count = 0; count < 5; count++) await write();
    const all = (await call('GET', '/events')).body.data.map(({ id }: { id: number }) => id);
    const seen: number[] = [];
    let before = '';
    for (let more = true; more; ) {
      const { body } = await call('GET', `/events?order=desc&limit=2${before}`);
      seen.push(...body.data.map(({ id }: { id: number }) => id));
      more = body.has_more;
      before = `&before=${body.next_before}`;
      await write();
    }
    assert.deepEqual(seen, all.toReversed());
    const { body } = await call('GET', '/events?order=desc&limit=1');
    assert.deepEqual((await call('GET', `/events?after=${body.next_after}`)).body.data, []);
    for (const [query, field] of [
      ['order=desc&after=1', 'after'],
      ['order=asc&before=1', 'before'],
    ] as const) {
      assert.deepEqual(Object.keys((await call('GET', `/events?${query}`)).body.errors), [field]);
    }
  });

  it('shows only what the token may read, and nothing of other teams', async () => {
    const { call, write, ...team } = await newTeam();
    const other = await newTeam();
    await write();
    await other.write();
    const blind = await issueToken(test.database.db, team, ['cache:read', 'vps:write']);
    const [list, stream] = [
      await call('GET', '/events', { token: blind }),
      await follow(blind, { query: '?after=0' }),
    ];
    assert.deepEqual(list.body.data, []);
    const seeing = await follow(team.token, { query: '?after=0' });
    assert.equal((await seeing.next()).data.id, (await call('GET', '/events')).body.data[0].id);
    assert.equal((await call('GET', '/events')).body.data.length, 1);
    stream.close();
  });

  it('misses and repeats nothing over a restart of the server', async () => {
    const { token, write, call } = await newTeam();
    const before = await follow(token);
    await write();
    const last = await before.next();
    await test.restart();
    await before.ended();
    await write();
    await write();
    const after = await follow(token, { lastEventId: last.id });
    await write();
    const ids = [await after.next(), await after.next(), await after.next()].map(({ id }) => id);
    const list = await call('GET', `/events?after=${last.id}`);
    assert.deepEqual(
      ids,
      list.body.data.map((event: { id: number }) => event.id),
    );
    assert.equal((await call('GET', '/events/stream', { headers: { 'last-event-id': 'x' } })).status, 422);
  });

  it('ends when the token is revoked, before anything more is shown', async () => {
    const { write, ...team } = await newTeam();
    const token = await issueToken(test.database.db, team);
    const stream = await follow(token, { query: '?resource_type=vps' });
    await write();
    await stream.next();
    await test.database.transaction((tx) => revokeToken(tx, Number(token.split('|')[0])));
    const call = createApiClient(test.app.http, token);
    await waitFor('the token to be refused', async () => (await call('GET', '/events')).status === 401);
    await write();
    await assert.rejects(stream.next(), /has ended/);
  });

  it('says in between that it lives, and where to go on', async () => {
    const { token, call, write } = await newTeam();
    const headers = { authorization: `Bearer ${token}` };
    const { body } = await fetch(`${test.app.url}/api/v1/events/stream`, { headers });
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.split('\n\n').length > 2) break;
    }
    const [, last] = /^id: \d+\n\nid: (\d+)\n\n$/.exec(text) ?? assert.fail(text);
    await write();
    assert.equal((await call('GET', `/events?after=${last}`)).body.data.length, 1);
  });

  it('tells how far operations are, in order and only where that is asked for', async () => {
    const { call, token, ...team } = await newTeam();
    const keysOnly = await issueToken(test.database.db, team, ['ssh-key:read']);
    const [stream, blind, plain] = [
      await follow(token, { query: '?progress=true' }),
      await follow(keysOnly, { query: '?progress=true' }),
      await follow(token),
    ];
    const letImage = holdBack(test.plane, 'ensureImage');
    const { body } = await call('POST', '/vps', { body: newVps() });
    const waiting = [await stream.next()];
    while (waiting.at(-1)!.type !== 'operation.progress') waiting.push(await stream.next());
    const { operation_id, resource_id, kind, state } = waiting.at(-1)!.data;
    assert.deepEqual(
      [operation_id, resource_id, kind, state],
      [body.operation_id, body.instance.id, 'create', 'running'],
    );
    // Who comes later is told where it is.
    const late = await follow(token, { query: `?progress=true&resource_id=${body.instance.id}` });
    assert.equal((await late.next()).data.operation_id, operation_id);
    letImage();
    const told = [await stream.next()];
    const last = () => told.findLast(({ type }) => type === 'operation.progress');
    while (last()?.data.state !== 'succeeded') told.push(await stream.next());
    assert.equal(last()!.data.percent, 100);
    const percents = told.filter(({ type }) => type === 'operation.progress').map(({ data }) => data.percent);
    assert.deepEqual(
      percents,
      percents.toSorted((a, b) => a - b),
    );
    const events = [await plain.next()];
    while (events.at(-1)!.type !== 'vps.created') events.push(await plain.next());
    assert.ok(events.every(({ type }) => type.startsWith('vps.')));
    await call('POST', '/ssh-keys', { body: { name: 'laptop', public_key: testKey(1) } });
    assert.equal((await blind.next()).type, 'ssh-key.created');
  });

  it('bounds the streams of a team, and frees their places', async () => {
    const { token, call } = await newTeam();
    const open = await Promise.all(Array.from({ length: STREAMS_PER_TEAM }, () => follow(token)));
    const refused = await call('GET', '/events/stream');
    assert.deepEqual([refused.status, refused.body.code], [429, 'rate_limited']);
    for (const stream of open) stream.close();
    await waitFor('a free place', async () => (await call('GET', '/events/stream')).status === 200);
  });

  it('forgets events after their time', async () => {
    const { call, write, teamId } = await newTeam();
    await write();
    await write();
    const [first, second] = (await call('GET', '/events')).body.data;
    await test.database.db
      .updateTable('events')
      .set({ created_at: sql`now() - interval '91 days'` })
      .where('position', '=', first.id)
      .execute();
    await purgeEvents(test.database.db, 90);
    const left = (await call('GET', '/events')).body.data;
    assert.deepEqual(
      left.map((event: { id: number }) => event.id),
      [second.id],
      `team ${teamId}`,
    );
  });
});
