import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { ensureWithVolume } from '../../src/instances/volumes.ts';
import type { EngineVerification } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { removeWithVolume } from '../volumes.ts';
import type { TestService, TestServices } from './service.ts';

/** What tests of snapshots need to know about an engine. */
export interface SnapshotSubject {
  services: TestServices;
  service: TestService;
  /** Creates the place where numbers are stored. */
  prepare(): Promise<void>;
  /** Stores a number as the customer. Resolves once the engine has acknowledged it. */
  store(number: number): Promise<void>;
  /** Shell command in the instance that prints how many numbers are stored, and the highest one: `12 12`. */
  stored: string;
  /** Shell command in the instance that corrupts the stored numbers on the disk. */
  spoil: string;
}

const snapshotOf = ({ spec }: TestService): SnapshotRef => ({
  teamId: spec.ref.teamId,
  name: 'snapshot-00000000-0000-7000-8000-000000000001',
});

const storedIn = async (service: TestService, command: string): Promise<number[]> =>
  (await service.inside(['sh', '-c', command])).stdout.trim().split(/\s+/).map(Number);

const verify = async ({ plane, spec }: TestService): Promise<EngineVerification> =>
  JSON.parse(await plane.control(spec.ref, 'verify'));

/** Tests that snapshots of a running engine lose no data, and that the engine detects lost data. */
export function testSnapshots(subject: () => SnapshotSubject): void {
  let kept = 0;
  let clone: TestService;

  it('has all that was acknowledged in a snapshot, while more is written', async () => {
    ({ kept, clone } = await snapshotUnderLoad(subject()));
  });

  it('finds the data of a snapshot whole, and counts it', async () => {
    const { ok, checks, items } = await verify(clone);
    assert.ok(ok && checks.length > 0, JSON.stringify(checks));
    for (const { complaint } of checks) assert.equal(complaint, null);
    assert.ok(items > 0);
    // A second check gives the same result, and the check also works while customers use the engine.
    assert.equal((await verify(clone)).items, items);
    assert.ok((await verify(subject().service)).ok);
  });

  it('comes back in place from a snapshot, with the password of now', () => restoreInPlace(subject(), kept));

  it('says what is wrong with data that is spoilt', async () => {
    await clone.inside(['sh', '-c', subject().spoil]);
    const { ok, checks } = await verify(clone);
    assert.equal(ok, false);
    assert.ok(
      checks.some(({ complaint }) => complaint),
      JSON.stringify(checks),
    );
    await removeWithVolume(clone.plane, clone.spec.ref);
    await clone.plane.removeSnapshot(snapshotOf(subject().service));
  });
}

/** Takes a snapshot while numbers are stored. Returns a clone of it, and the highest number that it has. */
async function snapshotUnderLoad({ services, service, prepare, store, stored }: SnapshotSubject) {
  await prepare();
  let last = 0;
  let over = false;
  const writer = (async () => {
    for (; !over; last += 1) await store(last + 1);
  })();
  await waitFor('some numbers to be stored', async () => last > 10);
  const before = last;
  await service.plane.ensureSnapshot(service.spec.ref, snapshotOf(service));
  // One more write may be in progress.
  const after = last + 1;
  over = true;
  await writer;
  const clone = await services.clone(service, snapshotOf(service));
  const [count, highest] = await storedIn(clone, stored);
  assert.equal(count, highest);
  assert.ok(highest! >= before && highest! <= after, `${before} ≤ ${highest} ≤ ${after}`);
  return { kept: highest!, clone };
}

async function restoreInPlace({ service, store, stored }: SnapshotSubject, kept: number): Promise<void> {
  const { password } = service.settings;
  await store(kept + 1_000);
  await service.push({ password: 'the password of now' });
  service.spec = { ...service.spec, generation: service.spec.generation + 1 };
  await ensureWithVolume(service.plane, service.spec, service.settings.plan.diskGb, snapshotOf(service));
  await service.plane.waitForService(service.spec.ref, 300);
  assert.deepEqual(await storedIn(service, stored), [kept, kept]);
  await store(kept + 1);
  await service.push({ password });
  await service.plane.control(service.spec.ref, 'reload');
  assert.deepEqual(await storedIn(service, stored), [kept + 1, kept + 1]);
}
