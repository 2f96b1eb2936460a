import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IncusError, isBusy } from './errors.ts';

test('a request is repeated where Incus met an interface of others that has just disappeared', () => {
  const said = (device: string) =>
    `Failed to delete bridge children interfaces: Failed to run: ip -d -j link show ${device}: exit status 1 ` +
    `(Device "${device}" does not exist.)`;
  for (const device of ['veth1a2b3c', 'd68a652-aq7']) {
    assert.ok(isBusy(new IncusError(500, said(device))), device);
  }
  assert.ok(!isBusy(new IncusError(404, 'Network not found')));
});
