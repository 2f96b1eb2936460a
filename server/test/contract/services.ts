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
    const world = new ServicesWorld();
    before(async () => {
      world.subject = await open();
      await world.open();
    });
    after(() => world.close());

    testPorts(world);
    testVolume(world);
    testSettings(world);
    testSupervision(world);
    testNewInstances(world);
    testAddresses(world);
  });
}

/** Two services of different teams, and what can be done with them. */
class ServicesWorld {
  subject!: IncusSubject;
  outside!: Outside;
  /** Published at {@link PORT}. */
  spec!: InstanceSpec;
  /** Of another team. */
  foreign!: InstanceSpec;

  async open(): Promise<void> {
    const { subject } = this;
    await subject.clear();
    this.outside = await openOutside(subject.installId);
    for (const teamId of [TEAMS.one, TEAMS.two]) {
      await subject.plane.ensureTenant({ teamId, network: networkOf(teamId) });
    }
    const changes = {
      image: await subject.ensureServiceImage(),
      userData: null,
      limits: { vcpu: 1, memoryMb: 256, diskGb: 3 },
      files: [await settingsFile('first')],
    };
    const onVolume = (target: InstanceSpec) => ({ ...target, volumes: [dataMount(target.ref)] });
    this.spec = { ...onVolume(specOf('db', 71, changes)), publish: this.published() };
    this.foreign = onVolume(specOf('other', 71, { ...changes, teamId: TEAMS.two }));
    await subject.plane.ensureFirewalls(TEAMS.one, openTo(this.spec));
    await subject.plane.ensureFirewalls(TEAMS.two, openTo(this.foreign));
    await Promise.all([this.spec, this.foreign].map((spec) => this.boot(spec)));
  }

  async close(): Promise<void> {
    await this.outside?.close();
    await this.subject?.clear();
    await this.subject?.close();
  }

  async boot(target: InstanceSpec): Promise<void> {
    await ensureWhole(this.subject.plane, target);
    await this.subject.plane.waitForService(target.ref, 300);
  }

  /** Runs a command in the instance as root, and returns its output; throws where it fails. */
  async inside(target: InstanceSpec, command: string): Promise<string> {
    const { status, stdout, stderr } = await this.subject.exec(target.ref, ['bash', '-c', command]);
    assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  async fails(target: InstanceSpec, command: string): Promise<void> {
    assert.notEqual((await this.subject.exec(target.ref, ['bash', '-c', command])).status, 0, command);
  }

  async stateOf(target: InstanceSpec): Promise<EngineState> {
    return JSON.parse(await this.subject.plane.control(target.ref, 'state'));
  }

  /** Waits for the wanted state. */
  async settles(target: InstanceSpec, wanted: (state: EngineState) => boolean): Promise<void> {
    let state: EngineState | undefined;
    const isSo = async () => {
      state = await this.stateOf(target);
      return wanted(state);
    };
    await waitFor('the state', isSo).catch((error) =>
      assert.fail(`${error.message} ${JSON.stringify(state)}`),
    );
  }

  published(): InstanceSpec['publish'] {
    return [{ address: this.outside.address, port: PORT, targetPort: SERVICE_PORT }];
  }

  /** The settings of `spec`, with these published ports. */
  settings(publish: InstanceSpec['publish']) {
    return { limits: this.spec.limits, publish, autoStart: true };
  }
}

function testPorts(world: ServicesWorld): void {
  it('answers from outside on the published port, and to the host itself', async () => {
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT), 'first 1');
    const { address } = world.outside;
    const { stdout } = await run('bash', ['-c', FIRST_LINE, 'line', address, String(PORT)]);
    assert.equal(stdout.trim(), 'first 1');
  });

  it('lets no other team in, on the published port or beside it', async () => {
    const reach = (address: string, port: number, seconds = SILENCE) =>
      `timeout ${seconds} bash -c '${FIRST_LINE}' line ${address} ${port}`;
    // Its own service answers, so a failure is not the tool's.
    await world.inside(world.foreign, reach(world.foreign.addresses.ipv4!, SERVICE_PORT, 60));
    await Promise.all([
      world.fails(world.foreign, reach(world.outside.address, PORT)),
      world.fails(world.foreign, reach(world.spec.addresses.ipv4!, SERVICE_PORT)),
      world.fails(world.foreign, reach(world.spec.addresses.ipv6!, SERVICE_PORT)),
    ]);
  });

  it('closes a port that is withdrawn, and opens it again, while the instance runs', async () => {
    const { plane } = world.subject;
    await plane.ensureSettings(world.spec.ref, world.settings([]));
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT, SILENCE), null);
    await plane.ensureSettings(world.spec.ref, world.settings(world.published()));
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT), 'first 1');
  });
}

