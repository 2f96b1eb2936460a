import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual, promisify } from 'node:util';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type Call, newVps } from '../../client.ts';
import { type Crashable, createCrashable } from '../../faults.ts';
import { waitFor } from '../../harness.ts';
import { createTestIncus, incusEnvironment } from '../../incus.ts';
import type { ServerProcess } from '../../processes.ts';
import { tellingsOf } from '../../told.ts';
import { type Sink, startSink } from '../../webhook-sink.ts';

const run = promisify(execFile);
const PATIENCE = 600;

/** Creates real instances through the API, and logs in with the real `ssh`. */
describe('VPS on Incus', () => {
  let test: Crashable;
  let server: ServerProcess;
  let plane: DataPlane;
  let call: Call;
  let folder: string;
  let sink: Sink;

  before(async () => {
    plane = createTestIncus(createLog('silent'));
    await plane.ensureImage('debian-12');
    sink = await startSink();
    test = await createCrashable({
      environment: { DANUBE_ENGINE: 'incus', DANUBE_WEBHOOK_TARGETS: 'any', ...incusEnvironment() },
    });
    server = await test.start();
    call = test.client(server);
    await call('PUT', '/webhooks/config', { webhook_url: sink.url });
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-ssh-'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'other')]);
  });
  after(async () => {
    await test.close();
    await sink.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await plane.close();
    await rm(folder, { recursive: true });
  });

  const assertTold = (id: string, ...what: string[]) =>
    tellingsOf(call, sink, PATIENCE).assertTold(
      id,
      what.map((one) => `vps.${one}`),
    );

  const settled = (id: string, status: string) =>
    waitFor(
      `the VPS to be ${status}`,
      async () => {
        const answer = await call('GET', `/vps/${id}`);
        const now = answer.status === 404 ? 'gone' : answer.body.instance.status;
        assert.ok(
          now !== 'error' || status === 'error',
          JSON.stringify(answer.body.instance?.status_details),
        );
        return now === status;
      },
      PATIENCE,
    );

  async function create(changes: Record<string, unknown>) {
    const created = await call('POST', '/vps', newVps(changes));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id, public_ip, ipv6_address } = created.body.instance;
    await settled(id, 'running');
    return { id, ipv4: public_ip as string, ipv6: ipv6_address as string };
  }

  const OPTIONS = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ConnectTimeout=60',
  ];
  const options = (extra: string[]) => [...OPTIONS, ...extra].flatMap((option) => ['-o', option]);

  async function ssh(address: string, command: string, key = 'key'): Promise<string> {
    const identity = ['-i', path.join(folder, key), ...options(['BatchMode=yes', 'IdentitiesOnly=yes'])];
    const { stdout } = await run('ssh', [...identity, `root@${address}`, command]);
    return stdout.trim();
  }

  describe('two servers', { concurrency: 2 }, () => {
    it('boots on its plan, takes its key and no other, and keeps its addresses through its life', async () => {
      const addKey = async (name: string): Promise<number> => {
        const public_key = await readFile(path.join(folder, `${name}.pub`), 'utf8');
        return (await call('POST', '/ssh-keys', { name, public_key })).body.key.id;
      };
      const key = await addKey('key');
      const vps = await create({
        name: 'web-1',
        auth_method: 'ssh_key',
        ssh_key_id: key,
        password: undefined,
        custom_cloud_init: '#cloud-config\nwrite_files:\n  - {path: /etc/from-customer, content: hello}\n',
      });
      // `running` means that SSH answers, so the first attempt must work.
      assert.equal(await ssh(vps.ipv4, 'hostname'), 'web-1');
      assert.equal(await ssh(vps.ipv6, 'hostname'), 'web-1');
      assert.match(await ssh(vps.ipv4, 'grep MemTotal /proc/meminfo'), / 2097152 kB/);
      const { internal_dns, internal_fqdn } = (await call('GET', `/vps/${vps.id}`)).body.connection_info;
      for (const name of [internal_dns, internal_fqdn]) {
        assert.match(await ssh(vps.ipv4, `getent ahostsv4 ${name}`), new RegExp(`^${vps.ipv4}`));
      }
      await ssh(vps.ipv4, 'cloud-init status --wait || true');
      assert.equal(await ssh(vps.ipv4, 'cat /etc/from-customer'), 'hello');
      await assert.rejects(ssh(vps.ipv4, 'true', 'other'), /Permission denied/);
      await assert.rejects(sshWithPassword(vps.ipv4, 'correct horse battery'), /Permission denied/);

      const before = await ssh(vps.ipv4, 'cat /etc/ssh/ssh_host_ed25519_key.pub; touch /root/mine');
      await call('POST', `/vps/${vps.id}/stop`);
      await settled(vps.id, 'stopped');
      await call('POST', `/vps/${vps.id}/start`);
      await settled(vps.id, 'running');
      assert.equal(await ssh(vps.ipv4, 'ls /root/mine'), '/root/mine');

      await call('PUT', `/vps/${vps.id}`, { resource_profile: 'micro_shared' });
      await waitFor(
        '4 GB',
        async () => / 4194304 kB/.test(await ssh(vps.ipv4, 'grep MemTotal /proc/meminfo')),
        PATIENCE,
      );

      await call('DELETE', `/ssh-keys/${key}`);
      assert.equal((await call('POST', `/vps/${vps.id}/reinstall`, { image: 'debian-12' })).status, 422);
      await call('POST', `/vps/${vps.id}/reinstall`, {
        image: 'debian-12',
        ssh_key_id: await addKey('other'),
      });
      await settled(vps.id, 'running');
      await assert.rejects(ssh(vps.ipv4, 'true'), /Permission denied/);
      assert.notEqual(await ssh(vps.ipv4, 'cat /etc/ssh/ssh_host_ed25519_key.pub', 'other'), before);
      assert.equal(await ssh(vps.ipv6, 'ls /root | wc -l', 'other'), '0');

      // Diagnosis gives SSH two seconds to answer, which may not be enough on a busy machine.
      const diagnosed = (...expected: string[]) =>
        waitFor(`it to be ${expected}`, async () => {
          const { verdict, findings } = (await call('GET', `/vps/${vps.id}/diagnose`)).body.data;
          return isDeepStrictEqual(
            [verdict, ...findings.map(({ code }: { code: string }) => code)],
            expected,
          );
        });
      await diagnosed('healthy');
      await ssh(vps.ipv4, 'systemctl stop ssh', 'other');
      await diagnosed('degraded', 'ssh_not_answering');
      await call('POST', `/vps/${vps.id}/reboot`);
      await settled(vps.id, 'running');
      await diagnosed('healthy');
    });

    it('lets root in while user-data hangs, shows what it does and a shutdown from inside, and is gone once deleted', async () => {
      const custom_cloud_init =
        '## template: jinja\n#cloud-config\nusers: default\nbootcmd:\n  - [sleep, infinity]\n';
      const vps = await create({ name: 'web-2', password: `it's "quoted" $HOME; %s`, custom_cloud_init });
      assert.equal(await sshWithPassword(vps.ipv4, `it's "quoted" $HOME; %s`), 'web-2');
      await waitFor('the module that hangs', async () => {
        const { findings } = (await call('GET', `/vps/${vps.id}/diagnose`)).body.data;
        return findings.some(
          ({ code, summary }: Record<string, string>) =>
            code === 'cloud_init_running' && /config-bootcmd/.test(summary!),
        );
      });
      const log = async (name: string) =>
        (await call('GET', `/vps/${vps.id}/logs?log=${name}`)).body.data.text;
      assert.match(await log('cloud-init'), /running config-bootcmd/);
      assert.match(await log('console'), /Welcome to Debian/);
      // The shutdown may end the connection before the command's status arrives.
      await sshWithPassword(vps.ipv4, `it's "quoted" $HOME; %s`, 'systemctl poweroff --no-block').catch(
        (error) => assert.match(error.stderr, /closed by remote host|reset by peer|Broken pipe/),
      );
      await settled(vps.id, 'stopped');
      assert.equal((await call('DELETE', `/vps/${vps.id}`)).status, 200);
      await settled(vps.id, 'gone');
      assert.ok(!(await plane.listInstances()).some(({ ref }) => ref.name.includes(vps.id)));
      await assertTold(vps.id, 'requested', 'created', 'stopped_from_inside', 'requested', 'deleted');
    });
  });

  it('is finished by the next server when the first is killed while it boots', async () => {
    // Nobody has that address, and this is no mapping of users.
    const custom_cloud_init =
      '#cloud-config-archive\n' +
      '- {type: text/cloud-config, content: "users: default\\ndisable_root: false"}\n' +
      '- {type: text/x-include-url, content: "http://192.0.2.1/user-data"}\n';
    const created = await call('POST', '/vps', newVps({ name: 'web-3', custom_cloud_init }));
    await waitFor(
      'an instance in Incus',
      async () =>
        (await plane.listInstances()).some(({ ref }) => ref.name.includes(created.body.instance.id)),
      PATIENCE,
    );
    server.child.kill('SIGKILL');
    await server.ended;
    server = await test.start();
    call = test.client(server);
    await settled(created.body.instance.id, 'running');
    await assertTold(created.body.instance.id, 'requested', 'created');
    assert.equal(await sshWithPassword(created.body.instance.public_ip, 'correct horse battery'), 'web-3');
  });

  async function sshWithPassword(address: string, password: string, command = 'hostname'): Promise<string> {
    const login = options([
      'PreferredAuthentications=password,keyboard-interactive',
      'NumberOfPasswordPrompts=1',
    ]);
    const { stdout } = await run('sshpass', ['-e', 'ssh', ...login, `root@${address}`, command], {
      env: { ...process.env, SSHPASS: password },
    });
    return stdout.trim();
  }
});
