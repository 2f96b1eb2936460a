import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createFirewallTeam, type FirewallTeam, web } from '../../../test/firewalls.ts';
import { startTestApp, type TestApp } from '../../../test/harness.ts';

const PEER = '203.0.113.7';

describe('the simulation of a packet', () => {
  let test: TestApp;
  let team: FirewallTeam;
  before(async () => {
    test = await startTestApp();
  });
  beforeEach(async () => {
    team = await createFirewallTeam(test);
  });
  after(() => test?.close());

  const addressOf = async (instance: string): Promise<string> =>
    (await team.call('GET', `/vps/${instance}`)).body.instance.public_ip;
  async function judge(id: string, packet: object) {
    const { status, body } = await team.call('POST', `/firewalls/${id}/test`, { body: packet });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  const https = (source: string, destination: string) => ({
    source,
    destination,
    protocol: 'tcp',
    port: 443,
  });

  it('names the rule that decides, or the default', async () => {
    const id = await team.create({
      rules: [
        { ...web, action: 'deny', source_ips: ['203.0.113.0/24'], name: 'bad' },
        { ...web, source_ips: ['0.0.0.0/0'] },
        { direction: 'inbound', protocol: 'icmp' },
      ],
    });
    const denied = await judge(id, https(PEER, '10.0.0.1'));
    assert.deepEqual(
      [denied.verdict, denied.direction, denied.rule.name, denied.message],
      ['deny', 'inbound', 'bad', 'Rule 1 “bad” of “web” keeps it from coming in.'],
    );
    assert.deepEqual(denied.instances, []);
    const allowed = await judge(id, https('198.51.100.1', '10.0.0.1'));
    assert.deepEqual([allowed.verdict, allowed.message], ['allow', 'Rule 2 of “web” lets it in.']);
    assert.equal(allowed.rule.port, 443);
    const none = await judge(id, { ...https('198.51.100.1', '10.0.0.1'), port: 80 });
    assert.deepEqual(
      [none.verdict, none.rule, none.message],
      ['deny', null, 'It is dropped: no rule lets it in.'],
    );
    const six = await judge(id, { source: '2001:db8::1', destination: '2001:db8::2', protocol: 'icmp' });
    assert.equal(six.verdict, 'allow');
  });

  it('takes the side of the attached instance, and evaluates all of its firewalls', async () => {
    const instance = await team.server('web-1');
    const own = await addressOf(instance);
    const attached_instances = [{ id: instance, type: 'vps' }];
    const id = await team.create({ attached_instances });
    const guard = await team.create({
      name: 'guard',
      attached_instances,
      rules: [{ direction: 'inbound', protocol: 'any', action: 'deny', source_ips: [PEER] }],
    });
    const inbound = await judge(id, https(PEER, own));
    assert.deepEqual([inbound.verdict, inbound.direction], ['allow', 'inbound']);
    const [judged] = inbound.instances;
    assert.deepEqual(
      [judged.id, judged.name, judged.verdict, judged.firewall, judged.message],
      [instance, 'web-1', 'deny', { id: guard, name: 'guard' }, 'Rule 1 of “guard” keeps it from coming in.'],
    );
    // Decided by the default firewall, which allows SSH.
    const ssh = await judge(id, { ...https('198.51.100.1', own), port: 22 });
    assert.deepEqual([ssh.verdict, ssh.instances[0].verdict], ['deny', 'allow']);

    const outbound = await judge(id, https(own, PEER));
    assert.deepEqual(
      [outbound.verdict, outbound.direction, outbound.message, outbound.instances[0].verdict],
      ['allow', 'outbound', 'It passes: no rule keeps it from going out.', 'allow'],
    );
  });

  it('evaluates sender and receiver where both are attached', async () => {
    const [one, two] = [await team.server('one'), await team.server('two')];
    const id = await team.create({
      attached_instances: [one, two].map((instance) => ({ id: instance, type: 'vps' })),
      rules: [
        { ...web, source_instance_ids: [{ id: one }] },
        { ...web, direction: 'outbound', port: 80, action: 'deny' },
      ],
    });
    const packet = https(await addressOf(one), await addressOf(two));
    const passed = await judge(id, packet);
    assert.deepEqual([passed.verdict, passed.direction], ['allow', 'inbound']);
    assert.deepEqual(
      passed.instances.map((judged: Record<string, string>) => [
        judged.name,
        judged.direction,
        judged.verdict,
      ]),
      [
        ['one', 'outbound', 'allow'],
        ['two', 'inbound', 'allow'],
      ],
    );
    const kept = await judge(id, { ...packet, port: 80 });
    assert.deepEqual([kept.verdict, kept.direction], ['deny', 'outbound']);
  });

  it('uses rules that are saved and not in force', async () => {
    const instance = await team.server();
    const id = await team.create({ attached_instances: [{ id: instance, type: 'vps' }], rules: [] });
    await team.done('PUT', `/firewalls/${id}`, { status: 'draft', rules: [web] });
    const judged = await judge(id, https(PEER, await addressOf(instance)));
    assert.deepEqual([judged.verdict, judged.instances[0].verdict], ['allow', 'allow']);
    assert.deepEqual(team.policiesOf(instance)?.[1], []);
  });

  it('says what is wrong with a packet', async () => {
    const id = await team.create();
    const faults: [object, string, RegExp][] = [
      [{ source: 'x' }, 'source', /not an IPv4 or IPv6 address/],
      [{ destination: '10.0.0.0/8' }, 'destination', /.+/],
      [{ destination: '2001:db8::1' }, 'destination', /one family/],
      [{ port: null }, 'port', /required with tcp/],
      [{ protocol: 'icmp' }, 'port', /icmp has no ports/],
      [{ protocol: 'any' }, 'protocol', /one of/],
    ];
    for (const [change, field, sentence] of faults) {
      const errors = await team.refused('POST', `/firewalls/${id}/test`, {
        ...https(PEER, '10.0.0.1'),
        ...change,
      });
      assert.deepEqual(Object.keys(errors), [field], JSON.stringify(change));
      assert.match(errors[field]![0]!, sentence);
    }
  });
});
