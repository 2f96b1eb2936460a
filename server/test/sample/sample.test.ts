import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseScopes } from '../../src/cli/token.ts';
import type { Database } from '../../src/db/database.ts';
import { buildOpenApi } from '../../src/http/openapi.ts';
import { allKinds } from '../../src/instances/kinds.ts';
import { MODULES } from '../../src/modules.ts';
import { type Call, clientOf } from '../client.ts';
import { findInconsistencies } from '../faults.ts';
import { createTeam, startTestApp, type TestApp, type TestTeam, waitFor } from '../harness.ts';
import { type OperationSubject, plansOf } from '../operation-subject.ts';
import { testStepFailures } from '../step-failures.ts';
import { beaconModule } from './beacon.ts';
import { NOTE_TABLE, noteModule, noteWorkflows } from './note.ts';

const ROOT = path.join(import.meta.dirname, '../../..');

/** Where code may distinguish kinds of instances: a kind's own folder, and those of managed services. */
const OF_KINDS =
  /^server\/src\/(services|db\/migrations|resources\/(vps|databases|caches|managed-services|parameter-groups))\//;

/** What a resource's `faults.test.ts` would declare about its operations. */
const noteFaults: OperationSubject<'print'> = {
  name: 'note',
  workflows: noteWorkflows({} as Database),
  verbs: { print: [] },
  prepare: async (_call, _kind, name) => name,
  start: (call, _kind, text) => call('POST', '/notes', { text }),
  async succeeded(call, _kind, _id, { body }) {
    assert.equal((await call('GET', `/notes/${body.note.id}`)).body.note.status, 'printed');
  },
  async recover(call, _kind, _id, { body }) {
    assert.equal((await call('GET', `/notes/${body.note.id}`)).body.note.status, 'error');
    assert.equal((await call('DELETE', `/notes/${body.note.id}`)).status, 200);
  },
};
testStepFailures(noteFaults, plansOf(noteFaults), async (runtime) => {
  const test = await startTestApp({ runtime, modules: [...MODULES, noteModule] });
  await test.database.pool.query(NOTE_TABLE);
  return test;
});

