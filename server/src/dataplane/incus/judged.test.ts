import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceFirewall } from '../contract/networks.ts';
import { forbidsNothing, type Judged } from './judged.ts';

const firewall = (name: string, ipv4: string, port = 22): InstanceFirewall => ({
  ref: { teamId: 1, name },
  addresses: { ipv4, ipv6: null },
  policies: [
    [
      {
        id: 'rule',
        direction: 'inbound',
        action: 'allow',
        protocol: 'tcp',
        ports: { first: port, last: port },
        peers: null,
      },
    ],
  ],
});

const judged = (rules: string, ...firewalls: InstanceFirewall[]): Judged => ({ daemon: 7, rules, firewalls });

test('connections are judged again unless instances were only added', () => {
  const [one, two] = [firewall('vps-1', '10.0.0.10'), firewall('vps-2', '10.0.0.11')];
  const before = judged('one', one);
  const both = judged('both', one, two);
  assert.equal(forbidsNothing(before, 'one', judged('one', one)), true);
  assert.equal(forbidsNothing(before, 'one', both), true);
  assert.equal(forbidsNothing(before, 'one', judged('both', firewall('vps-1', '10.0.0.10'), two)), true);

  assert.equal(forbidsNothing(both, 'both', before), false, 'one is gone');
  assert.equal(forbidsNothing(before, 'one', judged('else', firewall('vps-1', '10.0.0.10', 80), two)), false);
  assert.equal(forbidsNothing(before, 'one', judged('else', firewall('vps-2', '10.0.0.10'))), false);
  const sameAddress = judged('both', one, firewall('vps-2', '10.0.0.10'));
  assert.equal(forbidsNothing(before, 'one', sameAddress), false, 'its address had a firewall');
});

test('connections are judged again where something else was in force meanwhile', () => {
  const one = firewall('vps-1', '10.0.0.10');
  const [before, both] = [judged('one', one), judged('both', one, firewall('vps-2', '10.0.0.11'))];
  assert.equal(forbidsNothing(before, 'of another process', before), false);
  assert.equal(forbidsNothing(before, 'of another process', both), false);
  assert.equal(forbidsNothing(before, 'one', { ...both, daemon: 8 }), false, 'Incus has started anew');
});

test('where the rules before are not known, only equal rules need no judgement', () => {
  const one = firewall('vps-1', '10.0.0.10');
  const before = judged('one', one);
  assert.equal(forbidsNothing(before, null, judged('one', one)), true);
  assert.equal(forbidsNothing(before, null, judged('both', one, firewall('vps-2', '10.0.0.11'))), false);
});
