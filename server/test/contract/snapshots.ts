import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { volumeOf } from '../volumes.ts';
import { Pair } from './pair.ts';
import { snapshotOf } from './snapshot-verbs.ts';
import { ensureWhole, fill, type IncusSubject, overfill, patiently, usageOf } from './subjects.ts';
import { refuses } from './verbs.ts';

/** The contract for snapshots that only real instances can show: the content of their disks. */
export function snapshotsContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: snapshots', { timeout: 2_400_000 }, () => {
    const pair = new Pair();
    before(async () => pair.open(await open()));
    after(() => pair.close());

    testMoment(pair);
    testServers(pair);
    testSizes(pair);
    testFrozen(pair);
    testServices(pair);
    testHolds(pair);
    testOlderImages(pair);
  });
}

function testMoment(pair: Pair): void {
  it('keeps a server at one moment, with all that was written before and nothing after', async () => {
    const { plane } = pair.subject;
    // Writes without flushing; `second` is at most one behind `first`.
    const writer =
      'i=0; while :; do i=$((i+1)); echo $i >>/root/first; echo $i >>/root/second; done </dev/null >/dev/null 2>&1 &';
    await pair.inside(pair.server, writer);
    await pair.inside(pair.server, 'until [ "$(wc -l </root/second)" -gt 1000 ]; do sleep 0.1; done');
    const before = Number(await pair.inside(pair.server, 'tail -n 1 /root/second'));
    await plane.ensureSnapshot(pair.server.ref, snapshotOf(1));
    const later = Number(await pair.inside(pair.server, 'tail -n 1 /root/second'));
    await pair.inside(
      pair.server,
      `until [ "$(tail -n 1 /root/second)" -gt ${later} ]; do sleep 0.1; done; pkill -f while`,
    );
    const drill = pair.drillOf(pair.server, 'moment');
    await pair.ensure(drill, snapshotOf(1));
    await pair.ready(drill);
    const [first, second] = (await pair.inside(drill, 'tail -qn 1 /root/first /root/second'))
      .split('\n')
      .map(Number);
    assert.ok(second! >= before && second! <= later, `${before} ≤ ${second} ≤ ${later}`);
    assert.ok(first === second || first === second! + 1, `${first} ${second}`);
    assert.equal(await pair.inside(drill, 'wc -l </root/second'), String(second));
    await pair.remove(drill);
  });
}

function testServers(pair: Pair): void {
  it('brings a server back as it was: owners, host keys, nothing run again', async () => {
    const { plane } = pair.subject;
    const facts =
      'cat /etc/ssh/ssh_host_*.pub; stat -c %u:%g /root/owned; cat /var/lib/cloud/data/instance-id; hostname';
    await pair.inside(pair.server, 'touch /root/owned; chown 1234:4321 /root/owned');
    await plane.ensureSnapshot(pair.server.ref, snapshotOf(2));
    const before = await pair.inside(pair.server, facts);
    await pair.inside(pair.server, 'rm /etc/ssh/ssh_host_* /root/owned');
    pair.server = { ...pair.server, generation: 2 };
    await pair.ensure(pair.server, snapshotOf(2));
    await pair.ready(pair.server);
    assert.equal(await pair.inside(pair.server, facts), before);
    assert.match(
      await pair.inside(pair.server, 'ip -o addr show dev eth0'),
      new RegExp(`${pair.server.addresses.ipv4}/`),
    );
  });

  it('makes a server of its own from a snapshot where the name is another', async () => {
    const drill = {
      ...pair.drillOf(pair.server, 'other'),
      userData: '#cloud-config\nruncmd: [touch /root/ran]\n',
    };
    await pair.ensure(drill, snapshotOf(2));
    await pair.ready(drill);
    const keys = 'cat /etc/ssh/ssh_host_*.pub';
    assert.notEqual(await pair.inside(drill, keys), await pair.inside(pair.server, keys));
    assert.equal(await pair.inside(drill, 'stat -c %u:%g /root/owned'), '1234:4321');
    await pair.inside(drill, 'cloud-init status --wait >/dev/null; test -e /root/ran');
    assert.equal(await pair.inside(drill, 'ls /sys/class/net'), 'lo');
    await pair.remove(drill);
  });
}

