import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ApiClient } from '../../../test/api-client.ts';
import {
  ALLOW_HTTPS,
  attachment,
  createFirewallTeam,
  FIREWALLS_STILL,
  type FirewallTeam,
  plain,
  web,
} from '../../../test/firewalls.ts';
import { holdBack, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('firewalls', () => {
  let test: TestApp;
  let team: FirewallTeam;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp(FIREWALLS_STILL);
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
    call = team.call;
  });
  after(() => test?.close());

  describe('attached and detached', () => {
    it('are in force together, and without one nothing comes in', async () => {
      const instance = await team.server();
      const id = await team.create();
      assert.equal((await team.show(id)).status, 'draft');
      const attached = await team.done('POST', `/firewalls/${id}/attach`, attachment(instance));
      assert.equal(attached.status, 'applying');
      assert.equal((await team.show(id)).status, 'active');
      assert.equal(team.policiesOf(instance)?.length, 2);
      assert.deepEqual(plain(team.policiesOf(instance))?.[1], [ALLOW_HTTPS]);

      const again = await call('POST', `/firewalls/${id}/attach`, { body: attachment(instance) });
      assert.deepEqual([again.status, again.body.operation_id], [200, null]);
      for (const one of [id, (await team.defaultOf(instance)).id]) {
        await team.done('POST', `/firewalls/${one}/detach`, attachment(instance));
      }
      assert.deepEqual(team.policiesOf(instance), []);
      const none = await call('POST', `/firewalls/${id}/detach`, { body: attachment(instance) });
      assert.deepEqual([none.status, none.body.operation_id], [200, null]);
      await team.consistent();
    });

    it('take the list of a PUT for all that there is', async () => {
      const [one, two] = [await team.server('one'), await team.server('two')];
      const id = await team.create({ attached_instances: [{ id: one, type: 'vps' }] });
      await team.done('PUT', `/firewalls/${id}`, { attached_instances: [{ id: two, type: 'vps' }] });
      assert.deepEqual([team.policiesOf(one)?.length, team.policiesOf(two)?.length], [1, 2]);
      const renamed = await team.done('PUT', `/firewalls/${id}`, { name: 'other', description: null });
      assert.equal(renamed.operation_id, null);
      assert.deepEqual(
        [renamed.firewall.name, renamed.firewall.attached_instances.length, renamed.firewall.status],
        ['other', 1, 'active'],
      );
      await team.done('PUT', `/firewalls/${id}`, { attached_instances: [] });
      assert.equal(team.policiesOf(two)?.length, 1);
    });

    it('are five for an instance at most, also for requests that come together', async () => {
      const instance = await team.server();
      const ids: string[] = [];
      for (let count = 0; count < 6; count++) ids.push(await team.create({ name: `f${count}` }));
      const answers = await Promise.all(
        ids.map((id) => call('POST', `/firewalls/${id}/attach`, { body: attachment(instance) })),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, 4);
      const refusal = answers.find(({ status }) => status === 422)!;
      assert.match(refusal.body.errors.instance_id[0], /has 5 firewalls already/);
      for (const { body } of answers) if (body.operation_id) await team.ended(body.operation_id);
      assert.equal(team.policiesOf(instance)?.length, 5);
    });

    it('refuse instances that there are not, by field', async () => {
      const id = await team.create();
      const cases: [object, string][] = [
        [attachment(NOBODY), 'instance_id'],
        [attachment('nonsense'), 'instance_id'],
        [attachment(NOBODY, 'queue'), 'instance_type'],
        [attachment(NOBODY, 'serverless'), 'instance_type'],
      ];
      for (const [body, field] of cases) {
        for (const action of ['attach', 'detach']) {
          const errors = await team.refused('POST', `/firewalls/${id}/${action}`, body);
          assert.deepEqual(Object.keys(errors), [field]);
        }
      }
    });

    it('cannot be deleted while attached, and say to what', async () => {
      const instance = await team.server('web-7');
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      const answer = await call('DELETE', `/firewalls/${id}`);
      assert.deepEqual([answer.status, answer.body.code], [422, 'invalid_state']);
      assert.match(answer.body.message, /attached to: server web-7\. Detach it first/);
      await team.done('POST', `/firewalls/${id}/detach`, attachment(instance));
      assert.equal((await call('DELETE', `/firewalls/${id}`)).status, 200);
      assert.equal((await call('GET', `/firewalls/${id}`)).status, 404);
      await team.consistent();
    });

    it('can be deleted while those that they are attached to are being deleted', async () => {
      const [one, two] = [await team.server('one'), await team.server('two')];
      const attached_instances = [one, two].map((instance) => ({ id: instance, type: 'vps' }));
      const id = await team.create({ attached_instances });
      for (const instance of [one, two]) await team.done('POST', `/vps/${instance}/stop`);
      const letGo = holdBack(test.plane, 'removeInstance');
      assert.equal((await call('DELETE', `/vps/${one}`)).status, 200);
      const refused = await call('DELETE', `/firewalls/${id}`);
      assert.match(refused.body.message, /attached to: server two\. /);
      assert.equal((await call('DELETE', `/vps/${two}`)).status, 200);
      assert.equal((await call('DELETE', `/firewalls/${id}`)).status, 200);
      assert.equal((await call('GET', `/firewalls/${id}`)).status, 404);
      letGo();
      for (const instance of [one, two]) {
        await waitFor('404', async () => (await call('GET', `/vps/${instance}`)).status === 404);
      }
      await team.consistent();
    });

    it('keep the last word where many change at once', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          call('PUT', `/firewalls/${id}`, { body: { rules: [{ ...web, port: 1000 + index }] } }),
        ),
      );
      for (const { status, body } of answers) {
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal((await team.ended(body.operation_id)).state, 'succeeded');
      }
      const firewall = await team.show(id);
      assert.equal(firewall.status, 'active');
      assert.equal(team.policiesOf(instance)?.[1]?.[0]?.ports?.first, firewall.rules[0].port);
      await team.consistent();
    });
  });

  describe('as drafts', () => {
    it('are not in force until they are deployed', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      const draft = { ...web, port: 8443 };
      const saved = await team.done('PUT', `/firewalls/${id}`, { status: 'draft', rules: [draft] });
      assert.deepEqual(
        [saved.operation_id, saved.firewall.status, saved.firewall.rules[0].port],
        [null, 'draft', 8443],
      );
      assert.deepEqual(plain(team.policiesOf(instance))?.[1], [ALLOW_HTTPS]);
      // Whatever else changes, the draft remains one.
      const other = await team.server('other');
      await team.done('POST', `/firewalls/${id}/attach`, attachment(other));
      assert.deepEqual(plain(team.policiesOf(other))?.[0], [ALLOW_HTTPS]);
      assert.equal((await team.show(id)).status, 'draft');
      await team.done('POST', `/firewalls/${id}/deploy`);
      assert.equal((await team.show(id)).status, 'active');
      assert.equal(team.policiesOf(instance)?.[1]?.[0]?.ports?.first, 8443);
      assert.equal(team.policiesOf(other)?.[0]?.[0]?.ports?.first, 8443);
      await team.consistent();
    });

    it('are nothing where they never were anything else', async () => {
      const instance = await team.server();
      const id = await team.create();
      await team.done('PUT', `/firewalls/${id}`, { status: 'draft', rules: [{ ...web, port: 1 }] });
      await team.done('POST', `/firewalls/${id}/attach`, attachment(instance));
      assert.deepEqual([(await team.show(id)).status, team.policiesOf(instance)?.[1]], ['draft', []]);
      await team.done('PUT', `/firewalls/${id}`, { status: 'active' });
      assert.deepEqual(
        [(await team.show(id)).status, team.policiesOf(instance)?.[1]?.[0]?.ports?.first],
        ['active', 1],
      );
    });
  });

  describe('that the host refuses', () => {
    const broken = new DataPlaneError('failed', 'The host refused.');

    it('leave what was in force, say why, and are tried again by a deploy', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      test.plane.faults.failNext('ensureFirewalls', broken);
      const body = await team.done('PUT', `/firewalls/${id}`, { rules: [{ ...web, port: 8443 }] });
      const operation = (await call('GET', `/operations/${body.operation_id}`)).body.data;
      assert.deepEqual([operation.state, operation.error.message], ['failed', 'The host refused.']);
      const failed = await team.show(id);
      assert.deepEqual([failed.status, failed.rules[0].port], ['error', 8443]);
      assert.deepEqual(failed.error, { code: 'failed', message: 'The host refused.', retryable: false });
      assert.deepEqual(plain(team.policiesOf(instance))?.[1], [ALLOW_HTTPS]);
      await team.consistent();
      const events = await test.database.pool.query(
        `select message from events where resource_id = $1 and reason = 'ApplyFailed'`,
        [id],
      );
      assert.match(events.rows[0].message, /in force before stays in force: The host refused/);

      await team.done('POST', `/firewalls/${id}/deploy`);
      const repaired = await team.show(id);
      assert.deepEqual([repaired.status, repaired.error], ['active', null]);
      assert.equal(team.policiesOf(instance)?.[1]?.[0]?.ports?.first, 8443);
      await team.consistent();
    });

    it('are not in force for instances that they were to be attached to', async () => {
      const [one, two] = [await team.server('one'), await team.server('two')];
      const id = await team.create({ attached_instances: [{ id: one, type: 'vps' }] });
      test.plane.faults.failNext('ensureFirewalls', broken);
      await team.done('PUT', `/firewalls/${id}`, { attached_instances: [{ id: two, type: 'vps' }] });
      assert.deepEqual([team.policiesOf(one)?.length, team.policiesOf(two)?.length], [2, 1]);
      assert.equal((await team.show(id)).status, 'error');
      await team.consistent();
      await team.done('POST', `/firewalls/${id}/deploy`);
      assert.deepEqual([team.policiesOf(one)?.length, team.policiesOf(two)?.length], [1, 2]);
      await team.consistent();
    });

    it('take later changes that wait behind them along', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      let later: Awaited<ReturnType<ApiClient>> | undefined;
      test.plane.faults.failNext('ensureFirewalls', broken);
      const away = test.plane.faults.before(async (verb) => {
        if (verb !== 'ensureFirewalls' || later) return;
        later = await call('PUT', `/firewalls/${id}`, { body: { rules: [{ ...web, port: 2 }] } });
      });
      await team.done('PUT', `/firewalls/${id}`, { rules: [{ ...web, port: 1 }] });
      away();
      const { error } = await team.ended(later!.body.operation_id);
      assert.equal(error.code, 'previous_operation_failed');
      const failed = await team.show(id);
      assert.deepEqual([failed.status, failed.rules[0].port], ['error', 2]);
      assert.deepEqual(plain(team.policiesOf(instance))?.[1], [ALLOW_HTTPS]);
      await team.consistent();
    });
  });

  describe('of other teams', () => {
    it('and their instances are as if they did not exist', async () => {
      const foreign = await team.server('foreign');
      const theirs = await team.create();
      team = await createFirewallTeam(test);
      call = team.call;
      const id = await team.create();
      const attached = [{ id: foreign, type: 'vps' }];
      const rule = { ...web, source_instance_ids: attached };
      assert.deepEqual(
        Object.keys(await team.refused('POST', '/firewalls', { name: 'x', attached_instances: attached })),
        ['attached_instances.0.id'],
      );
      for (const [method, path] of [
        ['POST', '/firewalls'],
        ['PUT', `/firewalls/${id}`],
      ] as const) {
        const errors = await team.refused(method, path, { name: 'x', rules: [rule] });
        assert.deepEqual(Object.keys(errors), ['rules.0.source_instance_ids.0.id']);
      }
      assert.deepEqual(
        Object.keys(await team.refused('POST', `/firewalls/${id}/attach`, attachment(foreign))),
        ['instance_id'],
      );
      for (const [method, path, body] of [
        ['PUT', '', { name: 'mine' }],
        ['DELETE', '', {}],
        ['POST', '/attach', attachment(foreign)],
        ['POST', '/deploy', {}],
        ['POST', '/confirm', {}],
      ] as const) {
        assert.equal((await call(method, `/firewalls/${theirs}${path}`, { body })).status, 404);
      }
      assert.equal((await call('GET', '/firewalls')).body.pagination.total, 1);
      assert.deepEqual(test.plane.firewallsOf(team.teamId), []);
    });
  });
});