function testVolume(world: ServicesWorld): void {
  it('has its data on a volume with a limit, which grows while it is in use', async () => {
    const write = (mb: number) => `dd if=/dev/zero of=/data/large bs=1M count=${mb} conv=fsync 2>&1`;
    assert.equal(await world.inside(world.spec, 'stat -c %U:%G:%a /data'), 'root:root:711');
    await world.inside(world.spec, 'mountpoint /data');
    await overfill(world.subject, world.spec.ref, '/data/large', write(1200));
    await patiently(() => world.subject.plane.ensureVolume({ ref: volumeOf(world.spec.ref), sizeGb: 2 }));
    await fill(world.subject, world.spec.ref, '/data/large', write(1200));
    // Btrfs counts writes when it commits, which may take half a minute.
    const { volumes, diskBytes, memoryBytes, cpuSeconds } = await usageOf(
      world.subject.plane,
      world.spec.ref,
      (usage) => usage.volumes[0]!.usedBytes! >= 1200 * 2 ** 20,
    );
    const used = volumes[0]?.usedBytes;
    assert.ok(diskBytes! < used!, `the root disk is another: ${diskBytes}`);
    assert.ok(memoryBytes! > 2 ** 20 && memoryBytes! <= 256 * 2 ** 20, String(memoryBytes));
    assert.ok(cpuSeconds! > 0);
    await world.inside(world.spec, 'rm /data/large && sync');
  });
}

function testSettings(world: ServicesWorld): void {
  it('takes new settings over when told to, and none that are cut short', async () => {
    const { plane } = world.subject;
    await plane.ensureFiles(world.spec.ref, [await settingsFile('second')]);
    assert.equal(await plane.control(world.spec.ref, 'reload'), '');
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT), 'second 1');
    await plane.ensureFiles(world.spec.ref, [await settingsFile('third', { cut: true })]);
    await refuses(plane.control(world.spec.ref, 'reload'), 'failed');
    await refuses(plane.control(world.spec.ref, 'restart'), 'failed');
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT), 'second 1');
    assert.equal(await world.inside(world.spec, 'stat -c %U:%a /var/lib/danube/settings.tar'), 'root:600');
    await plane.ensureFiles(world.spec.ref, [await settingsFile('refused')]);
    await assert.rejects(plane.control(world.spec.ref, 'reload'), /the value is refused/);
  });

  it('ends its engine in good order when it is stopped, and waits for whole settings to start', async () => {
    const { plane } = world.subject;
    await world.inside(world.spec, 'rm -f /data/ended-well');
    await plane.ensureStopped(world.spec.ref, 300);
    await plane.ensureFiles(world.spec.ref, [await settingsFile('fourth', { cut: true })]);
    await plane.ensureRunning(world.spec.ref);
    await refuses(plane.waitForService(world.spec.ref, 2), 'timeout');
    await plane.ensureFiles(world.spec.ref, [await settingsFile('fourth')]);
    await plane.waitForService(world.spec.ref, 300);
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT), 'fourth 2');
    await world.inside(world.spec, 'test -e /data/ended-well');
  });
}

