import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ApiClient } from '../../../test/api-client.ts';
import { newCache, newDatabase, newVps } from '../../../test/client.ts';
import {
  ALLOW_HTTPS,
  attachment,
  createFirewallTeam,
  type FirewallTeam,
  plain,
  web,
} from '../../../test/firewalls.ts';
import { startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('firewalls and the life of instances', () => {
  let test: TestApp;
  let team: FirewallTeam;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
    call = team.call;
  });
  after(() => test?.close());

  describe('that are created with an instance', () => {
    it('allow SSH and ping to a server', async () => {
      const { body } = await call('POST', '/vps', { body: newVps({ name: 'web-1' }) });
      assert.equal(body.firewall_created, true);
      await team.ended(body.operation_id);
      const firewall = await team.defaultOf(body.instance.id);
      assert.deepEqual(
        [firewall.name, firewall.status, firewall.default_action],
        ['web-1-default', 'active', 'deny'],
      );
      assert.deepEqual(firewall.attached_instances, [{ id: body.instance.id, type: 'vps', name: 'web-1' }]);
      assert.deepEqual(plain(team.policiesOf(body.instance.id)), [
        [
          { ...ALLOW_HTTPS, ports: { first: 22, last: 22 } },
          { ...ALLOW_HTTPS, protocol: 'icmp', ports: null },
        ],
      ]);
    });

    it('allow access to databases and caches from the team’s network only', async () => {
      const database = await team.made('/database', newDatabase());
      const cache = await team.made('/cache', newCache());
      const { rows } = await test.database.pool.query(
        'select array[ipv4_subnet::text, ipv6_subnet::text] as peers from networks where team_id = $1',
        [team.teamId],
      );
      const from = (port: number) => ({ ...ALLOW_HTTPS, ports: { first: port, last: port }, ...rows[0] });
      assert.deepEqual(plain(team.policiesOf(database, 'database')), [[from(5432)]]);
      assert.deepEqual(plain(team.policiesOf(cache, 'cache')), [[from(6380), from(6379)]]);
    });

    it('are in force before the instance runs', async () => {
      const seen: string[] = [];
      const away = test.plane.faults.before((verb) => void seen.push(verb));
      await team.server();
      away();
      assert.ok(seen.indexOf('ensureFirewalls') < seen.indexOf('ensureInstance'));
    });

    it('do not count for the quota, can be changed, and are deleted with their last instance', async () => {
      await test.database.pool.query(`update teams set quotas = '{"vps": 30, "firewall": 1}' where id = $1`, [
        team.teamId,
      ]);
      const [one, two] = [await team.server('one'), await team.server('two')];
      await team.create();
      const answer = await call('POST', '/firewalls', { body: { name: 'too many' } });
      assert.deepEqual(
        [answer.status, answer.body.code, answer.body.quota, answer.body.limit],
        [422, 'quota_exceeded', 'firewall', 1],
      );
      const { id } = await team.defaultOf(one);
      await team.done('PUT', `/firewalls/${id}`, { rules: [web] });
      await team.done('POST', `/firewalls/${id}/attach`, attachment(two));
      await team.deleteServer(one);
      assert.deepEqual((await team.show(id)).attached_instances, [{ id: two, type: 'vps', name: 'two' }]);
      await team.deleteServer(two);
      assert.equal((await call('GET', `/firewalls/${id}`)).status, 404);
      assert.equal((await call('GET', '/firewalls')).body.pagination.total, 1);
      await team.consistent();
    });

    it('stays through a reinstall', async () => {
      const id = await team.server();
      const before = team.policiesOf(id);
      await team.done('POST', `/vps/${id}/reinstall`, { image: 'debian-12' });
      assert.deepEqual(team.policiesOf(id), before);
    });

    it('leave nothing behind where creation failed, also for the next user of the address', async () => {
      test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'The host refused.'));
      const { body } = await call('POST', '/vps', { body: newVps() });
      const { id, public_ip } = body.instance;
      assert.equal((await team.ended(body.operation_id)).state, 'failed');
      const firewall = await team.defaultOf(id);
      await team.done('PUT', `/firewalls/${firewall.id}`, {
        rules: [{ ...web, protocol: 'any', port: null }],
      });
      await call('DELETE', `/vps/${id}`);
      await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
      assert.deepEqual(test.plane.firewallsOf(team.teamId), []);
      await test.database.pool.query('update networks set next_host = 1023 where team_id = $1', [
        team.teamId,
      ]);
      const next = await team.server('next');
      assert.equal((await call('GET', `/vps/${next}`)).body.instance.public_ip, public_ip);
      assert.equal(team.policiesOf(next)?.flat().length, 2);
      await team.consistent();
    });
  });

  describe('that name instances as sources', () => {
    it('follow them, and forget them when they are deleted', async () => {
      const [target, one, two] = [
        await team.server('target'),
        await team.server('one'),
        await team.server('two'),
      ];
      const addressesOf = async (id: string) => {
        const { public_ip, ipv6_address } = (await call('GET', `/vps/${id}`)).body.instance;
        return [public_ip, ipv6_address];
      };
      const named = (...ids: string[]) => ids.map((id) => ({ id, type: 'vps' }));
      const id = await team.create({
        attached_instances: named(target),
        rules: [
          { ...web, source_instance_ids: named(one, two) },
          { ...web, source_ips: ['192.0.2.1'], source_instance_ids: named(one) },
          { ...web, name: 'one alone', source_instance_ids: named(one) },
        ],
      });
      const peers = () => team.policiesOf(target)![1]!.map((rule) => rule.peers);
      const [ofOne, ofTwo] = [await addressesOf(one), await addressesOf(two)];
      assert.deepEqual(peers(), [[...ofOne, ...ofTwo], ['192.0.2.1', ...ofOne], ofOne]);
      await team.deleteServer(one);
      // A rule whose sources are all gone is deleted: with an empty list of sources it would be for everyone.
      assert.deepEqual(
        (await team.show(id)).rules.map((rule: Record<string, unknown>) => [
          rule.source_ips,
          rule.source_instance_ids,
        ]),
        [
          [null, named(two)],
          [['192.0.2.1'], null],
        ],
      );
      assert.deepEqual(peers(), [ofTwo, ['192.0.2.1']]);
      await team.consistent();
    });
  });
});