describe('a resource that is added to the list of modules, and nowhere else', () => {
  let test: TestApp;
  let team: TestTeam;
  let call: Call;
  const modules = [...MODULES, noteModule, beaconModule];

  before(async () => {
    test = await startTestApp({ modules });
    await test.database.pool.query(NOTE_TABLE);
    team = await createTeam(test.database);
    call = clientOf(test.app.url!, team.token);
  });
  after(() => test?.close());

  const consistent = async () =>
    assert.deepEqual(
      await findInconsistencies(test.database, test.plane, { only: team.teamId, modules }),
      [],
    );
  const ended = (operation: string) =>
    waitFor('the operation to end', async () => {
      const { body } = await call('GET', `/operations/${operation}`);
      return body.data.terminal && body.data;
    });

  it('touches one file that it shares with others', () => {
    const files = globSync('server/src/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts', '**/*.gen.ts'] });
    const naming = (word: string) =>
      files.filter((file) => readFileSync(path.join(ROOT, file), 'utf8').includes(word));
    for (const [folder, exported] of [
      ['resources/vps', 'vpsModule'],
      ['resources/firewalls', 'firewallsModule'],
    ]) {
      const shared = naming(exported!).filter((file) => !file.startsWith(`server/src/${folder}/`));
      assert.deepEqual(shared, ['server/src/modules.ts']);
    }
    // No other file should need to know of a new kind of instance.
    const kinds = allKinds().map(({ name }) => `'${name}'`);
    const lines = files
      .filter((file) => !OF_KINDS.test(file))
      .flatMap((file) =>
        readFileSync(path.join(ROOT, file), 'utf8')
          .split('\n')
          .map((line) => `${file}: ${line}`),
      );
    const listing = lines.filter(
      (line) =>
        kinds.filter((kind) => line.includes(kind)).length > 1 ||
        kinds.some((kind) => new RegExp(`([!=]==|case) ${kind}`).test(line)),
    );
    assert.deepEqual(listing, []);
  });

  it('answers, has its operation carried out, and is part of the check that all is consistent', async () => {
    const made = await call('POST', '/notes', { text: 'Buy milk.' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal((await ended(made.body.operation_id)).state, 'succeeded');
    const { id } = made.body.note;
    assert.equal((await call('GET', `/notes/${id}`)).body.note.status, 'printed');
    await consistent();
    await test.database.pool.query('update notes set printed = 1 where id = $1', [id]);
    assert.match(
      (await findInconsistencies(test.database, test.plane, { only: team.teamId, modules })).join(),
      /printed twice/,
    );
    await test.database.pool.query('update notes set printed = 2 where id = $1', [id]);
    assert.equal((await call('DELETE', `/notes/${id}`)).status, 200);
  });

  it('has scopes of its own', async () => {
    assert.ok(parseScopes('admin').includes('note:delete'));
    const reader = await createTeam(test.database, ['note:read']);
    const refused = await clientOf(test.app.url!, reader.token)('POST', '/notes', { text: 'No.' });
    assert.equal(refused.status, 403);
    assert.equal(refused.body.required_scope, 'note:write');
  });

  it('has a quota of its own', async () => {
    const other = await createTeam(test.database);
    const post = () => clientOf(test.app.url!, other.token)('POST', '/notes', { text: 'One more.' });
    assert.deepEqual([(await post()).status, (await post()).status], [201, 201]);
    const refused = await post();
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /The team's note quota is reached: 2 of 2 in use\./);
  });

  it('is in the OpenAPI document, under its heading', () => {
    const tags = modules.flatMap((module) => module.tags ?? []);
    const document = JSON.stringify(buildOpenApi(test.app.http.apiRoutes, tags, null));
    for (const part of [
      '"/notes/{note}"',
      '"createNote"',
      'Short texts on paper.',
      '"CreateBeaconSnapshot"',
    ]) {
      assert.ok(document.includes(part), part);
    }
  });

  it('is an instance: with an address, firewalls, snapshots, and a status that is the truth', async () => {
    const made = await call('POST', '/beacons', { name: 'north' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, public_ip } = made.body.instance;
    assert.match(public_ip, /^10\./);
    assert.equal((await ended(made.body.operation_id)).state, 'succeeded');
    const show = async () => (await call('GET', `/beacons/${id}`)).body.instance;
    assert.equal((await show()).status, 'running');

    const firewall = await call('POST', '/firewalls', {
      name: 'lighthouse',
      attached_instances: [{ id, type: 'beacon' }],
    });
    assert.equal(firewall.status, 201, JSON.stringify(firewall.body));
    assert.deepEqual(firewall.body.firewall.attached_instances, [{ id, type: 'beacon', name: 'north' }]);

    const snapshot = await call('POST', '/snapshots/beacon', { beacon_instance_id: id, name: 'dusk' });
    assert.equal(snapshot.status, 201, JSON.stringify(snapshot.body));
    assert.equal((await ended(snapshot.body.operation_id)).state, 'succeeded');
    const restored = await call('POST', `/snapshots/beacon/${snapshot.body.snapshot.id}/restore`);
    assert.equal((await ended(restored.body.operation_id)).state, 'succeeded');
    const drill = await call('POST', `/snapshots/beacon/${snapshot.body.snapshot.id}/verify`);
    assert.equal((await ended(drill.body.operation_id)).state, 'succeeded');
    await ended(firewall.body.operation_id);
    await consistent();

    test.plane.drift.stopFromInside({ teamId: team.teamId, name: `beacon-${id}` });
    await waitFor('the drift to be seen', async () => (await show()).status === 'stopped');

    const removed = await call('DELETE', `/beacons/${id}`);
    assert.equal(removed.status, 200, JSON.stringify(removed.body));
    await waitFor('it to be gone', async () => (await call('GET', `/beacons/${id}`)).status === 404);
    await consistent();
  });
});