function testSupervision(world: ServicesWorld): void {
  it('starts an engine that died again, ever later, and at once when asked to', async () => {
    const kill = 'kill -KILL "$(cat /run/danube/engine.pid)"';
    for (const starts of [2, 3, 4]) {
      await world.inside(world.spec, kill);
      await world.settles(world.spec, (state) => state.up && state.starts.length === starts);
      await world.subject.plane.waitForService(world.spec.ref, 300);
    }
    const { starts, last_exit } = await world.stateOf(world.spec);
    assert.equal(last_exit, 137);
    assert.ok(starts[2]! - starts[1]! >= 2, starts.join());
    await world.inside(world.spec, kill);
    await world.settles(world.spec, (state) => !state.up);
    await world.subject.plane.control(world.spec.ref, 'restart');
    // By itself it would wait for a quarter of a minute.
    await world.subject.plane.waitForService(world.spec.ref, 10);
    assert.equal((await world.stateOf(world.spec)).starts.length, 5);
  });

  it('runs one engine only, also where what watches over it is killed', async () => {
    await world.inside(world.spec, 'pkill -KILL -f /usr/lib/danube/supervise');
    await world.settles(world.spec, (state) => state.up && state.starts.length === 6);
    await world.subject.plane.waitForService(world.spec.ref, 300);
    assert.equal(await world.inside(world.spec, 'pgrep -c perl'), '1');
  });

  it('counts what the kernel kills for want of memory', async () => {
    assert.equal((await world.stateOf(world.spec)).oom_kills, 0);
    await world.fails(world.spec, `perl -e 'my $x = "x" x (700 * 2**20)'`);
    await world.settles(world.spec, (state) => state.oom_kills === 1);
  });

  it('keeps what its engine says, a line each with its time', async () => {
    const time = String.raw`\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5}`;
    const logs = await world.subject.plane.control(world.spec.ref, 'logs');
    assert.match(logs, new RegExp(`^${time} start number 1$`, 'm'));
    assert.match(logs, new RegExp(`^${time} danube: the engine ended with status 137$`, 'm'));
  });
}

function testNewInstances(world: ServicesWorld): void {
  it('keeps the volume over a new generation, with its owners', async () => {
    await world.inside(world.spec, 'touch /data/kept /root/lost && chown 4321:4321 /data/kept');
    await world.boot({ ...world.spec, generation: 2 });
    assert.equal(await world.inside(world.spec, 'stat -c %u:%g /data/kept'), '4321:4321');
    await world.fails(world.spec, 'test -e /root/lost');
    assert.match((await world.outside.lineFrom(world.outside.address, PORT)) ?? '', /^first \d+$/);
  });

  it('stores nothing in a volume that was made by half', async () => {
    const { ref, addresses } = specOf('half', 74);
    const target = { ...renamed(world.spec, ref.name), addresses, publish: [] };
    await world.subject.halfMakeVolume(volumeOf(ref));
    assert.equal(await world.subject.plane.describeVolume(volumeOf(ref)), null);
    await refuses(world.subject.plane.ensureInstance(target), 'not_found');
    await world.boot(target);
    const write = 'dd if=/dev/zero of=/data/large bs=1M count=1200 conv=fsync';
    await overfill(world.subject, ref, '/data/large', write);
    await removeWithVolume(world.subject.plane, ref);
  });
}

function testAddresses(world: ServicesWorld): void {
  it('has only the families of addresses that it is given', async () => {
    const list = "ip -o addr show dev eth0 scope global | awk '{print $4}'";
    const routes = 'ip route show default; ip -6 route show default; cat /etc/resolv.conf';
    const { ipv4: net4, ipv6: net6 } = world.spec.network;
    for (const [name, ipv4, ipv6] of [
      ['four', specOf('', 72).addresses.ipv4, null],
      ['six', null, specOf('', 73).addresses.ipv6],
    ] as const) {
      const half = {
        ...renamed(world.spec, `vps-contract-${name}`),
        addresses: { ipv4, ipv6 },
      };
      await world.boot({ ...half, publish: [] });
      assert.equal(await world.inside(half, list), ipv4 ? `${ipv4}/22` : `${ipv6}/64`);
      const said = await world.inside(half, routes);
      assert.equal(said.includes(net4.gateway), ipv4 !== null, said);
      assert.equal(said.includes(net6.gateway), ipv6 !== null, said);
      assert.match(said, /^nameserver /m);
      await removeWithVolume(world.subject.plane, half.ref);
    }
    assert.equal(
      await world.inside(world.spec, list),
      `${world.spec.addresses.ipv4}/22\n${world.spec.addresses.ipv6}/64`,
    );
  });

  it('closes the port when the instance is removed', async () => {
    await world.subject.plane.removeInstance(world.spec.ref);
    assert.equal(await world.outside.lineFrom(world.outside.address, PORT, SILENCE), null);
  });
}
