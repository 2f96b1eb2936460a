import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newDatabase } from '../../../test/client.ts';
import { createTeam, holdBack, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';

describe('parameter groups', () => {
  let test: TestApp;
  let call: Call;

  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    await test.plane.ensureImage('postgresql-17');
    await test.plane.ensureImage('postgresql-18');
  });
  after(() => test.close());

  const newGroup = (changes: Record<string, unknown> = {}) => ({
    name: 'analytics',
    type: 'database',
    provider_type: 'postgresql',
    family: '17',
    parameters: { work_mem: '64MB', max_connections: 50 },
    ...changes,
  });
  async function create(changes: Record<string, unknown> = {}) {
    const answer = await call('POST', '/parameter-groups', newGroup(changes));
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.parameter_group;
  }
  const show = async (id: string) => (await call('GET', `/database/${id}`)).body.instance;
  async function database(changes: Record<string, unknown> = {}): Promise<string> {
    const created = await call('POST', '/database', newDatabase(changes));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor('running', async () => (await show(id)).status === 'running');
    return id;
  }
  const effective = async (id: string) =>
    (await test.database.pool.query('select effective_parameters from managed_services where id = $1', [id]))
      .rows[0].effective_parameters;

  it('stores what the engine knows, and says what waits for a restart', async () => {
    const group = await create();
    assert.deepEqual(group.parameters, { work_mem: '64MB', max_connections: '50' });
    assert.deepEqual(group.restart_parameters, ['max_connections']);
    assert.deepEqual((await call('GET', `/parameter-groups/${group.id}`)).body.parameter_group, group);
  });

  it('rejects unknown, locked and invalid parameters by name, and creates nothing', async () => {
    const before = (await call('GET', '/parameter-groups')).body.pagination.total;
    const answer = await call(
      'POST',
      '/parameter-groups',
      newGroup({
        parameters: {
          no_such_thing: 1,
          max_connections: 'many',
          log_statement: 'everything',
          timezone: 'Europe/Vienna\nmax_connections=1',
        },
      }),
    );
    assert.equal(answer.status, 422);
    const sentences: string[] = answer.body.errors.parameters;
    assert.equal(sentences.length, 4);
    for (const name of ['no_such_thing', 'max_connections', 'log_statement', 'timezone']) {
      assert.ok(
        sentences.some((sentence) => sentence.includes(name)),
        name,
      );
    }
    const family = await call('POST', '/parameter-groups', newGroup({ family: '7' }));
    assert.match(family.body.errors.family[0], /not offered/);
    const type = await call('POST', '/parameter-groups', newGroup({ type: 'cache' }));
    assert.match(type.body.errors.type[0], /PostgreSQL is a database/);
    assert.equal((await call('GET', '/parameter-groups')).body.pagination.total, before);
  });

  it('builds the image of an engine whose parameters are unknown, and says when to try again', async () => {
    const mine = newGroup({ family: '15', parameters: { work_mem: '1MB' } });
    const early = await call('POST', '/parameter-groups', mine);
    assert.deepEqual([early.status, early.body.reason], [503, 'image_building']);
    assert.ok(early.body.retry_after > 0);
    assert.equal(early.headers.get('retry-after'), String(early.body.retry_after));
    await waitFor('the image', async () => (await call('POST', '/parameter-groups', mine)).status === 201);
  });

  it('lists the parameters of an engine, with what it says of them and who can set them', async () => {
    const list = (query: string) => call('GET', `/parameter-groups/parameters?${query}`);
    const { status, body } = await list('provider_type=postgresql&family=17');
    assert.deepEqual([status, body.provider_type, body.family], [200, 'postgresql', '17']);
    assert.deepEqual(
      body.data.find(({ name }: { name: string }) => name === 'work_mem'),
      {
        name: 'work_mem',
        description: 'Sets the maximum memory to be used for query workspaces.',
        type: 'integer',
        default: '4096',
        minimum: 64,
        maximum: 2_147_483_647,
        values: null,
        unit: 'kB',
        needs_restart: false,
        locked: false,
      },
    );
    assert.equal((await list('provider_type=postgresql')).body.family, '18');
    assert.deepEqual((await list('provider_type=postgresql&family=7')).body.data, []);
    assert.ok((await list('provider_type=oracle')).body.errors.provider_type);
  });

  it('passes its values to its instances, whose own values take precedence, and propagates changes', async () => {
    const group = await create();
    const id = await database({ parameter_group_id: group.id, configuration: { work_mem: '8MB' } });
    assert.deepEqual(await effective(id), { work_mem: '8MB', max_connections: '50' });
    const change = await call('PUT', `/parameter-groups/${group.id}`, {
      parameters: { work_mem: '1MB', log_statement: 'ddl' },
    });
    assert.match(change.body.message, /1 of its instances/);
    await waitFor('the update', async () => (await show(id)).status === 'running');
    assert.deepEqual(await effective(id), { work_mem: '8MB', log_statement: 'ddl' });
    // A group in use cannot be deleted; after the instance is gone, it can.
    assert.match((await call('DELETE', `/parameter-groups/${group.id}`)).body.message, /in use by 1/);
    await call('PUT', `/database/${id}`, { parameter_group_id: null });
    await waitFor('the update', async () => (await show(id)).status === 'running');
    assert.deepEqual(await effective(id), { work_mem: '8MB' });
    assert.equal((await call('DELETE', `/parameter-groups/${group.id}`)).status, 200);
    assert.equal((await call('GET', `/parameter-groups/${group.id}`)).status, 404);
  });

  it('can be deleted while its instances are being deleted', async () => {
    const group = await create();
    const id = await database({ name: 'leaving', parameter_group_id: group.id });
    assert.equal((await call('POST', `/database/${id}/stop`)).status, 200);
    await waitFor('it to stop', async () => (await show(id)).status === 'stopped');
    assert.match((await call('DELETE', `/parameter-groups/${group.id}`)).body.message, /\(leaving\)/);
    const letGo = holdBack(test.plane, 'removeInstance');
    try {
      assert.equal((await call('DELETE', `/database/${id}`)).status, 200);
      const deleted = await call('DELETE', `/parameter-groups/${group.id}`);
      assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
      assert.equal((await show(id)).parameter_group, null);
    } finally {
      letGo();
    }
    await waitFor('404', async () => (await call('GET', `/database/${id}`)).status === 404);
  });

  it('locks parameters so that instances cannot set them', async () => {
    const group = await create({ locked_parameters: ['work_mem'] });
    const refused = await call(
      'POST',
      '/database',
      newDatabase({ parameter_group_id: group.id, configuration: { work_mem: '8MB' } }),
    );
    assert.match(refused.body.errors.configuration[0], /locks work_mem/);
    const other = await call(
      'POST',
      '/database',
      newDatabase({ parameter_group_id: group.id, version: '18' }),
    );
    assert.match(other.body.errors.parameter_group_id[0], /for postgresql 17/);
  });

  it('is used by new instances, if it is the default', async () => {
    const first = await create({ is_default: true });
    const second = await create({ is_default: true, parameters: { work_mem: '2MB' } });
    assert.equal((await call('GET', `/parameter-groups/${first.id}`)).body.parameter_group.is_default, false);
    const id = await database();
    assert.deepEqual((await show(id)).parameter_group, { id: second.id });
    await call('PUT', `/parameter-groups/${second.id}`, { is_default: false });
    assert.equal((await show(await database())).parameter_group, null);
  });

  it('shows system groups to everyone, and rejects changes of them', async () => {
    const { data } = (await call('GET', '/parameter-groups?per_page=100')).body;
    const system = data.filter(({ is_system }: { is_system: boolean }) => is_system);
    assert.equal(system.length, 5);
    const { id } = system[0];
    for (const [method, body] of [
      ['PUT', { name: 'mine' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call(method, `/parameter-groups/${id}`, body);
      assert.equal(answer.status, 422);
      assert.match(answer.body.message, /belongs to the system/);
    }
    const copy = (await call('POST', `/parameter-groups/${id}/clone`, { name: 'mine' })).body.parameter_group;
    assert.deepEqual([copy.name, copy.is_system, copy.team_id], ['mine', false, test.team.teamId]);
    const stranger = clientOf(test.app.url!, (await createTeam(test.database)).token);
    assert.equal((await stranger('GET', `/parameter-groups/${copy.id}`)).status, 404);
    const foreign = await stranger('POST', '/database', newDatabase({ parameter_group_id: copy.id }));
    assert.match(foreign.body.errors.parameter_group_id[0], /does not exist/);
  });
});
