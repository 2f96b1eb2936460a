import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, newCache, newDatabase } from '../../../test/client.ts';
import { suiteWithDatabases } from '../../../test/database-world.ts';
import { createTeam, holdBack, waitFor } from '../../../test/harness.ts';
import { getInstance } from '../../instances/store.ts';
import { volumeOf } from '../../instances/volumes.ts';

describe('databases and caches', () => {
  const world = suiteWithDatabases();
  const { call, show, settled, running, ref } = world;
  const volumeGb = async (id: string) =>
    (await world.test.plane.describeVolume(volumeOf(await getInstance(world.test.database.db, id))))?.sizeGb;

  it('creates a database on its plan, and shows where it is but not its password', async () => {
    const id = await running();
    const database = await show(id);
    assert.equal(database.provider.type, 'postgresql');
    assert.deepEqual([database.memory_size_mb, database.storage_size_gb], [1024, 10]);
    assert.match(database.endpoint, /^10\.64\./);
    assert.deepEqual(
      [database.public_endpoint, database.dns_hostname, database.dns_port],
      [null, null, null],
    );
    assert.equal(database.connection_host, database.endpoint);
    const credentials = (await call('GET', `/database/${id}/credentials`)).body;
    const uri = new URL(credentials.connection_info);
    assert.deepEqual(
      [uri.protocol, uri.hostname, uri.username, uri.password, uri.pathname],
      ['postgresql:', database.endpoint, 'danube', credentials.password, '/shop'],
    );
    uri.password = '';
    assert.equal((await call('GET', `/database/${id}`)).body.connection_info, uri.href);
    assert.ok(credentials.password.length >= 20);
    assert.ok(!JSON.stringify(await call('GET', '/database')).includes(credentials.password));
    assert.deepEqual((await world.test.plane.describeInstance(ref(id)))?.limits, {
      vcpu: 1,
      memoryMb: 1024,
      diskGb: 5,
    });
    assert.equal(await volumeGb(id), 10);
  });

  it('creates a cache, which offers its port with TLS and the one without', async () => {
    const created = await call('POST', '/cache', newCache());
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id, port, plain_port, version } = created.body.instance;
    assert.deepEqual([port, plain_port], [6380, 6379]);
    const { providers } = (await call('GET', '/cache/plans?provider=valkey')).body;
    assert.deepEqual(
      providers.map(({ type, default_version }: Record<string, string>) => [type, default_version]),
      [['valkey', version]],
    );
    await waitFor(
      'running',
      async () => (await call('GET', `/cache/${id}`)).body.instance.status === 'running',
    );
    const info = (await call('GET', `/cache/${id}/connection-info`)).body;
    assert.deepEqual(info, (await call('GET', `/cache/${id}/credentials`)).body);
    assert.equal(new URL(info.connection_info).password, info.password);
    const shown = (await call('GET', `/cache/${id}`)).body;
    assert.equal(shown.connection_info, info.connection_info.replace(`:${info.password}@`, '@'));
    // Of no lookups, none has hit.
    const { summary } = (await call('GET', `/cache/${id}/metrics`)).body;
    assert.deepEqual(
      [summary.keyspace_hits, summary.keyspace_misses, summary.hit_ratio_percentage],
      [0, 0, 0],
    );
    // Of the other kind there is nothing under this id.
    assert.equal((await call('GET', `/database/${id}`)).status, 404);
  });

  it('refuses what is not offered, with a sentence per field, and creates nothing', async () => {
    const before = (await call('GET', '/database')).body.pagination.total;
    const answer = await call(
      'POST',
      '/database',
      newDatabase({ provider: 'mysql', version: '4', datacenter: 'mars', resource_profile: 'gigantic' }),
    );
    assert.equal(answer.status, 422);
    assert.deepEqual(Object.keys(answer.body.errors).sort(), ['datacenter', 'resource_profile', 'version']);
    const both = await call('POST', '/database', newDatabase({ database_provider_id: 2 }));
    assert.match(both.body.errors.provider[0], /different engines/);
    const neither = await call('POST', '/database', newDatabase({ provider: null }));
    assert.match(neither.body.errors.provider[0], /required.*postgresql/);
    for (const name of ['Shop', '-shop', 'x', 'a'.repeat(64), 'a b']) {
      assert.equal((await call('POST', '/database', newDatabase({ name }))).status, 422, name);
    }
    for (const database_name of ['1st', 'a-b', 'a;drop', 'a'.repeat(65)]) {
      assert.equal(
        (await call('POST', '/database', newDatabase({ database_name }))).status,
        422,
        database_name,
      );
    }
    assert.equal((await call('GET', '/database')).body.pagination.total, before);
  });

  it('shows what was asked for, and no choice of ours as if it were the customer’s', async () => {
    // A version may come as the number that it looks like.
    const asked = newDatabase({ name: 'unnamed', database_name: undefined, version: 17 });
    const made = await call('POST', '/database', asked);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.instance.version, '17');
    assert.equal(made.body.instance.database_name, null);
    const shown = await call('GET', `/database/${made.body.instance.id}`);
    assert.equal(shown.body.instance.database_name, null);
    // Clients of v1 decode this member as text.
    assert.ok(!('parameter_group_id' in shown.body.instance));
  });

  it('stops in order, starts again, and is deleted only when it is stopped', async () => {
    const id = await running();
    const refused = await call('DELETE', `/database/${id}`);
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /Stop it before/);
    await call('POST', `/database/${id}/stop`);
    // Accepted behind the stop, and carried out after it.
    assert.equal((await call('POST', `/database/${id}/start`)).status, 200);
    await settled(id, 'running');
    assert.equal((await call('POST', `/database/${id}/force-stop`)).body.status, 'stopped');
    await settled(id, 'stopped');
    assert.equal((await call('DELETE', `/database/${id}`)).body.status, 'destroying');
    await waitFor('404', async () => (await call('GET', `/database/${id}`)).status === 404);
    assert.equal(await world.test.plane.describeInstance(ref(id)), null);
  });

  it('does not wait for an engine that its owner has given up on, and leaves it stopped', async () => {
    const release = holdBack(world.test.plane, 'waitForService');
    const created = await call('POST', '/database', newDatabase());
    const { id } = created.body.instance;
    await call('POST', `/database/${id}/force-stop`);
    await settled(id, 'stopped');
    // Whatever still waited for the engine finds its instance stopped now.
    release();
    assert.equal((await show(id)).status, 'stopped');
    assert.equal((await world.test.plane.describeInstance(ref(id)))?.power, 'stopped');
  });

  it('builds a lost instance again on its data when it is started', async () => {
    const id = await running();
    world.test.plane.drift.deleteBehindOurBack(ref(id));
    await waitFor('the loss to show', async () => (await show(id)).status === 'error', 30);
    assert.equal((await call('POST', `/database/${id}/start`)).status, 200);
    await settled(id, 'running');
    assert.equal((await world.test.plane.describeInstance(ref(id)))?.power, 'running');
  });

  it('shows events, metrics and findings', async () => {
    const id = await running();
    const { data } = (await call('GET', `/database/${id}/events`)).body;
    assert.deepEqual(
      data.events.map(({ reason }: { reason: string }) => reason),
      ['Created', 'Requested'],
    );
    const metrics = (await call('GET', `/database/${id}/metrics`)).body;
    assert.deepEqual([metrics.health.is_healthy, metrics.summary.reason], [true, null]);
    assert.equal((await call('GET', `/database/${id}/diagnose`)).body.data.verdict, 'healthy');
    await call('POST', `/database/${id}/stop`);
    await settled(id, 'stopped');
    const stopped = (await call('GET', `/database/${id}/metrics`)).body;
    assert.deepEqual(
      [stopped.health.is_healthy, stopped.summary.connected_clients, stopped.summary.reason],
      [false, null, 'The database is stopped.'],
    );
    assert.equal((await call('GET', `/database/${id}/logs`)).body.data.available, false);
    assert.equal((await call('GET', `/database/${id}/logs?since=yesterday`)).status, 422);
  });

  it('asks an engine in its turn again, although asking it failed', async () => {
    const id = await running();
    const { pool } = world.test.database;
    const isDue = () =>
      pool.query('update managed_services set engine_checked_at = null where id = $1', [id]);
    const wasAsked = async () => {
      const { rows } = await pool.query('select engine_checked_at from managed_services where id = $1', [id]);
      return rows[0].engine_checked_at !== null;
    };
    let failures = 0;
    const mend = world.test.plane.faults.before((verb, argument) => {
      if (verb !== 'control' || !(argument as { name: string }).name.endsWith(id)) return;
      failures += 1;
      throw new Error('unexpected');
    });
    try {
      await isDue();
      await waitFor('it to fail', async () => failures > 0);
      await isDue();
      await waitFor('its next turn', wasAsked);
    } finally {
      mend();
    }
    await isDue();
    await waitFor('it to be healthy', async () => (await show(id)).status_details.health === 'healthy');
  });

  it('shows that an engine answers nobody, until it does again', async () => {
    const id = await running();
    const health = async () => {
      await world.test.database.pool.query(
        'update managed_services set engine_checked_at = null where id = $1',
        [id],
      );
      return (await show(id)).status_details;
    };
    await waitFor('it to be healthy', async () => (await health()).health === 'healthy');
    const evidence = {
      process: 'T',
      answers: false,
      complaint: '',
      platform_answers: false,
      platform_complaint: '',
      clients: [],
      write_complaint: null,
    };
    const again = world.test.plane.answerControl('examine', JSON.stringify(evidence));
    try {
      const { error, summary } = await waitFor('it to be unhealthy', async () => {
        const details = await health();
        return details.health === 'unhealthy' && details;
      });
      assert.equal(error.code, 'engine_paused');
      assert.match(summary, /^The database is running\. The engine's process is paused/);
      const { data } = (await call('GET', `/database/${id}/diagnose`)).body;
      assert.deepEqual([data.verdict, data.status.health], ['unhealthy', 'unhealthy']);
    } finally {
      again();
    }
    await waitFor('it to be healthy again', async () => (await health()).health === 'healthy');
  });

  it('creates one database for one Idempotency-Key, and keeps the quota', async () => {
    const team = await createTeam(world.test.database);
    const mine = clientOf(world.test.app.url!, team.token);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        mine('POST', '/database', newDatabase(), { 'idempotency-key': 'once' }),
      ),
    );
    assert.equal(new Set(answers.map(({ body }) => body.instance.id)).size, 1);
    await world.test.database.pool.query(`update teams set quotas = '{"database": 2}' where id = $1`, [
      team.teamId,
    ]);
    const more = await Promise.all(Array.from({ length: 4 }, () => mine('POST', '/database', newDatabase())));
    assert.deepEqual(more.map(({ status }) => status).sort(), [201, 422, 422, 422]);
  });
});
