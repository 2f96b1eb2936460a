import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type Call, clientOf, newVps } from '../../client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../harness.ts';
import { createTestIncus } from '../../incus.ts';
import { slice } from '../../slice.ts';
import { incus } from '../service.ts';

/** In seconds, for what needs packages. */
const PATIENCE = 900;

const PACKAGES = [
  ...['docker.io', 'unattended-upgrades', 'fail2ban', 'python3-systemd', 'ufw', 'iptables'],
  ...['wireguard-tools', 'wireguard-go', 'chrony', 'nginx-light', 'sshfs'],
];

/** A user's own sshd port, and two keys of which one has no effect. */
const USER_DATA = `#cloud-config
swap: {filename: /swap, size: 1G}
write_files:
  - {path: /etc/ssh/sshd_config.d/port.conf, content: "Port 2222\\n"}
`;

/** An image without a registry: bash, the libraries it needs, and a Dockerfile that goes on from there. */
const DOCKER = `set -eu
mkdir -p /tmp/base && cd /tmp/base
for file in /bin/bash $(ldd /bin/bash | grep -o '/[^ ]*'); do mkdir -p ".\${file%/*}"; cp "$file" ".$file"; done
tar -c . | docker import - base >/dev/null
mkdir -p /tmp/app
cat >/tmp/app/Dockerfile <<'END'
FROM base
RUN ["/bin/bash", "-c", "echo built >/said"]
CMD ["/bin/bash", "-c", "read -r line </said; echo $line"]
END
docker build -q -t app /tmp/app >/dev/null
DOCKER_BUILDKIT=1 docker build -q -t kit /tmp/app >/dev/null
docker run --rm kit
docker run --rm -p 8080:80 -m 64m app
docker info --format '{{.Driver}}'
`;

/** What kubelet, kube-proxy and network plugins need of the kernel; each command fails where it is missing. */
const KUBERNETES = `set -eu
mkdir -p /tmp/k/low /tmp/k/up /tmp/k/work /tmp/k/all
mount -t overlay overlay -o lowerdir=/tmp/k/low,upperdir=/tmp/k/up,workdir=/tmp/k/work /tmp/k/all
umount /tmp/k/all
mount --bind /tmp/k /tmp/k
mount --make-rshared /tmp/k
umount /tmp/k
ip link add k-bridge type bridge
ip link add k-one type veth peer name k-two
ip link set k-one master k-bridge
ip link add k-vxlan type vxlan id 42 dstport 8472 dev eth0
for link in k-vxlan k-one k-bridge; do ip link delete $link; done
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
test "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)" = 1
iptables -t nat -N KUBE-TRY
for rule in '-m comment --comment try -m statistic --mode random --probability 0.5 -j RETURN' \
  '-m addrtype --dst-type LOCAL -m mark --mark 0x4000 -j RETURN' \
  '-m conntrack --ctstate NEW -j MARK --set-xmark 0x4000/0x4000' \
  '-p tcp -m tcp -j DNAT --to-destination 10.1.2.3:80'; do
  iptables -t nat -A KUBE-TRY $rule
done
iptables -t nat -F KUBE-TRY
iptables -t nat -X KUBE-TRY
`;