function testSizes(pair: Pair): void {
  it('knows how much a snapshot holds, and counts the same of what it was made of', async () => {
    const { plane } = pair.subject;
    const bytes = 300 * 2 ** 20;
    for (const [spec, folder] of [
      [pair.server, '/root'],
      [pair.service, '/data'],
    ] as const) {
      const large = `${folder}/large`;
      await fill(pair.subject, spec.ref, large, `dd if=/dev/urandom of=${large} bs=1M count=300 conv=fsync`);
      const snapshot = snapshotOf(spec === pair.server ? 3 : 4);
      await plane.ensureSnapshot(spec.ref, snapshot);
      // Btrfs sometimes loses count of a disk, and counts it again within seconds.
      const { diskBytes } = (await patiently(() => plane.describeSnapshot(snapshot)))!;
      assert.ok(diskBytes >= bytes && diskBytes < bytes + 2 ** 30, `${folder}: ${diskBytes}`);
      const usage = await usageOf(plane, spec.ref);
      const used = usage.volumes[0] ? usage.volumes[0].usedBytes : usage.diskBytes;
      assert.ok(used! >= bytes, `${folder}: ${used}`);
      await pair.inside(spec, `rm ${folder}/large; sync`);
    }
  });

  it('gives a disk the size that is asked for, and never less than it holds', async () => {
    const { plane } = pair.subject;
    const tryOut = async (spec: InstanceSpec, folder: string, number: number): Promise<void> => {
      const filled = snapshotOf(number + 10);
      const [hasVolume] = spec.volumes;
      /** Creates the drill instance with a disk of this many GiB, and returns the actual size. */
      const make = async (gb: number, drill: InstanceSpec, from: SnapshotRef) => {
        const { limits } = drill;
        const sized = hasVolume ? drill : { ...drill, limits: { ...limits, diskGb: gb } };
        await ensureWhole(plane, sized, { from, volumeGb: gb });
        await pair.ready(drill);
        if (hasVolume) return (await plane.describeVolume(volumeOf(drill.ref)))?.sizeGb;
        return (await plane.describeInstance(drill.ref))?.limits.diskGb;
      };
      const drill = pair.drillOf(spec, `size-${number}`);
      assert.equal(await make(2, drill, snapshotOf(number)), 2);
      const more = `${folder}/more`;
      await overfill(pair.subject, drill.ref, more, `fallocate -l 2G ${more}`);
      await fill(pair.subject, drill.ref, more, `fallocate -l 600M ${more} && sync`);
      await plane.ensureSnapshot(drill.ref, filled);
      await pair.remove(drill);
      const gb = await make(0.1, drill, filled);
      assert.ok(gb === 1 || gb === 2, String(gb));
      await pair.remove(drill);
      await plane.removeSnapshot(filled);
    };
    await Promise.all([tryOut(pair.server, '/root', 3), tryOut(pair.service, '/data', 4)]);
  });
}

function testFrozen(pair: Pair): void {
  it('lets a guest go on that was left frozen', async () => {
    const { plane } = pair.subject;
    const verbs = [
      () => plane.ensureRunning(pair.server.ref),
      () => plane.ensureInstance(pair.server),
      () => plane.ensureSnapshot(pair.server.ref, snapshotOf(6)),
      () => plane.ensureSnapshot(pair.server.ref, snapshotOf(6)),
    ];
    for (const verb of verbs) {
      await pair.subject.freeze(pair.server.ref);
      assert.equal(await pair.powerOf(pair.server), 'frozen');
      await verb();
      assert.equal(await pair.powerOf(pair.server), 'running');
    }
    await pair.subject.freeze(pair.server.ref);
    await plane.ensureStopped(pair.server.ref, 60);
    assert.equal(await pair.powerOf(pair.server), 'stopped');
    await plane.ensureRunning(pair.server.ref);
    await pair.ready(pair.server);
  });
}

