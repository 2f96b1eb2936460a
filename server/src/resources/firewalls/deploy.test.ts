import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  createFirewallTeam,
  FIREWALLS_STILL,
  type FirewallTeam,
  reconcileFirewalls,
  web,
} from '../../../test/firewalls.ts';
import { startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('a deploy that must be confirmed', () => {
  let test: TestApp;
  let team: FirewallTeam;
  let instance: string;
  let id: string;
  before(async () => {
    test = await startTestApp(FIREWALLS_STILL);
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
    instance = await team.server();
    id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
  });
  after(() => test?.close());

  /** Saves rules for this port and deploys them. */
  async function deploy(port: number, body: object = { confirm_within: 60 }) {
    await team.done('PUT', `/firewalls/${id}`, { status: 'draft', rules: [{ ...web, port }] });
    return team.done('POST', `/firewalls/${id}/deploy`, body);
  }
  const portInForce = () => team.policiesOf(instance)?.[1]?.[0]?.ports?.first;
  const timeIsUp = () =>
    test.database.pool.query('update firewalls set confirm_by = now() where id = $1', [id]);
  const rolledBack = () =>
    waitFor('the rules before', async () => {
      const firewall = await team.show(id);
      return firewall.status === 'draft' && firewall;
    });

  it('goes back to the rules before, and keeps the new ones as a draft', async () => {
    const asked = Date.now();
    const answer = await deploy(8443);
    const answered = Date.now();
    assert.match(answer.message, /Unless you confirm within 60 seconds/);
    const deployed = await team.show(id);
    assert.deepEqual([deployed.status, deployed.confirm_by], ['active', answer.confirm_by]);
    const minuteBefore = Date.parse(answer.confirm_by) - 60_000;
    assert.ok(minuteBefore > asked - 1000 && minuteBefore < answered + 1000, answer.confirm_by);
    assert.equal(portInForce(), 8443);

    await timeIsUp();
    const firewall = await rolledBack();
    assert.equal(portInForce(), 443);
    assert.deepEqual([firewall.rules[0].port, firewall.confirm_by], [8443, null]);
    assert.equal(firewall.error.code, 'not_confirmed');
    const events = await test.database.pool.query(
      `select severity, message from events where resource_id = $1 and reason = 'RolledBack'`,
      [id],
    );
    assert.equal(events.rows.length, 1);
    assert.match(events.rows[0].message, /Nobody confirmed/);
    await team.consistent();

    await team.done('POST', `/firewalls/${id}/deploy`);
    const again = await team.show(id);
    assert.deepEqual([again.status, again.error, portInForce()], ['active', null, 8443]);
  });

  it('stays once confirmed', async () => {
    await deploy(8443);
    const confirmed = await team.done('POST', `/firewalls/${id}/confirm`);
    assert.deepEqual([confirmed.status, confirmed.confirm_by], ['active', null]);
    const { rows } = await test.database.pool.query(
      'select confirm_by, rollback_rules from firewalls where id = $1',
      [id],
    );
    assert.deepEqual(rows[0], { confirm_by: null, rollback_rules: null });
    assert.equal(portInForce(), 8443);
  });

  it('is confirmed once, and only where there is one', async () => {
    const { status, body } = await team.call('POST', `/firewalls/${id}/confirm`);
    assert.deepEqual([status, body.code, body.status], [422, 'invalid_state', 'active']);
    await deploy(8443);
    await team.done('POST', `/firewalls/${id}/confirm`);
    assert.equal((await team.call('POST', `/firewalls/${id}/confirm`)).status, 422);
  });

  it('goes back after a restart of the server too', async () => {
    await deploy(8443);
    await test.restart();
    await timeIsUp();
    await waitFor('the rules before', async () => portInForce() === 443);
  });

  it('goes back to what was confirmed last, however many deploys came after', async () => {
    await deploy(1001);
    await deploy(1002);
    await timeIsUp();
    await rolledBack();
    assert.equal(portInForce(), 443);
  });

  it('is for good where the next change does not ask for it', async () => {
    await deploy(1001);
    await team.done('PUT', `/firewalls/${id}`, { rules: [{ ...web, port: 1002 }] });
    assert.equal((await team.show(id)).confirm_by, null);
    await deploy(1003);
    await team.done('POST', `/firewalls/${id}/deploy`);
    const firewall = await team.show(id);
    assert.deepEqual([firewall.confirm_by, portInForce()], [null, 1003]);
  });

  it('goes back as soon as the host lets it', async () => {
    await deploy(8443);
    test.plane.faults.failAlways('ensureFirewalls', new DataPlaneError('failed', 'The host refused.'));
    await timeIsUp();
    await waitFor('a failed rollback', async () => {
      const { rows } = await test.database.pool.query(
        `select from events where resource_id = $1 and reason = 'RollbackFailed'`,
        [id],
      );
      return rows.length > 0;
    });
    const stuck = await team.show(id);
    assert.deepEqual([stuck.status, portInForce()], ['applying', 8443]);
    test.plane.faults.clear();
    await reconcileFirewalls(test);
    assert.deepEqual([(await team.show(id)).status, portInForce()], ['draft', 443]);
    await team.consistent();
  });

  it('asks for 5 seconds to an hour', async () => {
    for (const [confirm_within, sentence] of [
      [4, /at least 5/],
      [3601, /not be greater than 3600/],
      ['a minute', /whole number/],
    ] as const) {
      const errors = await team.refused('POST', `/firewalls/${id}/deploy`, { confirm_within });
      assert.match(errors.confirm_within![0]!, sentence);
    }
    // A client of the v1 API sends no body.
    const plain = await team.call('POST', `/firewalls/${id}/deploy`);
    assert.deepEqual([plain.status, plain.body.confirm_by], [200, null]);
  });
});
