import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from '../config.ts';
import { limitsOf } from './capacity.ts';
import { type Claim, isNearlyFull, type Room, refusalOf } from './room.ts';

const GIB = 1024 ** 3;
const POLICY = readConfig({}).capacity;
const HOST = { memoryMb: 24 * 1024, pool: { totalBytes: 11 * GIB, freeBytes: 9 * GIB } };

const room = (changes: Partial<Room> = {}): Room => ({
  ...limitsOf(HOST, POLICY),
  pool_refusal: null,
  memory_promised_mb: 0,
  disk_promised_gb: 0,
  storage_used_gb: 0,
  ...changes,
});

const instance = (memoryMb: number, diskGb: number): Claim => ({
  memoryMb,
  diskGb,
  storageGb: diskGb,
  whole: { memoryMb, diskGb, field: 'resource_profile' },
});

const codeOf = (state: Room, claim: Claim) => refusalOf(state, claim)?.code ?? null;

describe('what may be promised of a host', () => {
  it('is its memory without a reserve, and twice its pool', () => {
    assert.deepEqual(limitsOf(HOST, POLICY), {
      memory_mb: 23 * 1024,
      memory_limit_mb: 23 * 1024,
      disk_gb: 9,
      disk_limit_gb: 22,
      pool_mb: 11 * 1024,
      pool_free_mb: 9 * 1024,
      pool_reserve_mb: Math.ceil(1.1 * 1024),
      storage_quota_gb: 1000,
    });
  });

  it('follows the factors', () => {
    const limits = limitsOf(HOST, { ...POLICY, memoryFactor: 1.5, diskFactor: 0.5, memoryReserveMb: 2048 });
    assert.deepEqual([limits.memory_limit_mb, limits.disk_limit_gb], [33 * 1024, 5]);
  });

  it('is nothing where the reserve is larger than the host', () => {
    const { memory_limit_mb } = limitsOf(HOST, { ...POLICY, memoryReserveMb: 100_000 });
    assert.equal(memory_limit_mb, 0);
  });

  it('lets the server of the quick start in on a host with 4 GB of memory and 30 GB of free disk', () => {
    // What is left of 4 GB once the kernel has taken its part; four fifths of the disk.
    const small = { memoryMb: 3900, pool: { totalBytes: 24 * GIB, freeBytes: 23 * GIB } };
    const state = room({ ...limitsOf(small, POLICY) });
    assert.equal(codeOf(state, instance(1024, 20)), null);
    // And the database beside it.
    const next = { ...state, memory_promised_mb: 1024, disk_promised_gb: 20, storage_used_gb: 20 };
    assert.equal(codeOf(next, instance(1024, 10)), null);
  });
});

describe('a claim', () => {
  it('is granted to the last megabyte', () => {
    const state = room({ memory_promised_mb: 22 * 1024, disk_promised_gb: 17 });
    assert.equal(codeOf(state, instance(1024, 5)), null);
    assert.equal(codeOf(state, instance(1025, 5)), 'no_capacity');
    assert.equal(codeOf(state, instance(1024, 6)), 'no_capacity');
  });

  it('is told what is left', () => {
    const refusal = refusalOf(
      room({ memory_promised_mb: 23 * 1024 - 512, disk_promised_gb: 15 }),
      instance(2048, 9),
    )!;
    assert.equal(refusal.status, 503);
    assert.match(
      refusal.message,
      /2 GB of memory and 9 GB of disk are asked for; 512 MB of memory and 7 GB of/,
    );
    assert.deepEqual(refusal.extra.available, { memory_mb: 512, disk_gb: 7 });
  });

  it('that no empty host could grant is refused as such', () => {
    const refusal = refusalOf(room(), instance(64 * 1024, 960))!;
    assert.deepEqual([refusal.code, refusal.status], ['not_available', 422]);
    assert.match(refusal.message, /23 GB of memory .* not 64 GB/);
    // A factor does not make the host larger.
    const overcommitted = room(limitsOf(HOST, { ...POLICY, memoryFactor: 10, diskFactor: 10 }));
    assert.equal(codeOf(overcommitted, instance(64 * 1024, 5)), 'not_available');
    assert.equal(codeOf(overcommitted, instance(1024, 20)), 'not_available');
    assert.equal(codeOf(overcommitted, instance(20 * 1024, 9)), null);
  });

  it('on a host that is promised to more than it has now takes nothing that is negative', () => {
    const refusal = refusalOf(room({ memory_promised_mb: 100_000 }), instance(1024, 1))!;
    assert.deepEqual(refusal.extra.available, { memory_mb: 0, disk_gb: 22 });
  });

  it('is held against the storage of the team', () => {
    const state = room({ storage_quota_gb: 30, storage_used_gb: 25 });
    const refusal = refusalOf(state, { memoryMb: 0, diskGb: 0, storageGb: 6 })!;
    assert.equal(refusal.code, 'quota_exceeded');
    assert.deepEqual(refusal.extra, { quota: 'storage_gb', limit: 30, used: 25 });
    assert.equal(codeOf(state, { memoryMb: 0, diskGb: 0, storageGb: 5 }), null);
  });

  it('of storage is refused while the pool is nearly full, and one of memory alone is not', () => {
    const state = room({ pool_free_mb: 1024 });
    assert.ok(isNearlyFull(state));
    assert.equal(codeOf(state, { memoryMb: 0, diskGb: 0, storageGb: 1 }), 'no_capacity');
    assert.equal(codeOf(state, { memoryMb: 1024, diskGb: 0, storageGb: 0 }), null);
  });

  it('waits until it is known what there is', () => {
    assert.equal(codeOf(room({ memory_mb: null }), instance(1024, 1)), 'unavailable');
  });
});
