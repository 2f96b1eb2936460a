import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  ALLOW_HTTPS,
  attachment,
  createFirewallTeam,
  FIREWALLS_STILL,
  type FirewallTeam,
  plain,
  reconcileFirewalls,
  web,
} from '../../../test/firewalls.ts';
import { startTestApp, type TestApp } from '../../../test/harness.ts';
import { RowsFailed } from '../../reconcilers/rows.ts';
import { applyTeamFirewalls } from './enforcement.ts';
import { readIntent } from './intent.ts';

describe('firewalls and the data plane', () => {
  let test: TestApp;
  let team: FirewallTeam;
  before(async () => {
    test = await startTestApp(FIREWALLS_STILL);
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
  });
  after(() => test?.close());

  const query = (text: string, ...values: unknown[]) => test.database.pool.query(text, values);

  it('come together again where the data plane has lost something', async () => {
    const instance = await team.server();
    const before = team.policiesOf(instance);
    await test.plane.ensureFirewalls(team.teamId, []);
    await reconcileFirewalls(test);
    assert.deepEqual(team.policiesOf(instance), before);
    await team.consistent();
  });

  it('come together where a change was cut off, and the status says so', async () => {
    const instance = await team.server();
    const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
    await query(
      `update firewalls set effective_rules = '[]', rules = '[]', revision = revision + 1, status = 'applying'
        where id = $1`,
      id,
    );
    await reconcileFirewalls(test);
    assert.deepEqual([(await team.show(id)).status, team.policiesOf(instance)?.[1]], ['active', []]);
    await team.consistent();
  });

  it('do not wait for a team that cannot be helped', async () => {
    const [broken, instance] = [await createFirewallTeam(test), await team.server()];
    const lost = await broken.server();
    for (const { teamId } of [broken, team]) await test.plane.ensureFirewalls(teamId, []);
    const away = test.plane.faults.before((verb, argument) => {
      if (verb === 'ensureFirewalls' && argument === broken.teamId) throw new Error('Gone.');
    });
    await assert.rejects(reconcileFirewalls(test), RowsFailed);
    away();
    assert.deepEqual([broken.policiesOf(lost), team.policiesOf(instance)?.length], [undefined, 1]);
    await reconcileFirewalls(test);
    assert.equal(broken.policiesOf(lost)?.length, 1);
  });

  it('lose the firewall of an instance that is gone when it is detached from the last other', async () => {
    const [one, two] = [await team.server('one'), await team.server('two')];
    const { id } = await team.defaultOf(one);
    await team.done('POST', `/firewalls/${id}/attach`, attachment(two));
    await team.deleteServer(one);
    await team.done('POST', `/firewalls/${id}/detach`, attachment(two));
    await reconcileFirewalls(test);
    assert.equal((await team.call('GET', `/firewalls/${id}`)).status, 404);
    // Detached by its customer, the one of an instance that is there stays.
    const own = await team.defaultOf(two);
    await team.done('POST', `/firewalls/${own.id}/detach`, attachment(two));
    await reconcileFirewalls(test);
    assert.equal((await team.show(own.id)).is_default, true);
    await team.deleteServer(two);
    assert.equal((await team.call('GET', `/firewalls/${own.id}`)).status, 404);
    await team.consistent();
  });

  it('agree in the end where old and new are brought there at once', async () => {
    const instance = await team.server();
    const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
    let changes = 3;
    const away = test.plane.faults.before(async (verb) => {
      if (verb !== 'ensureFirewalls' || changes === 0) return;
      changes -= 1;
      // A change that comes while what was read before it is on its way.
      await query(
        `update firewalls set revision = revision + 1, effective_rules =
          jsonb_set(effective_rules, '{0,port_range_end}', to_jsonb(500 + $2::integer)) where id = $1`,
        id,
        changes,
      );
    });
    await applyTeamFirewalls(test.database, test.plane, team.teamId);
    away();
    assert.deepEqual(plain(team.policiesOf(instance))?.[1], [
      { ...ALLOW_HTTPS, ports: { first: 443, last: 500 } },
    ]);
    const { rows } = await query('select revision, applied_revision from firewalls where id = $1', id);
    assert.equal(rows[0].applied_revision, rows[0].revision);
  });

  it('keep nobody waiting for changes that came after he asked', async () => {
    const instance = await team.server();
    const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
    const apply = () => applyTeamFirewalls(test.database, test.plane, team.teamId);
    let pushes = 0;
    const later: Promise<void>[] = [];
    const away = test.plane.faults.before(async (verb) => {
      if (verb !== 'ensureFirewalls') return;
      pushes += 1;
      if (pushes > 5) return;
      await query(
        `update firewalls set revision = revision + 1, effective_rules =
          jsonb_set(effective_rules, '{0,port_range_end}', to_jsonb(500 + $2::integer)) where id = $1`,
        id,
        pushes,
      );
      later.push(apply());
    });
    await apply();
    assert.equal(pushes, 1);
    for (const one of later) await one;
    away();
    assert.equal(pushes, 6);
    assert.deepEqual(plain(team.policiesOf(instance))?.[1], [
      { ...ALLOW_HTTPS, ports: { first: 443, last: 505 } },
    ]);
    const { rows } = await query('select revision, applied_revision from firewalls where id = $1', id);
    assert.equal(rows[0].applied_revision, rows[0].revision);
  });

  it('leave out an instance that is being deleted, as a source too', async () => {
    const [one, two] = [await team.server('one'), await team.server('two')];
    await team.create({
      attached_instances: [{ id: one, type: 'vps' }],
      rules: [{ ...web, source_instance_ids: [{ id: two, type: 'vps' }] }],
    });
    await query(`update instances set status = 'destroying' where id = $1`, two);
    const { firewalls } = await readIntent(test.database.db, team.teamId);
    assert.deepEqual(
      firewalls.map(({ ref, policies }) => [ref.name, policies.length, policies[1]?.length]),
      [[`vps-${one}`, 2, 0]],
    );
  });
});
