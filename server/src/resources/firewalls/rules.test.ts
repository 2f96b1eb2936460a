import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ApiClient } from '../../../test/api-client.ts';
import { attachment, createFirewallTeam, type FirewallTeam, web } from '../../../test/firewalls.ts';
import { startTestApp, type TestApp } from '../../../test/harness.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('rules of firewalls', () => {
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

  describe('as they are saved', () => {
    it('echo the request, and fill in defaults', async () => {
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

    it('are evaluated by their order, equal ones in list order', async () => {
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

    it('survive a round trip, whatever they are', async () => {
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
          // Two texts may stand for the same block.
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

    it('are rejected with a sentence for each error', async () => {
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

    it('are rejected where no data plane could enforce them, naming the rules to blame', async () => {
      const instance = await team.server();
      // Each rule splits the port ranges of all others, and has other addresses.
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
      // Each fits alone, but not together.
      const ids = [];
      for (const half of [rules.slice(0, 12), rules.slice(12, 24)]) {
        ids.push(await team.create({ rules: half }));
      }
      await team.done('POST', `/firewalls/${ids[0]}/attach`, attachment(instance));
      const together = await call('POST', `/firewalls/${ids[1]}/attach`, { body: attachment(instance) });
      assert.equal(together.status, 422, JSON.stringify(together.body));
      assert.match(together.body.message, /of the firewall “web”/);
      // A complete denial needs no space, until it is lifted.
      const closed = await team.create({
        rules: [{ direction: 'inbound', protocol: 'any', action: 'deny' }],
        attached_instances: [{ id: instance, type: 'vps' }],
      });
      await team.done('POST', `/firewalls/${ids[1]}/attach`, attachment(instance));
      const opened = await call('POST', `/firewalls/${closed}/detach`, { body: attachment(instance) });
      assert.equal(opened.status, 422, JSON.stringify(opened.body));
      await team.consistent();
    });

    it('are rejected with an unknown member, since a typo would allow more than intended', async () => {
      const rules = [{ direction: 'inbound', protocol: 'tcp', ports: 22, source_ip: '192.0.2.1' }];
      const errors = await team.refused('POST', '/firewalls', { name: 'x', rules });
      assert.deepEqual(Object.keys(errors), ['rules.0.ports', 'rules.0.source_ip']);
      assert.match(errors['rules.0.ports']![0]!, /is not known/);
    });

    it('are rejected where those of all instances together are too large', async () => {
      // Nearly the maximum for one instance; six of them are nearly the maximum for a team.
      const rules = Array.from({ length: 100 }, (_, index) => ({
        ...web,
        port: 1000 + 2 * index,
        source_ips: Array.from({ length: 20 }, (_, host) => `10.0.${host}.1`),
      }));
      const firewall = await team.create({ rules });
      const answers = [];
      for (let count = 0; count < 7; count += 1) {
        const body = attachment(await team.server());
        answers.push(await call('POST', `/firewalls/${firewall}/attach`, { body }));
      }
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200, 200, 200, 422],
      );
      assert.match(answers.at(-1)!.body.message, /rules of all instances of the team/);
      await team.consistent();
    });
  });
});
