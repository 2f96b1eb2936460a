import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardwareAddress } from './devices.ts';

test('the MAC address is derived from the IP address', () => {
  for (const [ipv4, ipv6, expected] of [
    ['10.64.4.10', 'fd00::a', '02:d4:0a:40:04:0a'],
    ['10.64.4.10', null, '02:d4:0a:40:04:0a'],
    [null, 'fd12:3456:789a:1::3fe', '02:d6:00:00:03:fe'],
    [null, 'fd12:3456:789a:1::', '02:d6:00:00:00:00'],
    [null, 'fd12:3456:789a:1:0:0:12ab:cd', '02:d6:12:ab:00:cd'],
  ] as const) {
    assert.equal(hardwareAddress({ ipv4, ipv6 }), expected);
  }
});