function testServices(pair: Pair): void {
  it('holds a service for the time of the copy', async () => {
    const { plane } = pair.subject;
    await plane.ensureSnapshot(pair.service.ref, snapshotOf(7));
    await pair.inside(pair.service, 'test ! -e /data/held');
    const drill = pair.drillOf(pair.service, 'held');
    await pair.ensure(drill, snapshotOf(7));
    await pair.ready(drill);
    await pair.inside(drill, 'test -e /data/held');
    await pair.remove(drill);
  });

  it('makes a lost service again on the volume that it got from a snapshot, also without that', async () => {
    const { plane } = pair.subject;
    await pair.subject.writeDisk(pair.service, 'kept');
    await plane.ensureSnapshot(pair.service.ref, snapshotOf(9));
    pair.service = { ...pair.service, generation: pair.service.generation + 1 };
    await pair.ensure(pair.service, snapshotOf(9));
    await pair.ready(pair.service);
    await pair.subject.writeDisk(pair.service, 'since then');
    await pair.subject.deleteBehindOurBack(pair.service.ref);
    await plane.removeSnapshot(snapshotOf(9));
    await pair.ensure(pair.service, snapshotOf(9));
    await pair.ready(pair.service);
    assert.equal(await pair.subject.readDisk(pair.service), 'since then');
  });
}

function testHolds(pair: Pair): void {
  it('counts no copy whose hold had ended before', async () => {
    const { plane } = pair.subject;
    const script = '/usr/lib/danube/until-released';
    await pair.inside(
      pair.service,
      `cp ${script} /root/; printf '#!/bin/sh\necho held; exit 1\n' >${script}`,
    );
    await refuses(plane.ensureSnapshot(pair.service.ref, snapshotOf(8)), 'failed');
    assert.equal(await plane.describeSnapshot(snapshotOf(8)), null);
    await refuses(pair.ensure(pair.drillOf(pair.service, 'void'), snapshotOf(8)), 'not_found');
    await pair.inside(pair.service, `cp /root/until-released ${script}`);
    await plane.ensureSnapshot(pair.service.ref, snapshotOf(8));
    assert.ok(await plane.describeSnapshot(snapshotOf(8)));
  });

  it('ends a hold that nobody releases, and one that came before', async () => {
    const control = '/usr/lib/danube/control';
    await pair.inside(
      pair.service,
      `${control} hold && ${control} hold && test -e /data/held && ${control} release`,
    );
    await pair.inside(pair.service, `${control} hold && until [ ! -e /data/held ]; do sleep 0.1; done`);
    assert.notEqual((await pair.subject.exec(pair.service.ref, [control, 'release'])).status, 0);
  });
}

function testOlderImages(pair: Pair): void {
  it('copies a service that cannot be held: its engine refuses, or its image is older', async () => {
    const { plane } = pair.subject;
    for (const [number, break_, repair] of [
      [10, 'mv /usr/lib/danube/engine/hold /root/', 'mv /root/hold /usr/lib/danube/engine/'],
      [
        11,
        "sed -i 's/^  hold)/  older)/' /usr/lib/danube/control",
        "sed -i 's/^  older)/  hold)/' /usr/lib/danube/control",
      ],
    ] as const) {
      await pair.inside(pair.service, break_);
      await pair.subject.writeDisk(pair.service, `without ${number}`);
      await plane.ensureSnapshot(pair.service.ref, snapshotOf(number));
      await pair.inside(pair.service, repair);
      const drill = pair.drillOf(pair.service, `without-${number}`);
      await pair.ensure(drill, snapshotOf(number));
      await pair.ready(drill);
      assert.equal(await pair.subject.readDisk(drill), `without ${number}`);
      await pair.remove(drill);
    }
  });

  it('says that an image is too old for a question', async () => {
    await pair.inside(pair.service, "sed -i 's/^  verify)/  older)/' /usr/lib/danube/control");
    await refuses(pair.subject.plane.control(pair.service.ref, 'verify'), 'invalid');
    await pair.inside(pair.service, "sed -i 's/^  older)/  verify)/' /usr/lib/danube/control");
    const { ok, items } = JSON.parse(await pair.subject.plane.control(pair.service.ref, 'verify'));
    assert.deepEqual([ok, items > 0], [true, true]);
  });
}
