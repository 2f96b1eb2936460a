import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
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
import { EngineError } from '../../engines/engine.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('firewalls', () => {
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

  describe('that instances are made with', () => {
    it('lets a server be reached by SSH and ping', async () => {
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

    it('lets databases and caches be reached from the network of the team alone', async () => {
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

    it('is in force before the instance runs', async () => {
      const seen: string[] = [];
      const away = test.engine.faults.before((verb) => void seen.push(verb));
      await team.server();
      away();
      assert.ok(seen.indexOf('ensureFirewalls') < seen.indexOf('ensureInstance'));
    });

    it('counts for no quota, can be changed, and goes with its last instance', async () => {
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

    it('leaves nothing behind where the instance could not be made, also for who gets its address', async () => {
      test.engine.faults.failNext('ensureInstance', new EngineError('failed', 'The host refused.'));
      const { body } = await call('POST', '/vps', { body: newVps() });
      const { id, public_ip } = body.instance;
      assert.equal((await team.ended(body.operation_id)).state, 'failed');
      const firewall = await team.defaultOf(id);
      await team.done('PUT', `/firewalls/${firewall.id}`, {
        rules: [{ ...web, protocol: 'any', port: null }],
      });
      await call('DELETE', `/vps/${id}`);
      await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
      assert.deepEqual(test.engine.firewallsOf(team.teamId), []);
      await test.database.pool.query('update networks set next_host = 1023 where team_id = $1', [
        team.teamId,
      ]);
      const next = await team.server('next');
      assert.equal((await call('GET', `/vps/${next}`)).body.instance.public_ip, public_ip);
      assert.equal(team.policiesOf(next)?.flat().length, 2);
      await team.consistent();
    });
  });

  describe('as they are written', () => {
    it('echo what they were given, and fill in the rest', async () => {
      const other = await team.server('other');
      const rules = [
        { direction: 'inbound', protocol: 'icmp' },
        {
          name: 'games',
          description: 'In the evening.',
          direction: 'outbound',
          protocol: 'udp',
          port_range_start: 1000,
          port_range_end: 2000,
          source_ips: ['198.51.100.7', '2001:db8::/32'],
          source_instance_ids: [{ id: other, type: 'vps' }],
          action: 'deny',
          order: 7,
        },
        { ...web, source_ips: [], source_instance_ids: null },
      ];
      const id = await team.create({ description: 'Mine.', rules });
      const firewall = await team.show(id);
      assert.deepEqual(
        [firewall.name, firewall.description, firewall.is_default, firewall.team_id],
        ['web', 'Mine.', false, team.teamId],
      );
      const nothing = {
        name: null,
        description: null,
        port: null,
        port_range_start: null,
        port_range_end: null,
        source_ips: null,
        source_instance_ids: null,
        action: 'allow',
      };
      assert.deepEqual(
        firewall.rules.map(({ id: _, ...rule }: { id: string }) => rule),
        [
          { ...nothing, ...rules[0], order: 1 },
          { ...nothing, ...rules[1] },
          { ...nothing, ...web, port_range_start: 443, port_range_end: 443, order: 3 },
        ],
      );
      const { body } = await call('GET', '/firewalls');
      assert.deepEqual(
        body.data.find((one: { id: string }) => one.id === id),
        firewall,
      );
    });

    it('are judged by their order, equal ones as they stand', async () => {
      const instance = await team.server();
      const rule = (port: number, order?: number) => ({
        ...web,
        port,
        ...(order === undefined ? {} : { order }),
      });
      await team.create({
        rules: [rule(1, 5), rule(2), rule(3, 2), rule(4, 0)],
        attached_instances: [{ id: instance, type: 'vps' }],
      });
      const ports = team.policiesOf(instance)!.map((policy) => policy.map(({ ports }) => ports?.first));
      assert.deepEqual(ports.at(-1), [4, 2, 3, 1]);
    });

    it('come out as they went in, whatever they are', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      const port = fc.integer({ min: 1, max: 65_535 });
      const ports = fc.oneof(
        fc.constant({}),
        port.map((one) => ({ port: one })),
        fc
          .tuple(port, port)
          .map(([a, b]) => ({ port_range_start: Math.min(a, b), port_range_end: Math.max(a, b) })),
      );
      const address = fc.oneof(
        fc.ipV4(),
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
        fc.constantFrom('2001:db8::1', '2001:db8::/32', '::/0'),
      );
      const common = {
        name: fc.option(fc.string({ maxLength: 20 }), { nil: null }),
        direction: fc.constantFrom('inbound', 'outbound'),
        action: fc.constantFrom('allow', 'deny', null),
        source_ips: fc.option(fc.uniqueArray(address, { maxLength: 3 }), { nil: null }),
        order: fc.option(fc.nat(5), { nil: null }),
      };
      const rule = fc.oneof(
        fc.record({ ...common, protocol: fc.constantFrom('icmp', 'any') }),
        fc
          .tuple(fc.record({ ...common, protocol: fc.constantFrom('tcp', 'udp') }), ports)
          .map(([rest, own]) => ({ ...rest, ...own })),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(rule, { maxLength: 6 }), async (rules) => {
          const answer = await call('PUT', `/firewalls/${id}`, { body: { rules } });
          // Two texts may be one block.
          if (answer.status === 422) return assert.match(answer.body.message, /the same as/);
          assert.equal(answer.status, 200, JSON.stringify(answer.body));
          await team.ended(answer.body.operation_id);
          const before = team.policiesOf(instance);
          const { firewall } = answer.body;
          assert.deepEqual((await team.show(id)).rules, firewall.rules);
          await team.done('PUT', `/firewalls/${id}`, { rules: firewall.rules });
          assert.deepEqual((await team.show(id)).rules, firewall.rules);
          assert.deepEqual(team.policiesOf(instance), before);
        }),
        { numRuns: 25 },
      );
    });

    it('are refused with a sentence for each fault', async () => {
      const own = await team.server();
      const faults: [object, string, RegExp][] = [
        [{ protocol: 'icmp', port: 1 }, 'port', /Only tcp and udp have ports, icmp has none/],
        [{ protocol: 'any', port: null, port_range_end: 1 }, 'port_range_end', /any has none/],
        [{ port: 1, port_range_start: 2, port_range_end: 3 }, 'port', /different things/],
        [{ port: 1, port_range_end: 3 }, 'port', /different things/],
        [{ port: null, port_range_start: 2 }, 'port_range_end', /last port too/],
        [{ port: null, port_range_end: 2 }, 'port_range_start', /first port too/],
        [
          { port: null, port_range_start: 9, port_range_end: 2 },
          'port_range_end',
          /ends at 2, before it begins at 9/,
        ],
        [{ port: 0 }, 'port', /at least 1/],
        [{ port: 65_536 }, 'port', /not be greater than 65535/],
        [{ protocol: 'gre', port: null }, 'protocol', /GRE/],
        [{ protocol: 'esp', port: null }, 'protocol', /ESP/],
        [{ protocol: 'sctp' }, 'protocol', /one of: tcp/],
        [{ direction: 'sideways' }, 'direction', /one of: inbound, outbound/],
        [{ action: 'reject' }, 'action', /one of: allow, deny/],
        [{ source_ips: ['1.2.3'] }, 'source_ips.0', /"1\.2\.3" is not an IPv4 or IPv6 address/],
        [{ source_ips: ['1.2.3.4/33'] }, 'source_ips.0', /prefix length from 0 to 32/],
        [{ source_ips: ['2001:db8::/129'] }, 'source_ips.0', /prefix length from 0 to 128/],
        [{ source_ips: ['192.0.2.1', '192.0.2.1'] }, 'source_ips.1', /named twice/],
        [{ source_ips: ['192.0.2.0/24', '192.0.2.9/24'] }, 'source_ips.1', /the same as 192\.0\.2\.0\/24/],
        [{ source_ips: Array(101).fill('192.0.2.1') }, 'source_ips', /not have more than 100 items/],
        [{ source_instance_ids: [{}] }, 'source_instance_ids.0.id', /required/],
        [
          { source_instance_ids: [{ id: NOBODY, type: 'vps' }] },
          'source_instance_ids.0.id',
          /no such server/,
        ],
        [{ source_instance_ids: [{ id: own, type: 'cache' }] }, 'source_instance_ids.0.id', /no such cache/],
        [{ source_instance_ids: [{ id: own, type: 'queue' }] }, 'source_instance_ids.0.type', /type queue/],
        [{ source_instance_ids: [{ id: own }, { id: own }] }, 'source_instance_ids.1.id', /named twice/],
      ];
      for (const [change, field, sentence] of faults) {
        const errors = await team.refused('POST', '/firewalls', {
          name: 'x',
          rules: [web, { ...web, ...change }],
        });
        assert.deepEqual(Object.keys(errors), [`rules.1.${field}`], JSON.stringify(change));
        assert.match(errors[`rules.1.${field}`]![0]!, sentence);
      }
      const many = await team.refused('POST', '/firewalls', { name: 'x', rules: Array(101).fill(web) });
      assert.match(many.rules![0]!, /not have more than 100 items/);
      const all = await team.refused('POST', '/firewalls', {
        name: 'x',
        rules: [
          { ...web, port_range_start: 1 },
          { ...web, source_ips: ['a', 'b'] },
        ],
        attached_instances: [
          { id: NOBODY, type: 'vps' },
          { id: own, type: 'serverless' },
        ],
      });
      assert.deepEqual(Object.keys(all), [
        'rules.0.port',
        'rules.1.source_ips.0',
        'rules.1.source_ips.1',
        'attached_instances.0.id',
        'attached_instances.1.type',
      ]);
      assert.equal((await call('GET', '/firewalls')).body.pagination.total, 1);
    });

    it('are refused where no data plane could hold them, and those to blame are named', async () => {
      const instance = await team.server();
      // Each rule cuts the ports of all others, and names other addresses.
      const rules = Array.from({ length: 100 }, (_, index) => ({
        ...web,
        port: null,
        name: `rule ${index}`,
        port_range_start: 100 + index,
        port_range_end: 60_000 - index,
        source_ips: Array.from({ length: 100 }, (_, host) => `10.${index}.${host}.${host % 2 ? 1 : 7}`),
      }));
      const errors = await team.refused('POST', '/firewalls', { name: 'x', rules });
      assert.match(
        errors.rules![0]!,
        /too many different combinations.* These rules take most: \d+ “rule \d+”/,
      );
      // Alone each can be held, not together.
      const ids = [];
      for (const half of [rules.slice(0, 12), rules.slice(12, 24)]) {
        ids.push(await team.create({ rules: half }));
      }
      await team.done('POST', `/firewalls/${ids[0]}/attach`, attachment(instance));
      const together = await call('POST', `/firewalls/${ids[1]}/attach`, { body: attachment(instance) });
      assert.equal(together.status, 422, JSON.stringify(together.body));
      assert.match(together.body.message, /of the firewall “web”/);
      await team.consistent();
    });
  });

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
      // A rule that is for nobody is gone: with an empty list of sources it would be for everybody.
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
    const broken = new EngineError('failed', 'The host refused.');

    it('leave what was in force, say why, and are tried again by a deploy', async () => {
      const instance = await team.server();
      const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }] });
      test.engine.faults.failNext('ensureFirewalls', broken);
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
      const mended = await team.show(id);
      assert.deepEqual([mended.status, mended.error], ['active', null]);
      assert.equal(team.policiesOf(instance)?.[1]?.[0]?.ports?.first, 8443);
      await team.consistent();
    });

    it('are not in force for instances that they were to be attached to', async () => {
      const [one, two] = [await team.server('one'), await team.server('two')];
      const id = await team.create({ attached_instances: [{ id: one, type: 'vps' }] });
      test.engine.faults.failNext('ensureFirewalls', broken);
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
      test.engine.faults.failNext('ensureFirewalls', broken);
      const away = test.engine.faults.before(async (verb) => {
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
      assert.deepEqual(test.engine.firewallsOf(team.teamId), []);
    });
  });
});
