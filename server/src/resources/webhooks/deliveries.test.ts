import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { createTeam, startTestApp, type TestApp, testConfig, waitFor } from '../../../test/harness.ts';
import { type Received, type Sink, startSink } from '../../../test/webhook-sink.ts';
import { record } from '../../events/store.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { vpsEvents } from '../vps/events.ts';

describe('deliveries of webhooks', () => {
  let test: TestApp;
  const sinks: Sink[] = [];
  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'any' }) });
  });
  after(async () => {
    for (const sink of sinks) await sink.close();
    await test?.close();
  });

  /** A team with an endpoint at a sink, and a function that writes an event about one of its servers. */
  async function newTeam(body: object = {}) {
    const team = await createTeam(test.database);
    const sink = await startSink();
    sinks.push(sink);
    const call: ApiClient = (...request) => createApiClient(test.app.http, team.token)(...request);
    const { endpoint, secret } = (
      await call('POST', '/webhooks/endpoints', { body: { name: 'sink', url: sink.url, ...body } })
    ).body;
    const write = (resourceId = uuidv7(), type = vpsEvents.rebooted) =>
      test.database.transaction((tx) =>
        record(tx, type, { teamId: team.teamId, resourceType: 'vps', resourceId }, {}),
      );
    const delivery = async () => (await call('GET', '/webhooks/deliveries')).body.data[0];
    return {
      ...team,
      call,
      sink,
      write,
      delivery,
      endpoint,
      secret,
      path: `/webhooks/endpoints/${endpoint.id}`,
    };
  }

  const untilReceived = (sink: Sink, count: number) =>
    waitFor(`${count} messages`, async () => sink.received.length >= count);

  /** Makes what waits for its next attempt due now. */
  async function hurry(teamId: number): Promise<void> {
    // It is run again where it waits for the dispatcher, and that for it.
    await test.database.transaction((tx) =>
      sql`update webhook_deliveries set next_attempt_at = now() where team_id = ${teamId} and state = 'pending'`.execute(
        tx,
      ),
    );
    await sql`select pg_notify('danube_events', '')`.execute(test.database.db);
  }

  it('sends events as Standard Webhooks says, signed', async () => {
    const { call, sink, write, delivery, secret } = await newTeam();
    const resource = uuidv7();
    await write(resource);
    await untilReceived(sink, 1);
    const [{ headers, body, json }] = sink.received as [Received];
    const [event] = (await call('GET', '/events?resource_type=vps')).body.data;
    assert.deepEqual(json, { type: 'vps.rebooted', timestamp: event.created_at, data: event });
    assert.equal(headers['webhook-id'], `evt_${event.id}`);
    new Webhook(secret).verify(body, headers as Record<string, string>);
    assert.throws(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>));
    const done = await waitFor('the delivery', async () => {
      const one = await delivery();
      return one.state === 'delivered' && one;
    });
    assert.deepEqual(
      [done.event, done.payload, done.attempts, done.response_status, done.signature],
      ['vps.rebooted', json, 1, 204, headers['webhook-signature']],
    );
    assert.deepEqual((await call('GET', `/webhooks/deliveries/${done.id}`)).body, { delivery: done });
  });

  it('sends only the types that are asked for, and nothing of other teams', async () => {
    const { sink, write } = await newTeam({ event_types: ['vps.stopped', 'database.*'] });
    const other = await newTeam({ event_types: ['vps.*'] });
    await write();
    await other.write();
    await write(uuidv7(), vpsEvents.stopped);
    await untilReceived(sink, 1);
    await untilReceived(other.sink, 1);
    assert.deepEqual(
      [sink, other.sink].map(({ received }) => received.map(({ json }) => json.type)),
      [['vps.stopped'], ['vps.rebooted']],
    );
  });

  it('tries again with the same bytes, and keeps the order of each resource meanwhile', async () => {
    const { sink, write, delivery, teamId } = await newTeam();
    const failing = uuidv7();
    let failures = 2;
    sink.answer = ({ json }, response) => {
      const fails = json.data.resource_id === failing && failures-- > 0;
      response.writeHead(fails ? 500 : 200).end(fails ? 'out of\0order' : 'ok');
    };
    await write(failing);
    await untilReceived(sink, 1);
    const failed = await waitFor('the failure', async () => {
      const one = await delivery();
      return one.attempts === 1 && one;
    });
    assert.deepEqual(
      [failed.state, failed.response_status, failed.response_body, failed.error_message],
      ['pending', 500, 'out of\uFFFDorder', 'The answer was 500, and not 2xx.'],
    );
    await write(failing, vpsEvents.stopped);
    await write();
    // That of the other resource is not held up.
    await untilReceived(sink, 2);
    await hurry(teamId);
    await untilReceived(sink, 3);
    await waitFor('the second failure', async () => failures === 0);
    await hurry(teamId);
    await waitFor('all of them', async () => {
      await hurry(teamId);
      return sink.received.length === 5;
    });
    const messages = sink.received.filter(({ json }) => json.data.resource_id === failing);
    assert.deepEqual(
      messages.map(({ json }) => json.type),
      ['vps.rebooted', 'vps.rebooted', 'vps.rebooted', 'vps.stopped'],
    );
    assert.equal(
      new Set(messages.slice(0, 3).map(({ body, headers }) => body + headers['webhook-id'])).size,
      1,
    );
  });

  it('is not held up by an endpoint that never answers', async () => {
    const slow = await newTeam();
    slow.sink.answer = () => {};
    for (let count = 0; count < 20; count++) await slow.write();
    await untilReceived(slow.sink, 1);
    const { sink, write } = await newTeam();
    await write();
    await untilReceived(sink, 1);
    assert.equal((await slow.delivery()).state, 'pending');
    // One that fails gets one message at a time.
    assert.equal(slow.sink.received.length, 1);
  });

  it('follows no redirect, and says so', async () => {
    const { sink, write, delivery } = await newTeam();
    sink.answer = (_, response) => response.writeHead(302, { location: `${sink.url}elsewhere` }).end();
    await write();
    const failed = await waitFor('the attempt', async () => {
      const one = await delivery();
      return one?.attempts === 1 && one;
    });
    assert.match(failed.error_message, /Redirects are not followed/);
    assert.deepEqual(
      sink.received.map(({ path }) => path),
      ['/'],
    );
  });

  it('keeps the first 4 KB of an answer, and waits for no more', async () => {
    const { sink, write, delivery } = await newTeam();
    // It does not end.
    sink.answer = (_, response) => response.writeHead(500).write(`\0${'x'.repeat(1_000_000)}`);
    await write();
    const failed = await waitFor('the attempt', async () => {
      const one = await delivery();
      return one?.attempts === 1 && one;
    });
    assert.deepEqual([failed.response_status, failed.response_body], [500, `\uFFFD${'x'.repeat(4095)}`]);
  });

  it('disables an endpoint that is gone, and one that fails for three days, and tells the team', async () => {
    const { sink, write, call, path, endpoint, teamId } = await newTeam();
    sink.answer = (_, response) => response.writeHead(410).end();
    await write();
    const read = async () => (await call('GET', path)).body.endpoint;
    await waitFor('it to be disabled', async () => !(await read()).enabled);
    assert.equal((await read()).disabled_reason, 'gone');
    const { data } = (await call('GET', '/events?type=webhook.disabled')).body;
    assert.deepEqual(
      data.map((event: Record<string, unknown>) => [event.resource_id, event.payload]),
      [[endpoint.id, { name: 'sink', url: new URL(endpoint.url).origin, because: 'gone' }]],
    );
    assert.equal((await call('POST', `${path}/test`)).status, 422);

    assert.equal((await call('PUT', path, { body: { enabled: true } })).body.endpoint.disabled_reason, null);
    sink.answer = (_, response) => response.writeHead(503).end();
    await write();
    await waitFor('it to fail', async () => (await read()).failing_since !== null);
    await sql`update webhook_endpoints set failing_since = now() - interval '73 hours' where id = ${endpoint.id}`.execute(
      test.database.db,
    );
    await hurry(teamId);
    await waitFor('it to be disabled again', async () => (await read()).disabled_reason === 'failing');
    const states = (await call('GET', '/webhooks/deliveries')).body.data.map(
      (one: { state: string }) => one.state,
    );
    assert.deepEqual([...new Set(states)], ['failed']);
  });

  it('is repeated on request: one, or all that failed since a time', async () => {
    const { sink, write, call, path, delivery, endpoint } = await newTeam();
    sink.answer = (_, response) => response.writeHead(410).end();
    await write();
    await waitFor('the failure', async () => (await delivery())?.state === 'failed');
    const since = new Date(Date.now() - 60_000).toISOString();
    const again = () => call('POST', `${path}/redeliver`, { body: { since } });
    assert.equal((await again()).body.code, 'invalid_state');
    await call('PUT', path, { body: { enabled: true } });
    sink.answer = (_, response) => response.writeHead(200).end();
    const { body } = await again();
    // The message about the endpoint itself was made before it was disabled, or not at all.
    assert.ok(body.count >= 1, JSON.stringify(body));
    await waitFor('the delivery', async () => (await delivery()).state === 'delivered');
    const [one] = (await call('GET', `/webhooks/deliveries?endpoint_id=${endpoint.id}`)).body.data;
    const count = sink.received.length;
    assert.equal((await call('POST', `/webhooks/deliveries/${one.id}/redeliver`)).status, 200);
    await untilReceived(sink, count + 1);
    assert.equal(sink.received.at(-1)!.headers['webhook-id'], one.message_id);
    const sent = (await call('POST', `${path}/test`)).body.delivery;
    await waitFor('the test', async () => sink.received.at(-1)!.headers['webhook-id'] === sent.message_id);
    assert.equal(sink.received.at(-1)!.json.type, 'webhook.test');
  });

  it('sends what waits for its next attempt now, one by one or all that failed', async () => {
    const { call, sink, write, delivery, path, teamId } = await newTeam();
    sink.answer = (_, response) => response.writeHead(500).end();
    const fail = async () => {
      const resource = uuidv7();
      await write(resource);
      const failed = await waitFor('a failed attempt', async () => {
        const one = await delivery();
        return one?.payload.data.resource_id === resource && one.attempts > 0 && one;
      });
      // Nobody waits for that.
      await sql`update webhook_deliveries set next_attempt_at = now() + interval '10 hours'
        where team_id = ${teamId} and state = 'pending'`.execute(test.database.db);
      return failed;
    };
    const stateOf = async (id: number) =>
      (await call('GET', `/webhooks/deliveries/${id}`)).body.delivery.state;
    const [one, other] = [await fail(), await fail()];
    sink.answer = (_, response) => response.writeHead(200).end();
    const { body } = await call('POST', `/webhooks/deliveries/${one.id}/redeliver`);
    assert.equal(body.message, 'It is sent now.');
    await waitFor('the delivery', async () => (await stateOf(one.id)) === 'delivered');
    const since = new Date(Date.now() - 3_600_000).toISOString();
    assert.equal((await call('POST', `${path}/redeliver`, { body: { since } })).status, 200);
    await waitFor('the other delivery', async () => (await stateOf(other.id)) === 'delivered');
  });

  it('loses nothing when the server is stopped in between', async () => {
    const { sink, write, teamId } = await newTeam();
    const resource = uuidv7();
    sink.answer = (_, response) => setTimeout(() => response.writeHead(200).end(), 20);
    for (let count = 0; count < 10; count++) await write(resource);
    await untilReceived(sink, 2);
    await test.restart();
    for (let count = 0; count < 10; count++) await write(resource);
    await waitFor('all messages', async () => {
      await hurry(teamId);
      return new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size === 20;
    });
    const ids = [...new Set(sink.received.map(({ json }) => json.data.id as number))];
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  });

  it('is signed with two secrets for a day after the secret was replaced', async () => {
    const { sink, write, call, path, secret } = await newTeam();
    const answer = await call('POST', `${path}/regenerate-secret`, {
      headers: { 'idempotency-key': 'once' },
    });
    const repeated = await call('POST', `${path}/regenerate-secret`, {
      headers: { 'idempotency-key': 'once' },
    });
    assert.deepEqual(repeated.body, answer.body);
    const [stored] = await test.database.db.selectFrom('idempotency_keys').select('body').execute();
    assert.deepEqual(Object.keys(stored!.body as object), ['sealed']);
    await write();
    await untilReceived(sink, 2);
    for (const { body, headers } of sink.received) {
      for (const valid of [secret, answer.body.webhook_secret]) {
        new Webhook(valid).verify(body, headers as Record<string, string>);
      }
    }
  });
});
