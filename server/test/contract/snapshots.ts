import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { dataMount, removeWithVolume, volumeOf } from '../volumes.ts';
import { NOWHERE, snapshotOf } from './snapshot-verbs.ts';
import {
  ensureWhole,
  fill,
  type IncusSubject,
  networkOf,
  overfill,
  renamed,
  specOf,
  TEAMS,
  usageOf,
} from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

/** The contract for snapshots that only real instances can show: the content of their disks. */
export function snapshotsContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: snapshots', { timeout: 2_400_000 }, () => {
    let subject: IncusSubject;
    let server: InstanceSpec;
    let service: InstanceSpec;

    /** Runs a command in the instance as root, and returns its output; throws where it fails. */
    const inside = async ({ ref }: InstanceSpec, command: string): Promise<string> => {
      const { status, stdout, stderr } = await subject.exec(ref, ['bash', '-c', command]);
      assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
      return stdout.trim();
    };
    const ready = ({ ref, volumes }: InstanceSpec) =>
      volumes.length > 0 ? subject.plane.waitForService(ref, 300) : subject.plane.waitForSsh(ref, 300);
    const drillOf = (spec: InstanceSpec, name: string): InstanceSpec => ({
      ...renamed(spec, `drill-contract-${name}`),
      addresses: NOWHERE,
    });
    const ensure = (spec: InstanceSpec, from?: SnapshotRef) =>
      ensureWhole(subject.plane, spec, { volumeGb: 3, ...(from ? { from } : {}) });
    const remove = ({ ref }: InstanceSpec) => removeWithVolume(subject.plane, ref);
    const powerOf = async ({ ref }: InstanceSpec) => (await subject.plane.describeInstance(ref))?.power;
    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      await subject.plane.ensureImage('debian-12');
      server = specOf('server', 91);
      service = specOf('service', 92, {
        image: await subject.ensureServiceImage(),
        userData: null,
        files: [await settingsFile('first')],
      });
      service = { ...service, volumes: [dataMount(service.ref)] };
      await Promise.all(
        [server, service].map(async (spec) => {
          await ensure(spec);
          await ready(spec);
        }),
      );
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    it('keeps a server at one moment, with all that was written before and nothing after', async () => {
      const { plane } = subject;
      // Writes without flushing; `second` is at most one behind `first`.
      const writer =
        'i=0; while :; do i=$((i+1)); echo $i >>/root/first; echo $i >>/root/second; done </dev/null >/dev/null 2>&1 &';
      await inside(server, writer);
      await inside(server, 'until [ "$(wc -l </root/second)" -gt 1000 ]; do sleep 0.1; done');
      const before = Number(await inside(server, 'tail -n 1 /root/second'));
      await plane.ensureSnapshot(server.ref, snapshotOf(1));
      const later = Number(await inside(server, 'tail -n 1 /root/second'));
      await inside(
        server,
        `until [ "$(tail -n 1 /root/second)" -gt ${later} ]; do sleep 0.1; done; pkill -f while`,
      );
      const drill = drillOf(server, 'moment');
      await ensure(drill, snapshotOf(1));
      await ready(drill);
      const [first, second] = (await inside(drill, 'tail -qn 1 /root/first /root/second'))
        .split('\n')
        .map(Number);
      assert.ok(second! >= before && second! <= later, `${before} ≤ ${second} ≤ ${later}`);
      assert.ok(first === second || first === second! + 1, `${first} ${second}`);
      assert.equal(await inside(drill, 'wc -l </root/second'), String(second));
      await remove(drill);
    });

    it('brings a server back as it was: owners, host keys, nothing run again', async () => {
      const { plane } = subject;
      const facts =
        'cat /etc/ssh/ssh_host_*.pub; stat -c %u:%g /root/owned; cat /var/lib/cloud/data/instance-id; hostname';
      await inside(server, 'touch /root/owned; chown 1234:4321 /root/owned');
      await plane.ensureSnapshot(server.ref, snapshotOf(2));
      const before = await inside(server, facts);
      await inside(server, 'rm /etc/ssh/ssh_host_* /root/owned');
      server = { ...server, generation: 2 };
      await ensure(server, snapshotOf(2));
      await ready(server);
      assert.equal(await inside(server, facts), before);
      assert.match(await inside(server, 'ip -o addr show dev eth0'), new RegExp(`${server.addresses.ipv4}/`));
    });

    it('makes a server of its own from a snapshot where the name is another', async () => {
      const drill = { ...drillOf(server, 'other'), userData: '#cloud-config\nruncmd: [touch /root/ran]\n' };
      await ensure(drill, snapshotOf(2));
      await ready(drill);
      const keys = 'cat /etc/ssh/ssh_host_*.pub';
      assert.notEqual(await inside(drill, keys), await inside(server, keys));
      assert.equal(await inside(drill, 'stat -c %u:%g /root/owned'), '1234:4321');
      await inside(drill, 'cloud-init status --wait >/dev/null; test -e /root/ran');
      assert.equal(await inside(drill, 'ls /sys/class/net'), 'lo');
      await remove(drill);
    });

    it('knows how much a snapshot holds, and counts the same of what it was made of', async () => {
      const { plane } = subject;
      const bytes = 300 * 2 ** 20;
      for (const [spec, folder] of [
        [server, '/root'],
        [service, '/data'],
      ] as const) {
        const large = `${folder}/large`;
        await fill(subject, spec.ref, large, `dd if=/dev/urandom of=${large} bs=1M count=300 conv=fsync`);
        const snapshot = snapshotOf(spec === server ? 3 : 4);
        await plane.ensureSnapshot(spec.ref, snapshot);
        const { diskBytes } = (await plane.describeSnapshot(snapshot))!;
        assert.ok(diskBytes >= bytes && diskBytes < bytes + 2 ** 30, `${folder}: ${diskBytes}`);
        const usage = await usageOf(plane, spec.ref);
        const used = usage.volumes[0] ? usage.volumes[0].usedBytes : usage.diskBytes;
        assert.ok(used! >= bytes, `${folder}: ${used}`);
        await inside(spec, `rm ${folder}/large; sync`);
      }
    });

    it('gives a disk the size that is asked for, and never less than it holds', async () => {
      const { plane } = subject;
      const tryOut = async (spec: InstanceSpec, folder: string, number: number): Promise<void> => {
        const filled = snapshotOf(number + 10);
        const [hasVolume] = spec.volumes;
        /** Creates the drill instance with a disk of this many GiB, and returns the actual size. */
        const make = async (gb: number, drill: InstanceSpec, from: SnapshotRef) => {
          const { limits } = drill;
          const sized = hasVolume ? drill : { ...drill, limits: { ...limits, diskGb: gb } };
          await ensureWhole(plane, sized, { from, volumeGb: gb });
          await ready(drill);
          if (hasVolume) return (await plane.describeVolume(volumeOf(drill.ref)))?.sizeGb;
          return (await plane.describeInstance(drill.ref))?.limits.diskGb;
        };
        const drill = drillOf(spec, `size-${number}`);
        assert.equal(await make(2, drill, snapshotOf(number)), 2);
        const more = `${folder}/more`;
        await overfill(subject, drill.ref, more, `fallocate -l 2G ${more}`);
        await fill(subject, drill.ref, more, `fallocate -l 600M ${more} && sync`);
        await plane.ensureSnapshot(drill.ref, filled);
        await remove(drill);
        const gb = await make(0.1, drill, filled);
        assert.ok(gb === 1 || gb === 2, String(gb));
        await remove(drill);
        await plane.removeSnapshot(filled);
      };
      await Promise.all([tryOut(server, '/root', 3), tryOut(service, '/data', 4)]);
    });

    it('lets a guest go on that was left frozen', async () => {
      const { plane } = subject;
      const verbs = [
        () => plane.ensureRunning(server.ref),
        () => plane.ensureInstance(server),
        () => plane.ensureSnapshot(server.ref, snapshotOf(6)),
        () => plane.ensureSnapshot(server.ref, snapshotOf(6)),
      ];
      for (const verb of verbs) {
        await subject.freeze(server.ref);
        assert.equal(await powerOf(server), 'frozen');
        await verb();
        assert.equal(await powerOf(server), 'running');
      }
      await subject.freeze(server.ref);
      await plane.ensureStopped(server.ref, 60);
      assert.equal(await powerOf(server), 'stopped');
      await plane.ensureRunning(server.ref);
      await ready(server);
    });

    it('holds a service for the time of the copy', async () => {
      const { plane } = subject;
      await plane.ensureSnapshot(service.ref, snapshotOf(7));
      await inside(service, 'test ! -e /data/held');
      const drill = drillOf(service, 'held');
      await ensure(drill, snapshotOf(7));
      await ready(drill);
      await inside(drill, 'test -e /data/held');
      await remove(drill);
    });

    it('makes a lost service again on the volume that it got from a snapshot, also without that', async () => {
      const { plane } = subject;
      await subject.writeDisk(service, 'kept');
      await plane.ensureSnapshot(service.ref, snapshotOf(9));
      service = { ...service, generation: service.generation + 1 };
      await ensure(service, snapshotOf(9));
      await ready(service);
      await subject.writeDisk(service, 'since then');
      await subject.deleteBehindOurBack(service.ref);
      await plane.removeSnapshot(snapshotOf(9));
      await ensure(service, snapshotOf(9));
      await ready(service);
      assert.equal(await subject.readDisk(service), 'since then');
    });

    it('counts no copy whose hold had ended before', async () => {
      const { plane } = subject;
      const script = '/usr/lib/danube/until-released';
      await inside(service, `cp ${script} /root/; printf '#!/bin/sh\necho held; exit 1\n' >${script}`);
      await refuses(plane.ensureSnapshot(service.ref, snapshotOf(8)), 'failed');
      assert.equal(await plane.describeSnapshot(snapshotOf(8)), null);
      await refuses(ensure(drillOf(service, 'void'), snapshotOf(8)), 'not_found');
      await inside(service, `cp /root/until-released ${script}`);
      await plane.ensureSnapshot(service.ref, snapshotOf(8));
      assert.ok(await plane.describeSnapshot(snapshotOf(8)));
    });

    it('ends a hold that nobody releases, and one that came before', async () => {
      const control = '/usr/lib/danube/control';
      await inside(service, `${control} hold && ${control} hold && test -e /data/held && ${control} release`);
      await inside(service, `${control} hold && until [ ! -e /data/held ]; do sleep 0.1; done`);
      assert.notEqual((await subject.exec(service.ref, [control, 'release'])).status, 0);
    });

    it('copies a service that cannot be held: its engine refuses, or its image is older', async () => {
      const { plane } = subject;
      for (const [number, break_, repair] of [
        [10, 'mv /usr/lib/danube/engine/hold /root/', 'mv /root/hold /usr/lib/danube/engine/'],
        [
          11,
          "sed -i 's/^  hold)/  older)/' /usr/lib/danube/control",
          "sed -i 's/^  older)/  hold)/' /usr/lib/danube/control",
        ],
      ] as const) {
        await inside(service, break_);
        await subject.writeDisk(service, `without ${number}`);
        await plane.ensureSnapshot(service.ref, snapshotOf(number));
        await inside(service, repair);
        const drill = drillOf(service, `without-${number}`);
        await ensure(drill, snapshotOf(number));
        await ready(drill);
        assert.equal(await subject.readDisk(drill), `without ${number}`);
        await remove(drill);
      }
    });

    it('says that an image is too old for a question', async () => {
      await inside(service, "sed -i 's/^  verify)/  older)/' /usr/lib/danube/control");
      await refuses(subject.plane.control(service.ref, 'verify'), 'invalid');
      await inside(service, "sed -i 's/^  older)/  verify)/' /usr/lib/danube/control");
      const { ok, items } = JSON.parse(await subject.plane.control(service.ref, 'verify'));
      assert.deepEqual([ok, items > 0], [true, true]);
    });
  });
}
