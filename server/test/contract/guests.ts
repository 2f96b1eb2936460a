import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { processLimit } from '../../src/dataplane/incus/bounds.ts';
import { createIncusDataPlane } from '../../src/dataplane/incus/data-plane.ts';
import { buildGuestData } from '../../src/images/cloud-init.ts';
import { createLog } from '../../src/lib/log.ts';
import { waitFor } from '../harness.ts';
import { openTo } from './firewalls.ts';
import { freezeItself } from './freeze.ts';
import { assertKeysKept, COUNT_PROCESSES, CUSTOM } from './guest-scripts.ts';
import { createSshClient, type SshClient } from './ssh-client.ts';
import { fill, type IncusSubject, networkOf, overfill, specOf, TEAMS } from './subjects.ts';
import { refuses } from './verbs.ts';

const PASSWORD = 'a Password for $root, 12+';

/** The contract as a customer in an instance sees it, with real packets and a real SSH client. */
export function guestsContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: guests', { timeout: 2_400_000 }, () => {
    let subject: IncusSubject;
    let ssh: SshClient;
    // Login by key, both families; login by password, IPv4 only; an instance of another team.
    let keyed: InstanceSpec;
    let worded: InstanceSpec;
    let foreign: InstanceSpec;

    /** Runs a command in the instance by SSH over IPv4, and returns its output; throws where it fails. */
    const inside = async (spec: InstanceSpec, command: string): Promise<string> => {
      const result = await ssh.byKey(spec.addresses.ipv4!, ssh.mine, command);
      assert.equal(result.status, 0, `${command}: ${result.stdout}${result.stderr}`);
      return result.stdout.trim();
    };
    const fails = async (spec: InstanceSpec, command: string): Promise<void> => {
      const result = await ssh.byKey(
        spec.addresses.ipv4!,
        ssh.mine,
        `(${command}) >/dev/null 2>&1 || echo refused`,
      );
      assert.equal(result.stdout.trim(), 'refused', command);
    };
    const guestData = (hostname: string, custom: string | null = null) =>
      buildGuestData({
        hostname,
        authorizedKey: ssh.mine.publicKey,
        rootPassword: PASSWORD,
        allowPasswordLogin: false,
        custom,
      });
    const waitsForNothing = async (spec: InstanceSpec): Promise<void> => {
      const units = 'ssh.service systemd-networkd.service';
      const before = await inside(spec, `systemctl list-dependencies --after --all --plain ${units}`);
      assert.match(before, /danube-login/);
      assert.doesNotMatch(before, /cloud-(config|final|init[a-z-]*)\.(service|target)/);
    };
    const keepsKeys = (spec: InstanceSpec) =>
      assertKeysKept((command) => inside(spec, command), ssh.mine.publicKey);
    const boot = async (spec: InstanceSpec): Promise<void> => {
      await subject.plane.ensureInstance(spec);
      await subject.plane.waitForSsh(spec.ref, 300);
    };

    before(async () => {
      subject = await open();
      await subject.clear();
      ssh = await createSshClient();
      for (const teamId of [TEAMS.one, TEAMS.two]) {
        await subject.plane.ensureTenant({ teamId, network: networkOf(teamId) });
      }
      await subject.plane.ensureImage('debian-12');
      keyed = specOf('keyed', 31, { ...(await guestData('web-1', CUSTOM)) });
      const half = specOf('worded', 32);
      worded = {
        ...half,
        addresses: { ...half.addresses, ipv6: null },
        ...(await buildGuestData({
          hostname: 'web-2',
          authorizedKey: null,
          rootPassword: PASSWORD,
          allowPasswordLogin: true,
          custom: null,
        })),
      };
      foreign = specOf('foreign', 31, { teamId: TEAMS.two, ...(await guestData('web-3')) });
      const later = [specOf('trixie', 42), specOf('frozen', 44)];
      await subject.plane.ensureFirewalls(TEAMS.one, openTo(keyed, worded, ...later));
      await subject.plane.ensureFirewalls(TEAMS.two, openTo(foreign));
      await Promise.all([keyed, worded, foreign].map(boot));
    });
    after(async () => {
      ssh?.close();
      await subject?.clear();
      await subject?.close();
    });

    it('lets root in with the key, over IPv4 and IPv6, as soon as it says that SSH answers', async () => {
      assert.equal(await inside(keyed, 'hostname'), 'web-1');
      const six = await ssh.byKey(keyed.addresses.ipv6!, ssh.mine, 'hostname');
      assert.equal(six.stdout.trim(), 'web-1');
    });

    it('lets neither the network nor SSH wait for cloud-init', () => waitsForNothing(keyed));

    it('keeps everybody else out', async () => {
      assert.equal((await ssh.byKey(keyed.addresses.ipv4!, ssh.strangers, 'true')).status, 255);
      assert.notEqual((await ssh.byPassword(keyed.addresses.ipv4!, PASSWORD, 'true')).status, 0);
    });

    it('lets root in with the password where that was chosen', async () => {
      const address = worded.addresses.ipv4!;
      assert.equal((await ssh.byPassword(address, PASSWORD, 'hostname')).stdout.trim(), 'web-2');
      assert.notEqual((await ssh.byPassword(address, 'not the password', 'true')).status, 0);
      assert.equal((await ssh.byKey(address, ssh.mine, 'true')).status, 255);
    });

    it('runs the customer’s cloud-init besides ours', async () => {
      await inside(keyed, 'cloud-init status --wait >/dev/null; true');
      assert.equal(await inside(keyed, 'cat /root/written /root/ran'), 'by the customerweb-1');
      assert.equal(await inside(keyed, 'stat -c %a /root/written; id -un bob'), '640\nbob');
      assert.match(await inside(keyed, 'cat /etc/hosts'), /127\.0\.1\.1\s+web-1/);
      // It must never have had another name: who logs in early would see it.
      const named = await inside(keyed, "sed -n 's/.*Setting the hostname to //p' /var/log/cloud-init.log");
      assert.doesNotMatch(named, /keyed/);
    });

    it('adds the customer’s keys without a moment at which root’s are not there', () => keepsKeys(keyed));

    it('enforces cores, memory and disk', async () => {
      assert.equal(await inside(keyed, 'nproc'), '1');
      assert.equal(await inside(keyed, "awk '/MemTotal/ {print $2}' /proc/meminfo"), String(512 * 1024));
      await fails(keyed, 'python3 -c "x = bytearray(700 * 2**20)"');
      await overfill(subject, keyed.ref, '/root/large', 'fallocate -l 4G /root/large');
      await subject.plane.ensureSettings(keyed.ref, {
        limits: { vcpu: 1, memoryMb: 1024, diskGb: 6 },
        publish: [],
        autoStart: true,
      });
      await fill(subject, keyed.ref, '/root/large', 'fallocate -l 4G /root/large && rm /root/large');
      await inside(keyed, 'python3 -c "x = bytearray(700 * 2**20)"');
    });

    it('bounds its processes, also where it was created with another bound', async () => {
      await subject.configure(keyed.ref, { 'limits.processes': '8192' });
      await subject.plane.ensureBounds();
      const { stdout, stderr } = await subject.exec(keyed.ref, ['python3', '-c', COUNT_PROCESSES]);
      const found = Number(stdout);
      // The guest has some dozen others.
      assert.ok(found > 1300 && found < processLimit(1024), `${found} ${stderr}`);
    });

    it('lets no root out of the limit of its disk by making subvolumes', async () => {
      // The kernel uses only the lower 32 bits of the number, so upper bits must not bypass the filter.
      const script = [
        'import ctypes, errno, os',
        'libc = ctypes.CDLL(None, use_errno=True)',
        'call = lambda n: libc.syscall(ctypes.c_long(16), ctypes.c_long(root), ctypes.c_ulong(n), data)',
        'root = os.open("/", os.O_RDONLY)',
        'data = ctypes.create_string_buffer(b"\\0" * 8 + b"escaped", 4096)',
        'for n in 0x50009401, 0x5000940e, 0x50009417, 0x50009418:',
        '  for high in 0, 1 << 32:',
        '    assert call(high | n) == -1 and ctypes.get_errno() == errno.ENOTTY, hex(high | n)',
      ].join('\n');
      await inside(keyed, `python3 - <<'END'\n${script}\nEND`);
      await fails(keyed, 'test -e /escaped');
      await overfill(subject, keyed.ref, '/root/large', 'fallocate -l 64G /root/large');
    });

    it('gives each instance its addresses, and only the families it has', async () => {
      const list = "ip -o addr show dev eth0 scope global | awk '{print $4}'";
      assert.equal(await inside(keyed, list), `${keyed.addresses.ipv4}/22\n${keyed.addresses.ipv6}/64`);
      const four = await ssh.byPassword(worded.addresses.ipv4!, PASSWORD, list);
      assert.equal(four.stdout.trim(), `${worded.addresses.ipv4}/22`);
      const near = keyed.addresses.ipv6!;
      const cheat = `ip addr add ${near.replace(/::.*/, '::99/64')} dev eth0 nodad; ping -c 1 -W 1 ${near}`;
      assert.notEqual((await ssh.byPassword(worded.addresses.ipv4!, PASSWORD, cheat)).status, 0);
    });

    it('knows the way out in both families from the start, without waiting for a router to say it', async () => {
      const routes = (family: string) => inside(keyed, `ip ${family} route show default proto static`);
      assert.match(await routes('-4'), new RegExp(`^default via ${keyed.network.ipv4.gateway} dev eth0`));
      assert.match(await routes('-6'), new RegExp(`^default via ${keyed.network.ipv6.gateway} dev eth0`));
    });

    it('connects the instances of a team', async () => {
      await inside(keyed, `ping -c 1 -w 60 ${worded.addresses.ipv4}`);
      await inside(keyed, `bash -c 'exec 3<>/dev/tcp/${worded.addresses.ipv4}/22'`);
    });

    it('keeps teams apart', async () => {
      const ways = [
        [keyed, foreign],
        [foreign, keyed],
      ] as const;
      await Promise.all(
        ways.flatMap(([from, to]) =>
          [to.addresses.ipv4, to.addresses.ipv6].flatMap((address) => [
            fails(from, `ping -c 1 -W 1 ${address}`),
            fails(from, `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/22'`),
          ]),
        ),
      );
    });

    it('drops what is sent under another’s address', async () => {
      const stolen = keyed.addresses.ipv4!.replace(/\.31$/, '.77');
      await inside(keyed, `ip addr add ${stolen}/22 dev eth0`);
      await fails(keyed, `ping -c 1 -W 1 -I ${stolen} ${worded.addresses.ipv4}`);
      await inside(keyed, `ip addr del ${stolen}/22 dev eth0; ping -c 1 -w 60 ${worded.addresses.ipv4}`);
    });

    it('keeps addresses and data over stop and start', async () => {
      await subject.plane.ensureStopped(keyed.ref, 30);
      await subject.plane.ensureRunning(keyed.ref);
      await subject.plane.waitForSsh(keyed.ref, 300);
      assert.equal(await inside(keyed, 'cat /root/written'), 'by the customer');
    });

    it('reports what stopped from inside', async () => {
      // The connection may end before the command does.
      await ssh.byKey(foreign.addresses.ipv4!, ssh.mine, 'systemctl poweroff');
      await waitFor(
        'it to stop',
        async () => (await subject.plane.describeInstance(foreign.ref))?.power === 'stopped',
      );
    });

    it('reinstalls on the same addresses: fresh disk, fresh host keys', async () => {
      const print = 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub';
      const earlier = await inside(keyed, print);
      await boot({ ...keyed, generation: 2, ...(await guestData('web-1')) });
      assert.notEqual(await inside(keyed, print), earlier);
      await fails(keyed, 'test -e /root/written');
    });

    it('stops and removes an instance that froze itself', async () => {
      const spec = specOf('frozen', 44, { ...(await guestData('web-5')) });
      await boot(spec);
      const freeze = () => freezeItself(spec.ref, (command) => inside(spec, command));
      await freeze();
      await subject.plane.ensureStopped(spec.ref, 2);
      assert.equal((await subject.plane.describeInstance(spec.ref))?.power, 'stopped');
      await subject.plane.ensureRunning(spec.ref);
      await subject.plane.waitForSsh(spec.ref, 300);
      await freeze();
      await subject.plane.removeInstance(spec.ref);
      assert.equal(await subject.plane.describeInstance(spec.ref), null);
    });

    it('boots every image that is built here', async () => {
      const spec = specOf('trixie', 42, {
        image: 'debian-13',
        ...(await guestData('web-4', `${CUSTOM}hostname: renamed\n`)),
      });
      await subject.plane.ensureImage(spec.image);
      await boot(spec);
      await waitsForNothing(spec);
      await inside(spec, 'cloud-init status --wait >/dev/null; true');
      await keepsKeys(spec);
      assert.equal(
        await inside(spec, '. /etc/os-release; echo $VERSION_CODENAME; cat /root/ran'),
        'trixie\nrenamed',
      );
      // The customer's settings take precedence. Packages can be installed: signed sources, DNS and internet access
      // work.
      await inside(spec, 'apt-get -qq update && apt-get -qq install --no-install-recommends tree >/dev/null');
    });

    it('makes an instance once, whichever of two processes does it', async () => {
      const other = await open();
      try {
        const spec = specOf('raced', 43);
        const both = [subject.plane, other.plane];
        await Promise.all(both.map((plane) => plane.ensureInstance(spec)));
        await Promise.all(both.map((plane) => plane.ensureInstance({ ...spec, generation: 2 })));
        const { power, generation } = (await other.plane.describeInstance(spec.ref)) ?? {};
        assert.deepEqual([power, generation], ['running', 2]);
        await Promise.all(both.map((plane) => plane.removeInstance(spec.ref)));
        assert.equal(await subject.plane.describeInstance(spec.ref), null);
      } finally {
        await other.close();
      }
    });

    it('says when Incus does not answer', async () => {
      const plane = createIncusDataPlane({
        connection: { socketPath: `${subject.socketPath}.none` },
        installId: '000000',
        pool: 'none',
        imageCache: '/nonexistent',
        log: createLog('silent'),
      });
      await refuses(plane.describe(), 'unreachable');
      await refuses(plane.listInstances(), 'unreachable');
      await plane.close();
    });
  });
}
