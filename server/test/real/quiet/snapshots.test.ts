import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { run } from '../../../src/lib/run.ts';
import { newCache, newDatabase, newVps } from '../../client.ts';
import { waitFor } from '../../harness.ts';
import { EXHAUSTIVE, REPEAT, sample } from '../../seed.ts';
import { SnapshotWorld } from '../snapshot-world.ts';
import { openAccounts, Transfers } from '../transfers.ts';

const SNAPSHOTS = EXHAUSTIVE ? 10 : 3;

const ENGINES = [
  { kind: 'database', provider: 'postgresql' },
  { kind: 'database', provider: 'mysql' },
  { kind: 'database', provider: 'mariadb' },
  { kind: 'cache', provider: 'redis' },
  { kind: 'cache', provider: 'valkey' },
] as const;

/**
 * Takes, restores and clones snapshots of real instances through the API, and looks at the data with the engines' own
 * clients.
 */
describe('snapshots on Incus', { timeout: 4_800_000, concurrency: 2 }, () => {
  let world: SnapshotWorld;

  before(async () => {
    world = await SnapshotWorld.open();
  });
  after(() => world?.close());

  for (const { kind, provider } of ENGINES) {
    describe(provider, { concurrency: 1 }, () => {
      let original: string;
      const taken: { id: number; acknowledged: number[] }[] = [];

      before(async () => {
        const body = kind === 'database' ? newDatabase : newCache;
        original = await world.create(kind, body({ name: `from-${provider}`, provider, version: null }));
        await openAccounts(await world.login(kind, original));
      });
      after(async () => {
        await world.remove(kind, original);
        assert.deepEqual(await world.listed(kind, original), [], 'snapshots of a deleted instance');
      });

      /** Chooses this many snapshots to try, or all of them in an exhaustive run. */
      function chosen(context: TestContext, count: number) {
        const some = sample(taken, count);
        context.diagnostic(
          `snapshots ${some.map((one) => taken.indexOf(one))} of ${taken.length}; ${REPEAT}`,
        );
        return some;
      }

      it(`takes ${SNAPSHOTS} snapshots under load`, async () => {
        const transfers = new Transfers(await world.login(kind, original));
        try {
          await waitFor('transfers', async () => transfers.acknowledged().every((count) => count > 10));
          for (let number = 0; number < SNAPSHOTS; number += 1) {
            const acknowledged = transfers.acknowledged();
            taken.push({ id: await world.snapshot(kind, original, `under load ${number}`), acknowledged });
          }
        } finally {
          await transfers.stop();
        }
        const [first, last] = [taken[0]!, taken.at(-1)!];
        assert.ok(
          last.acknowledged.every((count, session) => count > first.acknowledged[session]!),
          'nothing was written meanwhile',
        );
      });

      it('restores them in place', async (context) => {
        const before = await world.login(kind, original);
        for (const { id, acknowledged } of chosen(context, 2)) {
          await world.restore(kind, original, id);
          const now = await world.login(kind, original);
          assert.deepEqual(now, before, 'address or credentials changed');
          await world.assertWhole(now, acknowledged, `${provider}, restored snapshot ${id}`);
        }
      });

      it('makes clones of them, with credentials of their own', async (context) => {
        const { password } = await world.login(kind, original);
        for (const { id, acknowledged } of chosen(context, 1)) {
          const copy = await world.clone(kind, id, `clone-${id}`);
          const its = await world.login(kind, copy);
          assert.notEqual(its.password, password);
          await world.assertWhole(its, acknowledged, `${provider}, clone of snapshot ${id}`);
          await world.remove(kind, copy);
        }
      });

      it('takes a snapshot of a clone that works after the original snapshot is gone', async () => {
        const { id, acknowledged } = taken.at(-1)!;
        const copy = await world.clone(kind, id, 'first');
        assert.equal((await world.call('DELETE', `/snapshots/${kind}/${id}`)).status, 200);
        await waitFor('the snapshot to go', async () => (await world.find(kind, id)) === undefined);
        const second = await world.clone(kind, await world.snapshot(kind, copy, 'of the clone'), 'second');
        await world.remove(kind, copy);
        await world.assertWhole(
          await world.login(kind, second),
          acknowledged,
          `${provider}, clone of a clone`,
        );
        await world.remove(kind, second);
      });

      it('proves that a snapshot can be restored, and leaves nothing of the drill', async () => {
        const { id } = taken[0]!;
        const drill = await world.drill(kind, id);
        assert.equal((await world.find(kind, id)).status, 'ready');
        const left = (await world.plane.listInstances()).map(({ ref }) => ref.name);
        assert.ok(!left.includes(drill));
      });
    });
  }

  describe('of a server', { concurrency: 1 }, () => {
    let vps: string;
    let address: string;

    const ssh = async (command: string): Promise<string> => {
      const options = [
        'BatchMode=yes',
        'IdentitiesOnly=yes',
        'ConnectTimeout=60',
        'StrictHostKeyChecking=accept-new',
        `UserKnownHostsFile=${path.join(world.folder, 'known')}`,
      ].flatMap((option) => ['-o', option]);
      const args = ['-i', path.join(world.folder, 'key'), ...options, `root@${address}`, command];
      return (await run('ssh', args, { timeoutSeconds: 600 })).stdout.trim();
    };

    before(async () => {
      const { stdout } = await run('cat', [path.join(world.folder, 'key.pub')]);
      const key = await world.call('POST', '/ssh-keys', { name: 'key', public_key: stdout.trim() });
      const body = newVps({ auth_method: 'ssh_key', ssh_key_id: key.body.key.id, password: undefined });
      vps = await world.create('vps', body);
      address = (await world.call('GET', `/vps/${vps}`)).body.instance.public_ip;
    });

    it('brings disk and host key back, at the same address, and keeps what was there', async () => {
      await ssh('echo before > /root/note');
      const first = await world.snapshot('vps', vps, 'before');
      await ssh('echo after > /root/note; sync');
      await world.restore('vps', vps, first);
      // SSH verifies the host key, so it must be the same as before.
      assert.equal(await ssh('cat /root/note'), 'before');
      const safety = (await world.listed('vps', vps)).find(
        (one: { reason: string }) => one.reason === 'safety',
      );
      await world.restore('vps', vps, safety.id);
      assert.equal(await ssh('cat /root/note'), 'after');
      assert.ok((await world.find('vps', first)).size_gb > 0.1);
    });

    it('goes on while it is frozen for a moment', async () => {
      // At the first boot, cloud-init writes root's keys anew, and for a moment there are none.
      await ssh('cloud-init status --wait > /dev/null; true');
      await ssh('nohup sh -c "while sleep 0.1; do date +%s.%N >> /root/ticks; done" > /dev/null 2>&1 &');
      await waitFor('ticks', async () => Number(await ssh('wc -l < /root/ticks')) > 5);
      await world.snapshot('vps', vps, 'running');
      const at = Number(await ssh('wc -l < /root/ticks'));
      await waitFor('more ticks', async () => Number(await ssh('wc -l < /root/ticks')) > at + 5);
    });

    it('survives a reinstall', async () => {
      await ssh('echo kept > /root/note; sync');
      const kept = await world.snapshot('vps', vps, 'kept');
      await world.call('POST', `/vps/${vps}/reinstall`, { image: 'debian-12' });
      await world.settled('vps', vps, 'running');
      await world.restore('vps', vps, kept);
      assert.equal(await ssh('cat /root/note'), 'kept');
    });

    it('passes a restore drill', async () => {
      const [newest] = await world.listed('vps', vps);
      await world.drill('vps', newest.id);
    });
  });
});
