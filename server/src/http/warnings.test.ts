import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DOCUMENT, ROUTES } from '../../test/api-client.ts';
import { type Call, clientOf, newCache, newDatabase, newVps } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';
import { SERVICE_IMAGES } from '../images/recipes.ts';

type Members = Record<string, { $ref?: string }>;

/** The members of a named schema of the document. */
const membersOf = (schema: unknown): Members =>
  (DOCUMENT.components.schemas[(schema as { $ref: string }).$ref.split('/').at(-1)!]!.properties ??
    {}) as Members;

const bodyOf = (method: string, path: string): Members => {
  const route = ROUTES.find((one) => one.method === method && one.path === path);
  const body = route?.operation.requestBody?.content['application/json']?.schema;
  return body ? membersOf(body) : {};
};

const answerOf = (method: string, path: string, status: string): Members => {
  const route = ROUTES.find((one) => one.method === method && one.path === path)!;
  return membersOf(route.operation.responses[status]!.content!['application/json']!.schema);
};

describe('what is accepted', () => {
  let test: TestApp;
  let call: Call;
  let vpsId = '';
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    for (const image of SERVICE_IMAGES) await test.plane.ensureImage(image);
    vpsId = (await create('/vps', newVps({ name: 'first' }))).instance.id;
    await waitFor('it to run', async () => (await shown(`/vps/${vpsId}`)).status === 'running');
  });
  after(() => test?.close());

  async function create(path: string, body: object) {
    const answer = await call('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  const shown = async (path: string) =>
    Object.values((await call('GET', path)).body).find((member) => typeof member === 'object') as Record<
      string,
      unknown
    >;

  it('warns of a second one of the same name, and of nothing else', async () => {
    const group = { type: 'database', provider_type: 'postgresql', parameters: {} };
    let keys = 0;
    const makers: Record<string, () => object> = {
      '/vps': () => newVps({ name: 'twin' }),
      '/database': () => newDatabase({ name: 'twin' }),
      '/cache': () => newCache({ name: 'twin' }),
      '/firewalls': () => ({ name: 'twin', rules: [] }),
      '/ssh-keys': () => ({ name: 'twin', public_key: testKey(++keys) }),
      '/parameter-groups': () => ({ ...group, name: 'twin' }),
      '/snapshots/vps': () => ({ name: 'twin', vps_instance_id: vpsId }),
    };
    for (const [path, newBody] of Object.entries(makers)) {
      const first = await create(path, newBody());
      assert.deepEqual(first.warnings, [], path);
      const [, { id }] = Object.entries(first).find(([, value]) => (value as { id?: string })?.id) as [
        string,
        { id: string | number },
      ];
      const { warnings } = await create(path, newBody());
      assert.equal(warnings.length, 1, path);
      assert.ok(warnings[0].includes('twin') && warnings[0].includes(String(id)), warnings[0]);
    }
  });

  it('renames a server, and says what the name does not reach', async () => {
    const renamed = await call('PUT', `/vps/${vpsId}`, { name: 'renamed' });
    assert.equal(renamed.status, 200, JSON.stringify(renamed.body));
    assert.equal(renamed.body.instance.name, 'renamed');
    assert.match(renamed.body.warnings.join(), /host name inside .* reinstalled.* hostnamectl set-hostname /);
    assert.equal((await shown(`/vps/${vpsId}`)).name, 'renamed');
    assert.equal((await call('GET', '/vps?name=renamed')).body.pagination.total, 1);
    assert.deepEqual((await call('PUT', `/vps/${vpsId}`, { name: 'renamed' })).body.warnings, []);
    assert.equal((await call('PUT', `/vps/${vpsId}`, { name: 'Not a name' })).status, 422);
  });

  it('names members without an effect', async () => {
    const configuration = { backup_enabled: true, auto_start: true };
    const { warnings } = await create('/vps', newVps({ name: 'backed-up', configuration }));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^backup_enabled has no effect/);
    const updated = await call('PUT', `/vps/${vpsId}`, { configuration });
    assert.deepEqual(updated.body.warnings, warnings);
  });

  it('names members that the request does not know, unless they are as they are shown', async () => {
    const { warnings } = await create(
      '/vps',
      newVps({ name: 'hosted', hostname: 'web', configuration: { tpm: 1 } }),
    );
    assert.match(warnings.join(), /no effect: hostname, configuration\.tpm\.$/);
    const put = async (body: object) => (await call('PUT', `/vps/${vpsId}`, body)).body;
    const { instance } = await put({ automated_snapshots_enabled: false });
    const changed = { automated_snapshots_enabled: false, auto_start: !instance.auto_start };
    assert.match((await put(changed)).warnings.join(), /auto_start \(send configuration\.auto_start\)\.$/);
    const same = { ...changed, auto_start: instance.auto_start, created_at: instance.created_at };
    assert.deepEqual((await put(same)).warnings, []);
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`unknown-${n}-${'x'.repeat(200)}`, n]),
    );
    assert.match((await put({ ...many, ...same })).warnings.join(), / and 494 more\.$/);
  });

  it('has warnings in the answer to every creation and update', () => {
    for (const { method, path, operation } of ROUTES) {
      // PUT /webhooks/config answers with no resource, as in v1.
      const updates = method === 'PUT' && path.endsWith('}');
      const status = updates ? '200' : '201';
      if ((!updates && method !== 'POST') || !operation.responses[status]) continue;
      assert.ok('warnings' in answerOf(method, path, status), path);
    }
  });

  it('can be updated or is refused: nothing that can be chosen at creation is dropped later', () => {
    for (const { method, path } of ROUTES) {
      // What cannot be shown, such as a password, is no resource, and neither are the bytes of an object.
      const read = ROUTES.find((one) => one.method === 'GET' && one.path === path);
      if (method !== 'PUT' || !read?.operation.responses['200']?.content?.['application/json']) continue;
      const collection = path.slice(0, path.lastIndexOf('/'));
      const [resource] = Object.values(answerOf('GET', path, '200')).filter(({ $ref }) => $ref !== undefined);
      const lost = Object.keys(bodyOf('POST', collection)).filter(
        (member) => member in membersOf(resource) && !(member in bodyOf('PUT', path)),
      );
      assert.deepEqual(lost, [], path);
    }
  });

  it('is refused in an update where it would do nothing, unless it is what is shown', async () => {
    const { instance: database } = await create('/database', newDatabase({ name: 'fixed' }));
    const { firewall } = await create('/firewalls', { name: 'fixed', rules: [] });
    const { parameter_group: group } = await create('/parameter-groups', {
      name: 'fixed',
      type: 'database',
      provider_type: 'postgresql',
      parameters: {},
    });
    const updates: [string, Record<string, unknown>, Record<string, unknown>][] = [
      [`/vps/${vpsId}`, { image: 'debian-12', network_stack: 'dual_stack' }, { image: 'debian-13' }],
      [
        `/database/${database.id}`,
        { version: '17', provider: 'postgresql', database_name: 'shop', datacenter: 'fsn1' },
        { version: '18', datacenter: 'hel1' },
      ],
      [`/firewalls/${firewall.id}`, { default_action: 'deny', status: 'draft' }, { status: 'error' }],
      [`/parameter-groups/${group.id}`, { family: null, type: 'database' }, { type: 'cache' }],
    ];
    for (const [path, present, other] of updates) {
      const same = await call('PUT', path, present);
      assert.equal(same.status, 200, JSON.stringify(same.body));
      const { status, body } = await call('PUT', path, other);
      assert.equal(status, 422, path);
      assert.deepEqual(Object.keys(body.errors), Object.keys(other), path);
    }
  });
});
