import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { run } from '../../src/lib/run.ts';
import type { EngineState } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { dataMount, removeWithVolume, volumeOf } from '../volumes.ts';
import { openTo } from './firewalls.ts';
import { FIRST_LINE, type Outside, openOutside, SILENCE } from './outside.ts';
import {
  ensureWhole,
  fill,
  type IncusSubject,
  networkOf,
  overfill,
  patiently,
  renamed,
  specOf,
  TEAMS,
  usageOf,
} from './subjects.ts';
import { SERVICE_PORT, settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

const PORT = 31_010;

/**
 * The contract for services that only real instances can show: the volume, control, and the scripts that all images
 * share.
 */
export function servicesContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: services', { timeout: 2_400_000 }, () => {
    let subject: IncusSubject;
    let outside: Outside;
    let spec: InstanceSpec;
    let foreign: InstanceSpec;

    /** Runs a command in the instance as root, and returns its output; throws where it fails. */
    const inside = async (target: InstanceSpec, command: string): Promise<string> => {
      const { status, stdout, stderr } = await subject.exec(target.ref, ['bash', '-c', command]);
      assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
      return stdout.trim();
    };
    const fails = async (target: InstanceSpec, command: string): Promise<void> => {
      assert.notEqual((await subject.exec(target.ref, ['bash', '-c', command])).status, 0, command);
    };
    const boot = async (target: InstanceSpec): Promise<void> => {
      await ensureWhole(subject.plane, target);
      await subject.plane.waitForService(target.ref, 300);
    };
    const stateOf = async (target: InstanceSpec): Promise<EngineState> =>
      JSON.parse(await subject.plane.control(target.ref, 'state'));
    /** Waits for the wanted state. */
    const settles = async (target: InstanceSpec, wanted: (state: EngineState) => boolean): Promise<void> => {
      let state: EngineState | undefined;
      const isSo = async () => {
        state = await stateOf(target);
        return wanted(state);
      };
      await waitFor('the state', isSo).catch((error) =>
        assert.fail(`${error.message} ${JSON.stringify(state)}`),
      );
    };
    const published = () => [{ address: outside.address, port: PORT, targetPort: SERVICE_PORT }];
    /** The settings of `spec`, with these published ports. */
    const settings = (publish: InstanceSpec['publish']) => ({
      limits: spec.limits,
      publish,
      autoStart: true,
    });

    before(async () => {
      subject = await open();
      await subject.clear();
      outside = await openOutside(subject.installId);
      for (const teamId of [TEAMS.one, TEAMS.two]) {
        await subject.plane.ensureTenant({ teamId, network: networkOf(teamId) });
      }
      const image = await subject.ensureServiceImage();
      const changes = {
        image,
        userData: null,
        limits: { vcpu: 1, memoryMb: 256, diskGb: 3 },
        files: [await settingsFile('first')],
      };
      const onVolume = (target: InstanceSpec) => ({ ...target, volumes: [dataMount(target.ref)] });
      spec = { ...onVolume(specOf('db', 71, changes)), publish: published() };
      foreign = onVolume(specOf('other', 71, { ...changes, teamId: TEAMS.two }));
      await subject.plane.ensureFirewalls(TEAMS.one, openTo(spec));
      await subject.plane.ensureFirewalls(TEAMS.two, openTo(foreign));
      await Promise.all([spec, foreign].map(boot));
    });
    after(async () => {
      await outside?.close();
      await subject?.clear();
      await subject?.close();
    });

    it('answers from outside on the published port, and to the host itself', async () => {
      assert.equal(await outside.lineFrom(outside.address, PORT), 'first 1');
      const { address } = outside;
      const { stdout } = await run('bash', ['-c', FIRST_LINE, 'line', address, String(PORT)]);
      assert.equal(stdout.trim(), 'first 1');
    });

    it('lets no other team in, on the published port or beside it', async () => {
      const reach = (address: string, port: number, seconds = SILENCE) =>
        `timeout ${seconds} bash -c '${FIRST_LINE}' line ${address} ${port}`;
      // Its own service answers, so a failure is not the tool's.
      await inside(foreign, reach(foreign.addresses.ipv4!, SERVICE_PORT, 60));
      await Promise.all([
        fails(foreign, reach(outside.address, PORT)),
        fails(foreign, reach(spec.addresses.ipv4!, SERVICE_PORT)),
        fails(foreign, reach(spec.addresses.ipv6!, SERVICE_PORT)),
      ]);
    });

    it('closes a port that is withdrawn, and opens it again, while the instance runs', async () => {
      const { plane } = subject;
      await plane.ensureSettings(spec.ref, settings([]));
      assert.equal(await outside.lineFrom(outside.address, PORT, SILENCE), null);
      await plane.ensureSettings(spec.ref, settings(published()));
      assert.equal(await outside.lineFrom(outside.address, PORT), 'first 1');
    });

    it('has its data on a volume with a limit, which grows while it is in use', async () => {
      const write = (mb: number) => `dd if=/dev/zero of=/data/large bs=1M count=${mb} conv=fsync 2>&1`;
      assert.equal(await inside(spec, 'stat -c %U:%G:%a /data'), 'root:root:711');
      await inside(spec, 'mountpoint /data');
      await overfill(subject, spec.ref, '/data/large', write(1200));
      await patiently(() => subject.plane.ensureVolume({ ref: volumeOf(spec.ref), sizeGb: 2 }));
      await fill(subject, spec.ref, '/data/large', write(1200));
      // Btrfs counts writes when it commits, which may take half a minute.
      const { volumes, diskBytes, memoryBytes, cpuSeconds } = await usageOf(
        subject.plane,
        spec.ref,
        (usage) => usage.volumes[0]!.usedBytes! >= 1200 * 2 ** 20,
      );
      const used = volumes[0]?.usedBytes;
      assert.ok(diskBytes! < used!, `the root disk is another: ${diskBytes}`);
      assert.ok(memoryBytes! > 2 ** 20 && memoryBytes! <= 256 * 2 ** 20, String(memoryBytes));
      assert.ok(cpuSeconds! > 0);
      await inside(spec, 'rm /data/large && sync');
    });

    it('takes new settings over when told to, and none that are cut short', async () => {
      const { plane } = subject;
      await plane.ensureFiles(spec.ref, [await settingsFile('second')]);
      assert.equal(await plane.control(spec.ref, 'reload'), '');
      assert.equal(await outside.lineFrom(outside.address, PORT), 'second 1');
      await plane.ensureFiles(spec.ref, [await settingsFile('third', { cut: true })]);
      await refuses(plane.control(spec.ref, 'reload'), 'failed');
      await refuses(plane.control(spec.ref, 'restart'), 'failed');
      assert.equal(await outside.lineFrom(outside.address, PORT), 'second 1');
      assert.equal(await inside(spec, 'stat -c %U:%a /var/lib/danube/settings.tar'), 'root:600');
      await plane.ensureFiles(spec.ref, [await settingsFile('refused')]);
      await assert.rejects(plane.control(spec.ref, 'reload'), /the value is refused/);
    });

    it('ends its engine in good order when it is stopped, and waits for whole settings to start', async () => {
      const { plane } = subject;
      await inside(spec, 'rm -f /data/ended-well');
      await plane.ensureStopped(spec.ref, 300);
      await plane.ensureFiles(spec.ref, [await settingsFile('fourth', { cut: true })]);
      await plane.ensureRunning(spec.ref);
      await refuses(plane.waitForService(spec.ref, 2), 'timeout');
      await plane.ensureFiles(spec.ref, [await settingsFile('fourth')]);
      await plane.waitForService(spec.ref, 300);
      assert.equal(await outside.lineFrom(outside.address, PORT), 'fourth 2');
      await inside(spec, 'test -e /data/ended-well');
    });

    it('starts an engine that died again, ever later, and at once when asked to', async () => {
      const kill = 'kill -KILL "$(cat /run/danube/engine.pid)"';
      for (const starts of [2, 3, 4]) {
        await inside(spec, kill);
        await settles(spec, (state) => state.up && state.starts.length === starts);
        await subject.plane.waitForService(spec.ref, 300);
      }
      const { starts, last_exit } = await stateOf(spec);
      assert.equal(last_exit, 137);
      assert.ok(starts[2]! - starts[1]! >= 2, starts.join());
      await inside(spec, kill);
      await settles(spec, (state) => !state.up);
      await subject.plane.control(spec.ref, 'restart');
      // By itself it would wait for a quarter of a minute.
      await subject.plane.waitForService(spec.ref, 10);
      assert.equal((await stateOf(spec)).starts.length, 5);
    });

    it('runs one engine only, also where what watches over it is killed', async () => {
      await inside(spec, 'pkill -KILL -f /usr/lib/danube/supervise');
      await settles(spec, (state) => state.up && state.starts.length === 6);
      await subject.plane.waitForService(spec.ref, 300);
      assert.equal(await inside(spec, 'pgrep -c perl'), '1');
    });

    it('counts what the kernel kills for want of memory', async () => {
      assert.equal((await stateOf(spec)).oom_kills, 0);
      await fails(spec, `perl -e 'my $x = "x" x (700 * 2**20)'`);
      await settles(spec, (state) => state.oom_kills === 1);
    });

    it('keeps what its engine says, a line each with its time', async () => {
      const time = String.raw`\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5}`;
      const logs = await subject.plane.control(spec.ref, 'logs');
      assert.match(logs, new RegExp(`^${time} start number 1$`, 'm'));
      assert.match(logs, new RegExp(`^${time} danube: the engine ended with status 137$`, 'm'));
    });

    it('keeps the volume over a new generation, with its owners', async () => {
      await inside(spec, 'touch /data/kept /root/lost && chown 4321:4321 /data/kept');
      await boot({ ...spec, generation: 2 });
      assert.equal(await inside(spec, 'stat -c %u:%g /data/kept'), '4321:4321');
      await fails(spec, 'test -e /root/lost');
      assert.match((await outside.lineFrom(outside.address, PORT)) ?? '', /^first \d+$/);
    });

    it('stores nothing in a volume that was made by half', async () => {
      const { ref, addresses } = specOf('half', 74);
      const target = { ...renamed(spec, ref.name), addresses, publish: [] };
      await subject.halfMakeVolume(volumeOf(ref));
      assert.equal(await subject.plane.describeVolume(volumeOf(ref)), null);
      await refuses(subject.plane.ensureInstance(target), 'not_found');
      await boot(target);
      const write = 'dd if=/dev/zero of=/data/large bs=1M count=1200 conv=fsync';
      await overfill(subject, ref, '/data/large', write);
      await removeWithVolume(subject.plane, ref);
    });

    it('has only the families of addresses that it is given', async () => {
      const list = "ip -o addr show dev eth0 scope global | awk '{print $4}'";
      const routes = 'ip route show default; ip -6 route show default; cat /etc/resolv.conf';
      const { ipv4: net4, ipv6: net6 } = spec.network;
      for (const [name, ipv4, ipv6] of [
        ['four', specOf('', 72).addresses.ipv4, null],
        ['six', null, specOf('', 73).addresses.ipv6],
      ] as const) {
        const half = {
          ...renamed(spec, `vps-contract-${name}`),
          addresses: { ipv4, ipv6 },
        };
        await boot({ ...half, publish: [] });
        assert.equal(await inside(half, list), ipv4 ? `${ipv4}/22` : `${ipv6}/64`);
        const said = await inside(half, routes);
        assert.equal(said.includes(net4.gateway), ipv4 !== null, said);
        assert.equal(said.includes(net6.gateway), ipv6 !== null, said);
        assert.match(said, /^nameserver /m);
        await removeWithVolume(subject.plane, half.ref);
      }
      assert.equal(await inside(spec, list), `${spec.addresses.ipv4}/22\n${spec.addresses.ipv6}/64`);
    });

    it('closes the port when the instance is removed', async () => {
      await subject.plane.removeInstance(spec.ref);
      assert.equal(await outside.lineFrom(outside.address, PORT, SILENCE), null);
    });
  });
}
