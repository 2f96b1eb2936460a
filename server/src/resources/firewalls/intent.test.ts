import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  attachment,
  createFirewallTeam,
  FIREWALLS_STILL,
  type FirewallTeam,
  web,
} from '../../../test/firewalls.ts';
import { startTestApp, type TestApp } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { Intents, readIntent, readRevision } from './intent.ts';

describe('what is remembered of the intent of a team', () => {
  let test: TestApp;
  let team: FirewallTeam;
  let intents: Intents;
  before(async () => {
    test = await startTestApp(FIREWALLS_STILL);
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
    intents = new Intents();
  });
  after(() => test?.close());

  const query = (text: string, ...values: unknown[]) => test.database.pool.query(text, values);
  const read = () => intents.read(test.database.db, team.teamId);

  /** Reads it by what has changed; it must be what reading everything says. */
  async function compare() {
    const intent = await read();
    assert.deepEqual(intent, await readIntent(test.database.db, team.teamId));
    return intent;
  }

  it('is what the rows say, whatever happens to instances and firewalls', async () => {
    await compare();
    const [one, two] = [await team.server('one'), await team.server('two')];
    await compare();
    const id = await team.create({ attached_instances: [{ id: one, type: 'vps' }] });
    await compare();
    await team.done('PUT', `/firewalls/${id}`, {
      rules: [{ ...web, source_instance_ids: [{ id: two, type: 'vps' }] }],
    });
    await compare();
    const three = await team.server('three');
    await compare();
    await team.done('POST', `/firewalls/${id}/attach`, attachment(three));
    await compare();
    await team.done('POST', `/firewalls/${id}/detach`, attachment(one));
    await compare();
    test.plane.faults.failNext('ensureFirewalls', new DataPlaneError('invalid', 'Too much.'));
    await team.done('POST', `/firewalls/${id}/attach`, attachment(one));
    assert.equal((await team.show(id)).status, 'error');
    await compare();
    await team.server('four');
    await compare();
    await team.deleteServer(two);
    await compare();
    await team.done('POST', `/firewalls/${id}/deploy`);
    assert.equal((await compare()).firewalls.length, 3);
  });

  it('loses an instance that is being deleted at once, as a source too, and gets it back where that fails', async () => {
    const [one, two] = [await team.server('one'), await team.server('two')];
    await team.create({
      attached_instances: [{ id: one, type: 'vps' }],
      rules: [{ ...web, source_instance_ids: [{ id: two, type: 'vps' }] }],
    });
    await read();
    const lengths = async () => (await compare()).firewalls.map(({ policies }) => policies[1]?.length);
    await query(`update instances set status = 'destroying' where id = $1`, two);
    assert.deepEqual(await lengths(), [0]);
    await query(`update instances set status = 'error' where id = $1`, two);
    assert.deepEqual(await lengths(), [1, undefined]);
  });

  it('stays the same object where nothing has changed', async () => {
    await team.server('one');
    const before = await read();
    await team.server('two');
    const after = await compare();
    assert.equal(after.firewalls[0], before.firewalls[0]);
    assert.equal(
      (await intents.read(test.database.db, team.teamId, { anew: true })).firewalls[1],
      after.firewalls[1],
    );
  });

  it('is not trusted where the changes since then are not all known', async () => {
    await team.server('one');
    await read();
    await team.server('two');
    await query('delete from firewall_changes where team_id = $1', team.teamId);
    assert.equal((await compare()).firewalls.length, 2);
  });

  it('has a revision that only what was committed raises, and the last thousand changes', async () => {
    const revision = () => readRevision(test.database.db, team.teamId);
    const id = await team.server('one');
    const before = await revision();
    await query(`update instances set status = 'stopped', updated_at = now() where id = $1`, id);
    await assert.rejects(
      test.database.transaction(async (tx) => {
        await tx.updateTable('instances').set({ status: 'destroying' }).where('id', '=', id).execute();
        throw new Error('Undone.');
      }),
    );
    assert.equal(await revision(), before);
    await query('select note_firewall_change($1, $2) from generate_series(1, 1200)', team.teamId, id);
    const { rows } = await query(
      'select count(*), max(revision) - min(revision) + 1 as span from firewall_changes where team_id = $1',
      team.teamId,
    );
    assert.equal(rows[0].count, rows[0].span);
    assert.ok(rows[0].count >= 1000 && rows[0].count < 1100, `${rows[0].count}`);
    await compare();
  });
});