/** What people install on a new server works from Debian's own packages. All tests share one server. */
describe('the first day of a server on Incus', { timeout: 2_400_000 }, () => {
  let test: TestApp;
  let plane: DataPlane;
  let call: Call;
  let folder: string;
  let id: string;
  let address: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-first-day-'));
    plane = createTestIncus(createLog('silent'));
    test = await startTestApp({ plane, pools: slice.pools });
    await test.database.pool.query(`alter table teams alter column id restart with ${slice.firstTeam}`);
    call = clientOf(test.app.url!, (await createTeam(test.database)).token);
    const created = await call('POST', '/vps', newVps({ custom_cloud_init: USER_DATA }));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    ({ id, public_ip: address } = created.body.instance);
    await waitFor(
      'the server to run',
      async () => (await call('GET', `/vps/${id}`)).body.instance.status === 'running',
      PATIENCE,
    );
    await inside('cloud-init status --wait >/dev/null || true; systemctl is-system-running --wait || true');
  });
  after(async () => {
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(slice.firstTeam);
    await test?.close();
    await rm(folder, { recursive: true });
  });

  const ref = () => ({ teamId: slice.firstTeam, name: `vps-${id}` });

  /** The output of a command in the server, which must succeed. */
  async function inside(script: string): Promise<string> {
    const command = ['exec', ref().name, '--', 'sh', '-c', script];
    const { status, stdout, stderr } = await incus(folder, ref(), command, { allow: 'any' });
    assert.equal(status, 0, `${script}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Until the diagnosis has exactly these findings. */
  async function finds(...codes: string[]): Promise<{ code: string; summary: string }[]> {
    let last: { code: string; summary: string }[] = [];
    await waitFor(`${codes} to be found`, async () => {
      last = (await call('GET', `/vps/${id}/diagnose`)).body.data.findings;
      return last.map(({ code }) => code).join() === codes.join();
    }).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)}`);
    });
    return last;
  }

  it('says which user-data has no effect, and that nobody reaches its SSH port', async () => {
    const [ssh, key] = await finds('ssh_not_admitted', 'user_data_without_effect');
    assert.match(ssh!.summary, /tcp 2222/);
    assert.match(key!.summary, /swap/);
  });

  it('starts what is installed, with nothing masked or failed', async () => {
    // Debian's packages mask some of their own, elsewhere.
    assert.equal(await inside('find /etc/systemd/system -lname /dev/null'), '');
    await inside(
      'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && ' +
        `apt-get -qq install --no-install-recommends ${PACKAGES.join(' ')} >/dev/null && ` +
        'apt-get -qq full-upgrade >/dev/null',
    );
    assert.equal(await inside('systemctl --failed --no-legend'), '');
    await inside('systemctl is-active docker nginx fail2ban unattended-upgrades');
    await inside('systemctl is-active apt-daily.timer apt-daily-upgrade.timer');
    await inside('systemd-run --on-active=1 --timer-property=AccuracySec=1 touch /run/ticked');
    await waitFor('the timer', async () => (await inside('ls /run')).includes('ticked'));
    await waitFor('the jail', async () =>
      /Status for the jail/.test(await inside('fail2ban-client status sshd')),
    );
  });

  it('builds and runs an image with Docker', async () => {
    assert.equal(await inside(DOCKER), 'built\nbuilt\noverlay2');
  });

  it('mounts folders of another server with sshfs', async () => {
    await inside(
      'umask 77; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; ' +
        'cat /root/.ssh/id_ed25519.pub >>/root/.ssh/authorized_keys; mkdir /srv/far; echo there >/srv/far/file; ' +
        'sshfs -o StrictHostKeyChecking=no,port=2222 127.0.0.1:/srv/far /mnt',
    );
    assert.equal(
      await inside('cat /mnt/file; echo here >/mnt/mine; cat /srv/far/mine; umount /mnt'),
      'there\nhere',
    );
  });

  it('has what the documentation says that there is for Kubernetes', async () => {
    await inside(KUBERNETES);
  });

  it('has WireGuard in user space, and a firewall of its own', async () => {
    await inside(
      'export WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1; wireguard-go wg0 >/dev/null 2>&1 && umask 77 && ' +
        'wg genkey >/tmp/key && wg set wg0 private-key /tmp/key listen-port 51820 && ip link set wg0 up',
    );
    assert.match(await inside('wg show'), /listening port: 51820/);
    await inside('ufw allow 80/tcp && ufw allow 2222/tcp && ufw --force enable');
    assert.match(await inside('ufw status'), /Status: active/);
  });

  it('answers the challenge of a certificate authority, once its firewall lets it in', async () => {
    const [, , ports] = await finds('ssh_not_admitted', 'user_data_without_effect', 'ports_not_admitted');
    assert.match(ports!.summary, /tcp 80, udp 51820/);
    const [{ id: firewall }] = (await call('GET', '/firewalls')).body.data;
    const { rules } = (await call('GET', `/firewalls/${firewall}`)).body.firewall;
    const open = (port: number) => ({ direction: 'inbound', protocol: 'tcp', port, action: 'allow' });
    const changed = { rules: [...rules, open(80), open(2222)] };
    assert.equal((await call('PUT', `/firewalls/${firewall}`, changed)).status, 200);
    const [, left] = await finds('user_data_without_effect', 'ports_not_admitted');
    assert.match(left!.summary, /listen at udp 51820,/);
    await inside(
      'mkdir -p /var/www/html/.well-known/acme-challenge && echo proof >/var/www/html/.well-known/acme-challenge/token',
    );
    await waitFor('nginx to answer', async () => {
      const answer = await fetch(`http://${address}/.well-known/acme-challenge/token`).catch(() => null);
      return (await answer?.text()) === 'proof\n';
    });
  });

  it('takes the host name of a rename as the answer says, and keeps it', async () => {
    const { warnings } = (await call('PUT', `/vps/${id}`, { name: 'second-day' })).body;
    const [, command = ''] = /run in it: (.*)$/.exec(warnings.join('\n')) ?? [];
    assert.notEqual(await inside('hostname'), 'second-day');
    await inside(command);
    assert.equal(await inside('hostname'), 'second-day');
    const before = await inside('cat /proc/sys/kernel/random/boot_id; readlink /proc/1/ns/pid');
    assert.equal((await call('POST', `/vps/${id}/reboot`)).status, 200);
    await waitFor('the server to start again', async () => {
      const { status } = (await call('GET', `/vps/${id}`)).body.instance;
      const now = await inside('cat /proc/sys/kernel/random/boot_id; readlink /proc/1/ns/pid').catch(
        () => before,
      );
      return status === 'running' && now !== before;
    });
    await inside('cloud-init status --wait >/dev/null || true');
    assert.equal(await inside('hostname'), 'second-day');
  });
});
