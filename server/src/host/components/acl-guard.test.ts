import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { firewallTable } from '../../dataplane/incus/names.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { AclGuard } from './acl-guard.ts';
import { applyHostFirewall, removeHostFirewall } from './host-firewall.ts';
import { findIncusChains, removeIncusRemains } from './incus-remains.ts';

/**
 * Bridges and chains as Incus creates them, for an install that does not exist, in the table that all Incus daemons
 * share.
 */
const ID = 'fbfbfb';
const skip = process.env.DANUBE_TEST_FAST || !isRoot() ? 'needs root and nftables' : false;
const [ONE, TWO] = [`d${ID}-1`, `d${ID}-2`];

const nft = (...lines: string[]) => run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });
const chain = (verb: 'add' | 'delete', name: string): string => `${verb} chain inet incus ${name}`;
const rules = (bridge: string): string[] => [
  `flush chain inet incus acl.${bridge}`,
  `add rule inet incus acl.${bridge} ct state established,related accept`,
  `add rule inet incus acl.${bridge} iifname ${bridge} drop`,
  `add rule inet incus acl.${bridge} oifname ${bridge} drop`,
];
const jump = (bridge: string): string =>
  `add rule inet incus aclfwd.${bridge} iifname ${bridge} jump acl.${bridge}`;

async function closedBridges(): Promise<string[]> {
  const { stdout } = await run('nft', ['list', 'set', 'inet', firewallTable(ID), 'closed']);
  return [...stdout.matchAll(/"(d\w+-\w+)"/g)].map(([, name = '']) => name);
}

async function waitForClosed(expected: string[]): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const closed = await closedBridges();
    if (closed.join() === expected.join()) return;
    assert.ok(Date.now() < deadline, `closed: ${closed.join()}`);
    await delay(20);
  }
}

async function removeBridges(): Promise<void> {
  for (const bridge of [ONE, TWO]) await run('ip', ['link', 'delete', bridge], { allow: 'any' });
}

const guard = new AclGuard(ID, (message) => assert.fail(message));

before(async () => {
  if (skip) return;
  await removeIncusRemains('/nonexistent', ID);
  await applyHostFirewall(ID);
  await removeBridges();
  for (const bridge of [ONE, TWO]) await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await nft('add table inet incus');
  for (const bridge of [ONE, TWO]) await nft(chain('add', `fwd.${bridge}`));
  await nft(chain('add', `acl.${ONE}`), chain('add', `aclfwd.${ONE}`), ...rules(ONE), jump(ONE));
  await guard.start();
});

after(async () => {
  if (skip) return;
  guard.stop();
  await removeIncusRemains('/nonexistent', ID);
  await removeHostFirewall(ID);
  await removeBridges();
});

test('a bridge is closed while its rules are missing, and open otherwise', { skip }, async () => {
  // A bridge that never had rules stays open, and so does one whose rules are replaced.
  await nft(...rules(ONE));
  await nft(chain('delete', `fwd.${TWO}`));
  assert.deepEqual(await closedBridges(), []);
  await nft(chain('delete', `fwd.${ONE}`));
  await waitForClosed([ONE]);
  await nft(chain('delete', `aclfwd.${ONE}`), chain('delete', `acl.${ONE}`));
  await nft(chain('add', `acl.${ONE}`), chain('add', `aclfwd.${ONE}`), jump(ONE));
  await waitForClosed([ONE]);
  await nft(...rules(ONE));
  await waitForClosed([]);
});

test('before Incus starts, bridges are closed until it has written their rules', { skip }, async () => {
  // What was written before opens nothing, even if the guard reads of it later.
  await nft(...rules(ONE));
  await guard.closeAll();
  assert.deepEqual((await closedBridges()).toSorted(), [ONE, TWO]);
  await nft(chain('add', `acl.${TWO}`), ...rules(TWO));
  await waitForClosed([ONE]);
  await nft(chain('delete', `aclfwd.${ONE}`), chain('delete', `acl.${ONE}`));
  await nft(chain('add', `acl.${ONE}`), chain('add', `aclfwd.${ONE}`), jump(ONE));
  // Neither a new table nor a new monitor opens it.
  await applyHostFirewall(ID);
  await guard.start();
  assert.deepEqual(await closedBridges(), [ONE]);
  await nft(...rules(ONE));
  await waitForClosed([]);
});

test('the guard restarts cleanly, and ends with its monitor', { skip }, async () => {
  await guard.start();
  assert.ok(guard.isUp());
  await nft(chain('add', `fwd.${ONE}`));
  await nft(chain('delete', `fwd.${ONE}`));
  await waitForClosed([ONE]);
  guard.stop();
  assert.equal(guard.isUp(), false);
});

test('all chains of an install are removed, even those that others jump to', { skip }, async () => {
  assert.notDeepEqual(await findIncusChains(ID), []);
  await removeIncusRemains('/nonexistent', ID);
  assert.deepEqual(await findIncusChains(ID), []);
});
