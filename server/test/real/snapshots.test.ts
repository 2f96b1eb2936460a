import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { run } from '../../src/lib/run.ts';
import { type Call, newCache, newDatabase, newVps } from '../client.ts';
import { type Crashable, createCrashable, findInconsistencies } from '../faults.ts';
import { waitFor } from '../harness.ts';
import { createTestIncus, incusEnvironment } from '../incus.ts';
import type { ServerProcess } from '../processes.ts';
import { killIncus } from './kill-incus.ts';
import { type Login, openAccounts, readBooks, Transfers } from './transfers.ts';

/** Seconds; the first instance of each engine waits for its image to be built. */
const PATIENCE = 1800;
const SNAPSHOTS = 10;

const ENGINES = [
  { kind: 'database', provider: 'postgresql' },
  { kind: 'database', provider: 'mysql' },
  { kind: 'database', provider: 'mariadb' },
  { kind: 'cache', provider: 'redis' },
  { kind: 'cache', provider: 'valkey' },
] as const;

type Kind = 'vps' | 'database' | 'cache';

/** Snapshots, restores and clones of real instances, asked for through the API, seen through the engines' own clients. */
describe('snapshots on Incus', { timeout: 4_800_000 }, () => {
  let test: Crashable;
  let server: ServerProcess;
  let plane: DataPlane;
  let call: Call;
  let folder: string;
  let caFile: string;

  before(async () => {
    plane = createTestIncus(createLog('silent'));
    test = await createCrashable({ environment: { DANUBE_ENGINE: 'incus', ...incusEnvironment() } });
    server = await test.start();
    call = test.client(server);
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-snapshots-'));
    caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, (await call('GET', '/certificate-authority')).body.certificate);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
  });
  after(async () => {
    await test.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await plane.close();
    await rm(folder, { recursive: true });
  });

  const status = async (kind: Kind, id: string): Promise<string> => {
    const answer = await call('GET', `/${kind}/${id}`);
    if (answer.status === 404) return 'gone';
    const { instance } = answer.body;
    assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
    return instance.status;
  };
  const settled = (kind: Kind, id: string, wanted: string) =>
    waitFor(`the ${kind} to be ${wanted}`, async () => (await status(kind, id)) === wanted, PATIENCE);

  async function create(kind: Kind, body: object): Promise<string> {
    const created = await call('POST', `/${kind}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    await settled(kind, created.body.instance.id, 'running');
    return created.body.instance.id;
  }

  async function remove(kind: Kind, id: string): Promise<void> {
    await call('POST', `/${kind}/${id}/stop`);
    await settled(kind, id, 'stopped');
    assert.equal((await call('DELETE', `/${kind}/${id}`)).status, 200);
    await settled(kind, id, 'gone');
  }

  const listed = async (kind: Kind) => (await call('GET', `/snapshots/${kind}?per_page=100`)).body.data;
  const find = async (kind: Kind, id: number) =>
    (await listed(kind)).find((snapshot: { id: number }) => snapshot.id === id);

  async function snapshot(kind: Kind, instance: string, name: string): Promise<number> {
    const taken = await call('POST', `/snapshots/${kind}`, { [`${kind}_instance_id`]: instance, name });
    assert.equal(taken.status, 201, JSON.stringify(taken.body));
    const { id } = taken.body.snapshot;
    await snapshotIs(kind, id, 'ready');
    return id;
  }
  const snapshotIs = (kind: Kind, id: number, wanted: string) =>
    waitFor(
      `the snapshot to be ${wanted}`,
      async () => {
        const found = await find(kind, id);
        assert.ok(found?.status === wanted || !/failed/.test(found?.status), JSON.stringify(found));
        return found?.status === wanted;
      },
      120,
    );

  async function restore(kind: Kind, instance: string, id: number): Promise<void> {
    const answer = await call('POST', `/snapshots/${kind}/${id}/restore`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    await settled(kind, instance, 'running');
  }

  async function clone(kind: 'database' | 'cache', id: number, name: string): Promise<string> {
    const body = { name, source_type: 'volume_snapshot' };
    const answer = await call('POST', `/snapshots/${kind}/${id}/clone`, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    await settled(kind, answer.body.instance.id, 'running');
    return answer.body.instance.id;
  }

  async function login(kind: 'database' | 'cache', id: string): Promise<Login> {
    const { instance } = (await call('GET', `/${kind}/${id}`)).body;
    const { body } = await call('GET', `/${kind}/${id}/credentials`);
    return {
      provider: instance.provider.type,
      host: body.host,
      username: body.username,
      password: body.password,
      database: body.database ?? null,
      connectionInfo: body.connection_info,
      caFile,
    };
  }

  async function assertWhole(of: Login, acknowledged: number[], what: string): Promise<void> {
    const books = await readBooks(of);
    assert.equal(books.sum, 0, `${what}: the sum of all accounts`);
    for (const [session, { last, count }] of books.sessions.entries()) {
      assert.equal(count, last, `${what}: a transfer of session ${session} is missing`);
      assert.ok(last >= acknowledged[session]!, `${what}: ${last} of ${acknowledged[session]} acknowledged`);
    }
  }

  for (const { kind, provider } of ENGINES) {
    describe(provider, () => {
      let original: string;
      const taken: { id: number; acknowledged: number[] }[] = [];

      before(async () => {
        const body = kind === 'database' ? newDatabase : newCache;
        original = await create(kind, body({ name: `from-${provider}`, provider, version: null }));
        await openAccounts(await login(kind, original));
      });
      after(async () => {
        await remove(kind, original);
        assert.deepEqual(await listed(kind), [], 'snapshots of a deleted instance');
      });

      it('takes ten snapshots under load', async () => {
        const transfers = new Transfers(await login(kind, original));
        try {
          await waitFor('transfers', async () => transfers.acknowledged().every((count) => count > 10), 60);
          for (let number = 0; number < SNAPSHOTS; number += 1) {
            const acknowledged = transfers.acknowledged();
            taken.push({ id: await snapshot(kind, original, `under load ${number}`), acknowledged });
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

      it('restores each of them in place', async () => {
        const before = await login(kind, original);
        for (const { id, acknowledged } of taken) {
          await restore(kind, original, id);
          const now = await login(kind, original);
          assert.deepEqual(now, before, 'address or credentials changed');
          await assertWhole(now, acknowledged, `${provider}, restored snapshot ${id}`);
        }
      });

      it('makes a clone of each of them, with credentials of its own', async () => {
        const { password } = await login(kind, original);
        for (const { id, acknowledged } of taken) {
          const copy = await clone(kind, id, `clone-${id}`);
          const its = await login(kind, copy);
          assert.notEqual(its.password, password);
          await assertWhole(its, acknowledged, `${provider}, clone of snapshot ${id}`);
          await remove(kind, copy);
        }
      });

      it('takes a snapshot of a clone that works after the original snapshot is gone', async () => {
        const { id, acknowledged } = taken.at(-1)!;
        const copy = await clone(kind, id, 'first');
        assert.equal((await call('DELETE', `/snapshots/${kind}/${id}`)).status, 200);
        await waitFor('the snapshot to go', async () => (await find(kind, id)) === undefined, 60);
        const second = await clone(kind, await snapshot(kind, copy, 'of the clone'), 'second');
        await remove(kind, copy);
        await assertWhole(await login(kind, second), acknowledged, `${provider}, clone of a clone`);
        await remove(kind, second);
      });

      it('proves that a snapshot can be restored, and leaves nothing of the drill', async () => {
        const { id } = taken[0]!;
        assert.equal((await call('POST', `/snapshots/${kind}/${id}/verify`)).status, 200);
        await waitFor('the drill', async () => (await find(kind, id)).last_verified_at !== null, PATIENCE);
        assert.equal((await find(kind, id)).status, 'ready');
        const drills = (await plane.listInstances()).filter(({ ref }) => ref.name.startsWith('drill-'));
        assert.deepEqual(drills, []);
      });
    });
  }

  describe('of a server', () => {
    let vps: string;
    let address: string;

    const ssh = async (command: string): Promise<string> => {
      const options = [
        'BatchMode=yes',
        'IdentitiesOnly=yes',
        'ConnectTimeout=10',
        'StrictHostKeyChecking=accept-new',
        `UserKnownHostsFile=${path.join(folder, 'known')}`,
      ].flatMap((option) => ['-o', option]);
      const args = ['-i', path.join(folder, 'key'), ...options, `root@${address}`, command];
      return (await run('ssh', args, { timeoutSeconds: 60 })).stdout.trim();
    };

    before(async () => {
      const { stdout } = await run('cat', [path.join(folder, 'key.pub')]);
      const key = await call('POST', '/ssh-keys', { name: 'key', public_key: stdout.trim() });
      const body = newVps({ auth_method: 'ssh_key', ssh_key_id: key.body.key.id, password: undefined });
      vps = await create('vps', body);
      address = (await call('GET', `/vps/${vps}`)).body.instance.public_ip;
    });

    it('brings disk and host key back, at the same address, and keeps what was there', async () => {
      await ssh('echo before > /root/note');
      const first = await snapshot('vps', vps, 'before');
      await ssh('echo after > /root/note; sync');
      await restore('vps', vps, first);
      // The host key is checked: it is the one of before.
      assert.equal(await ssh('cat /root/note'), 'before');
      const safety = (await listed('vps')).find((one: { reason: string }) => one.reason === 'safety');
      await restore('vps', vps, safety.id);
      assert.equal(await ssh('cat /root/note'), 'after');
      assert.ok((await find('vps', first)).size_gb > 0.1);
    });

    it('goes on while it is frozen for a moment', async () => {
      await ssh('nohup sh -c "while sleep 0.1; do date +%s.%N >> /root/ticks; done" > /dev/null 2>&1 &');
      await waitFor('ticks', async () => Number(await ssh('wc -l < /root/ticks')) > 5, 30);
      await snapshot('vps', vps, 'running');
      const at = Number(await ssh('wc -l < /root/ticks'));
      await waitFor('more ticks', async () => Number(await ssh('wc -l < /root/ticks')) > at + 5, 30);
    });

    it('survives a reinstall', async () => {
      await ssh('echo kept > /root/note; sync');
      const kept = await snapshot('vps', vps, 'kept');
      await call('POST', `/vps/${vps}/reinstall`, { image: 'debian-12' });
      await settled('vps', vps, 'running');
      await restore('vps', vps, kept);
      assert.equal(await ssh('cat /root/note'), 'kept');
    });

    it('passes a restore drill', async () => {
      const [newest] = await listed('vps');
      await call('POST', `/snapshots/vps/${newest.id}/verify`);
      await waitFor('the drill', async () => (await find('vps', newest.id)).last_verified_at !== null, 600);
    });
  });

  describe('when something is killed in the middle', () => {
    let original: string;
    let acknowledged: number[];
    let ready: number;

    before(async () => {
      original = await create('database', newDatabase({ name: 'killed', version: null }));
      const its = await login('database', original);
      await openAccounts(its);
      const transfers = new Transfers(its);
      await waitFor('transfers', async () => transfers.acknowledged().every((count) => count > 50), 60);
      await transfers.stop();
      acknowledged = transfers.acknowledged();
      ready = await snapshot('database', original, 'ready');
    });

    const KILLS: [name: string, kill: () => Promise<void>][] = [
      [
        'the control plane',
        async () => {
          server.child.kill('SIGKILL');
          await server.ended;
          server = await test.start();
          call = test.client(server);
        },
      ],
      ['Incus', killIncus],
    ];
    for (const [name, kill] of KILLS) {
      it(`${name}: a snapshot, a restore and a clone finish`, async () => {
        const begun = await call('POST', '/snapshots/database', {
          database_instance_id: original,
          name: `killed ${name}`,
        });
        await kill();
        await snapshotIs('database', begun.body.snapshot.id, 'ready');

        await call('POST', `/snapshots/database/${begun.body.snapshot.id}/restore`);
        await waitFor('the work', async () => (await status('database', original)) === 'restoring', 60);
        await kill();
        await settled('database', original, 'running');
        await assertWhole(await login('database', original), acknowledged, `${name} killed, restore`);

        const body = { name: 'copy', source_type: 'volume_snapshot' };
        const cloned = await call('POST', `/snapshots/database/${ready}/clone`, body);
        const { id } = cloned.body.instance;
        await waitFor('the work', async () => (await status('database', id)) === 'provisioning', 60);
        await kill();
        await settled('database', id, 'running');
        await assertWhole(await login('database', id), acknowledged, `${name} killed, clone`);
        await remove('database', id);
        assert.deepEqual(await findInconsistencies(test.database, plane), []);
      });
    }
  });
});
