import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EngineError, type InstanceSpec } from '../engine.ts';
import { NOWHERE, snapshotOf } from './snapshot-verbs.ts';
import { type IncusSubject, networkOf, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

/** What only real instances show of snapshots: what is on their disks, and what a kill in the middle leaves. */
export function snapshotsContract(open: () => Promise<IncusSubject>): void {
  describe('engine incus: snapshots', { timeout: 900_000 }, () => {
    let subject: IncusSubject;
    let server: InstanceSpec;
    let service: InstanceSpec;

    /** Runs a command in the instance as root, and returns what it said; throws where it fails. */
    const inside = async ({ ref }: InstanceSpec, command: string): Promise<string> => {
      const { status, stdout, stderr } = await subject.exec(ref, ['bash', '-c', command]);
      assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
      return stdout.trim();
    };
    const ready = ({ ref, dataVolume }: InstanceSpec) =>
      dataVolume ? subject.engine.waitForService(ref, 60) : subject.engine.waitForSsh(ref, 120);
    const drillOf = (spec: InstanceSpec, name: string): InstanceSpec => ({
      ...spec,
      ref: { ...spec.ref, name: `drill-contract-${name}` },
      addresses: NOWHERE,
    });
    const powerOf = async ({ ref }: InstanceSpec) => (await subject.engine.describeInstance(ref))?.power;
    /** Repeats what may succeed later, as workflows do. */
    const patiently = async (verb: () => Promise<void>): Promise<void> => {
      const deadline = Date.now() + 120_000;
      for (;;) {
        try {
          return await verb();
        } catch (error) {
          assert.ok(error instanceof EngineError && error.retryable && Date.now() < deadline, String(error));
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      }
    };
    /** Begins the verb, kills the daemon so many milliseconds later, and repeats the verb until it is done. */
    const killedAfter = async (milliseconds: number, verb: () => Promise<void>): Promise<void> => {
      await patiently(() => subject.engine.describe().then(() => undefined));
      const first = verb().then(
        () => 'done',
        (error: unknown) => {
          assert.ok(error instanceof EngineError && error.retryable, String(error));
        },
      );
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      subject.killDaemon();
      await first;
      await patiently(verb);
    };

    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.engine.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      await subject.engine.ensureImage('debian-12');
      server = specOf('server', 91);
      service = specOf('service', 92, {
        image: await subject.ensureServiceImage(),
        userData: null,
        dataVolume: true,
        files: [await settingsFile('first')],
      });
      for (const spec of [server, service]) {
        await subject.engine.ensureInstance(spec);
        await ready(spec);
      }
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    it('keeps a server at one moment, with all that was written before and nothing after', async () => {
      const { engine } = subject;
      // Nothing is flushed; `second` follows `first` by one at most.
      const writer =
        'i=0; while :; do i=$((i+1)); echo $i >>/root/first; echo $i >>/root/second; done </dev/null >/dev/null 2>&1 &';
      await inside(server, writer);
      await inside(server, 'until [ "$(wc -l </root/second)" -gt 1000 ]; do sleep 0.1; done');
      const before = Number(await inside(server, 'tail -n 1 /root/second'));
      await engine.ensureSnapshot(server.ref, snapshotOf(1));
      const later = Number(await inside(server, 'tail -n 1 /root/second'));
      await inside(
        server,
        `until [ "$(tail -n 1 /root/second)" -gt ${later} ]; do sleep 0.1; done; pkill -f while`,
      );
      const drill = drillOf(server, 'moment');
      await engine.ensureInstance(drill, snapshotOf(1));
      await ready(drill);
      const [first, second] = (await inside(drill, 'tail -qn 1 /root/first /root/second'))
        .split('\n')
        .map(Number);
      assert.ok(second! >= before && second! <= later, `${before} ≤ ${second} ≤ ${later}`);
      assert.ok(first === second || first === second! + 1, `${first} ${second}`);
      assert.equal(await inside(drill, 'wc -l </root/second'), String(second));
      await engine.removeInstance(drill.ref);
    });

    it('brings a server back as it was: owners, host keys, nothing run again', async () => {
      const { engine } = subject;
      const facts =
        'cat /etc/ssh/ssh_host_*.pub; stat -c %u:%g /root/owned; cat /var/lib/cloud/data/instance-id; hostname';
      await inside(server, 'touch /root/owned; chown 1234:4321 /root/owned');
      await engine.ensureSnapshot(server.ref, snapshotOf(2));
      const before = await inside(server, facts);
      await inside(server, 'rm /etc/ssh/ssh_host_* /root/owned');
      server = { ...server, generation: 2 };
      await engine.ensureInstance(server, snapshotOf(2));
      await ready(server);
      assert.equal(await inside(server, facts), before);
      assert.match(await inside(server, 'ip -o addr show dev eth0'), new RegExp(`${server.addresses.ipv4}/`));
    });

    it('makes a server of its own from a snapshot where the name is another', async () => {
      const { engine } = subject;
      const drill = { ...drillOf(server, 'other'), userData: '#cloud-config\nruncmd: [touch /root/ran]\n' };
      await engine.ensureInstance(drill, snapshotOf(2));
      await ready(drill);
      const keys = 'cat /etc/ssh/ssh_host_*.pub';
      assert.notEqual(await inside(drill, keys), await inside(server, keys));
      assert.equal(await inside(drill, 'stat -c %u:%g /root/owned'), '1234:4321');
      await inside(drill, 'cloud-init status --wait >/dev/null; test -e /root/ran');
      assert.equal(await inside(drill, 'ls /sys/class/net'), 'lo');
      await engine.removeInstance(drill.ref);
    });

    it('knows how much a snapshot holds, and counts the same of what it was made of', async () => {
      const { engine } = subject;
      const bytes = 300 * 2 ** 20;
      for (const [spec, folder] of [
        [server, '/root'],
        [service, '/data'],
      ] as const) {
        await inside(spec, `dd if=/dev/urandom of=${folder}/large bs=1M count=300 conv=fsync 2>/dev/null`);
        const snapshot = snapshotOf(spec === server ? 3 : 4);
        await engine.ensureSnapshot(spec.ref, snapshot);
        const { diskBytes } = (await engine.describeSnapshot(snapshot))!;
        assert.ok(diskBytes >= bytes && diskBytes < bytes + 2 ** 30, `${folder}: ${diskBytes}`);
        const usage = await engine.describeUsage(spec.ref);
        assert.ok(usage!.diskBytes! >= bytes, `${folder}: ${usage!.diskBytes}`);
        await inside(spec, `rm ${folder}/large; sync`);
      }
    });

    it('gives a disk the size that is asked for, and never less than it holds', async () => {
      const { engine } = subject;
      for (const [spec, folder, number] of [
        [server, '/root', 3],
        [service, '/data', 4],
      ] as const) {
        const wanted = { ...drillOf(spec, `size-${number}`), limits: { ...spec.limits, diskGb: 2 } };
        await engine.ensureInstance(wanted, snapshotOf(number));
        await ready(wanted);
        assert.equal((await engine.describeInstance(wanted.ref))?.limits.diskGb, 2);
        const { status } = await subject.exec(wanted.ref, ['fallocate', '-l', '2G', `${folder}/more`]);
        assert.notEqual(status, 0, 'the limit holds');
        await inside(wanted, `fallocate -l 600M ${folder}/more && sync`);
        await engine.ensureSnapshot(wanted.ref, snapshotOf(5));
        await engine.removeInstance(wanted.ref);
        const small = { ...wanted, limits: { ...spec.limits, diskGb: 0.1 } };
        await engine.ensureInstance(small, snapshotOf(5));
        await ready(small);
        const gb = (await engine.describeInstance(small.ref))?.limits.diskGb;
        assert.ok(gb === 1 || gb === 2, String(gb));
        await engine.removeInstance(small.ref);
        await engine.removeSnapshot(snapshotOf(5));
      }
    });

    it('lets a guest go on that was left frozen', async () => {
      const { engine } = subject;
      const verbs = [
        () => engine.ensureRunning(server.ref),
        () => engine.ensureInstance(server),
        () => engine.ensureSnapshot(server.ref, snapshotOf(6)),
        () => engine.ensureSnapshot(server.ref, snapshotOf(6)),
      ];
      for (const verb of verbs) {
        await subject.freeze(server.ref);
        assert.equal(await powerOf(server), 'frozen');
        await verb();
        assert.equal(await powerOf(server), 'running');
      }
      await subject.freeze(server.ref);
      await engine.ensureStopped(server.ref, 60);
      assert.equal(await powerOf(server), 'stopped');
      await engine.ensureRunning(server.ref);
      await ready(server);
    });

    it('holds a service for the time of the copy', async () => {
      const { engine } = subject;
      await engine.ensureSnapshot(service.ref, snapshotOf(7));
      await inside(service, 'test ! -e /data/held');
      const drill = drillOf(service, 'held');
      await engine.ensureInstance(drill, snapshotOf(7));
      await ready(drill);
      await inside(drill, 'test -e /data/held');
      await engine.removeInstance(drill.ref);
    });

    it('makes a lost service again on the volume that it got from a snapshot, also without that', async () => {
      const { engine } = subject;
      await subject.writeDisk(service, 'kept');
      await engine.ensureSnapshot(service.ref, snapshotOf(9));
      service = { ...service, generation: service.generation + 1 };
      await engine.ensureInstance(service, snapshotOf(9));
      await ready(service);
      await subject.writeDisk(service, 'since then');
      await subject.deleteBehindOurBack(service.ref);
      await engine.removeSnapshot(snapshotOf(9));
      await engine.ensureInstance(service, snapshotOf(9));
      await ready(service);
      assert.equal(await subject.readDisk(service), 'since then');
    });

    it('counts no copy whose hold had ended before', async () => {
      const { engine } = subject;
      const script = '/usr/lib/danube/until-released';
      await inside(service, `cp ${script} /root/; printf '#!/bin/sh\necho held; exit 1\n' >${script}`);
      await refuses(engine.ensureSnapshot(service.ref, snapshotOf(8)), 'failed');
      assert.equal(await engine.describeSnapshot(snapshotOf(8)), null);
      await refuses(engine.ensureInstance(drillOf(service, 'void'), snapshotOf(8)), 'not_found');
      await inside(service, `cp /root/until-released ${script}`);
      await engine.ensureSnapshot(service.ref, snapshotOf(8));
      assert.ok(await engine.describeSnapshot(snapshotOf(8)));
    });

    it('ends a hold that nobody releases, and one that came before', async () => {
      const control = '/usr/lib/danube/control';
      await inside(service, `${control} hold && ${control} hold && test -e /data/held && ${control} release`);
      await inside(service, `${control} hold && until [ ! -e /data/held ]; do sleep 0.1; done`);
      assert.notEqual((await subject.exec(service.ref, [control, 'release'])).status, 0);
    });

    it('copies a service that cannot be held: its engine refuses, or its image is older', async () => {
      const { engine } = subject;
      for (const [number, break_, mend] of [
        [10, 'mv /usr/lib/danube/engine/hold /root/', 'mv /root/hold /usr/lib/danube/engine/'],
        [
          11,
          "sed -i 's/^  hold)/  older)/' /usr/lib/danube/control",
          "sed -i 's/^  older)/  hold)/' /usr/lib/danube/control",
        ],
      ] as const) {
        await inside(service, break_);
        await subject.writeDisk(service, `without ${number}`);
        await engine.ensureSnapshot(service.ref, snapshotOf(number));
        await inside(service, mend);
        const drill = drillOf(service, `without-${number}`);
        await engine.ensureInstance(drill, snapshotOf(number));
        await ready(drill);
        assert.equal(await subject.readDisk(drill), `without ${number}`);
        await engine.removeInstance(drill.ref);
      }
    });

    it('says that an image is too old for a question', async () => {
      await inside(service, "sed -i 's/^  verify)/  older)/' /usr/lib/danube/control");
      await refuses(subject.engine.control(service.ref, 'verify'), 'invalid');
      await inside(service, "sed -i 's/^  older)/  verify)/' /usr/lib/danube/control");
      const { ok, items } = JSON.parse(await subject.engine.control(service.ref, 'verify'));
      assert.deepEqual([ok, items > 0], [true, true]);
    });

    it('makes a snapshot although the daemon is killed in the middle of it', async () => {
      const { engine } = subject;
      for (const [index, milliseconds] of [0, 40, 80, 160].entries()) {
        for (const spec of [server, service]) {
          const snapshot = snapshotOf(20 + index);
          await subject.writeDisk(spec, `killed ${index}`);
          await killedAfter(milliseconds, () => engine.ensureSnapshot(spec.ref, snapshot));
          assert.equal(await powerOf(spec), 'running');
          const drill = drillOf(spec, 'killed');
          await engine.ensureInstance(drill, snapshot);
          await ready(drill);
          assert.equal(await subject.readDisk(drill), `killed ${index}`);
          await engine.removeInstance(drill.ref);
          await engine.removeSnapshot(snapshot);
        }
      }
    });

    it('brings an instance back although the daemon is killed in the middle of it', async () => {
      const { engine } = subject;
      for (const spec of [server, service]) {
        const snapshot = snapshotOf(30);
        await subject.writeDisk(spec, 'kept');
        await engine.ensureSnapshot(spec.ref, snapshot);
        for (const [index, milliseconds] of [0, 150, 300, 600].entries()) {
          await subject.writeDisk(spec, 'lost');
          const again = { ...spec, generation: 10 + index };
          await killedAfter(milliseconds, () => engine.ensureInstance(again, snapshot));
          await ready(spec);
          assert.equal(await subject.readDisk(spec), 'kept');
        }
        await killedAfter(20, () => engine.removeSnapshot(snapshot));
        assert.equal(await engine.describeSnapshot(snapshot), null);
      }
    });
  });
}
