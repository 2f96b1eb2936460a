import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseIpv4Pool,
  chooseIpv6Pool,
  choosePublicPorts,
  hostIpv4Ranges,
  parseIpv4Range,
} from './address-pools.ts';

test('a range is parsed with its host bits cut off', () => {
  assert.deepEqual(parseIpv4Range('10.64.3.9/13'), parseIpv4Range('10.64.0.0/13'));
  assert.deepEqual(parseIpv4Range('0.0.0.5'), { first: 5, last: 5 });
  for (const wrong of ['10.0.0.0/33', '256.1.1.1', 'default', 'fd00::/8', ''])
    assert.equal(parseIpv4Range(wrong), null);
});

test('the pool is a /13 of 10.64.0.0/10 that the install id decides', () => {
  assert.equal(chooseIpv4Pool('000000', []), '10.64.0.0/13');
  assert.equal(chooseIpv4Pool('000007', []), '10.120.0.0/13');
  assert.equal(chooseIpv4Pool('00000a', []), chooseIpv4Pool('000002', []));
});

test('a pool that overlaps a range in use is skipped', () => {
  assert.equal(chooseIpv4Pool('000000', ['10.71.255.1/32']), '10.72.0.0/13');
  assert.equal(chooseIpv4Pool('000007', ['10.121.4.0/22', '10.64.0.0/12']), '10.80.0.0/13');
  assert.equal(chooseIpv4Pool('000000', ['192.168.0.0/16', 'fe80::/64', 'broadcast']), '10.64.0.0/13');
});

test('with no free pool, the message names the setting that helps', () => {
  assert.throws(() => chooseIpv4Pool('000000', ['10.0.0.0/8']), /10\.64\.0\.0\/10/);
});

test('the IPv6 pool is a unique local /48, the same each time, another one per install', () => {
  const pool = chooseIpv6Pool('a1b2c3');
  assert.match(pool, /^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/48$/);
  assert.equal(pool, chooseIpv6Pool('a1b2c3'));
  assert.notEqual(pool, chooseIpv6Pool('a1b2c4'));
});

test('an install has public ports that no other install on the host has', () => {
  const first = choosePublicPorts([]);
  assert.deepEqual(first, { first: 20_000, last: 20_999 });
  assert.deepEqual(choosePublicPorts([first]), { first: 21_000, last: 21_999 });
  assert.deepEqual(choosePublicPorts([{ first: 20_500, last: 22_000 }]), { first: 23_000, last: 23_999 });
  assert.throws(() => choosePublicPorts([{ first: 1, last: 65_535 }]), /20000 to 29999/);
});

test("the host's ranges hold its loopback network and no default route", async () => {
  const ranges = await hostIpv4Ranges();
  assert.ok(ranges.some((range) => range.startsWith('127.0.0.')));
  assert.ok(!ranges.includes('default'));
});
