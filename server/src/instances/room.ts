import { AppError } from '../lib/errors.ts';

/** Columns of `capacity`; null until the data plane has been asked. */
export interface Limits {
  memory_mb: number | null;
  memory_limit_mb: number | null;
  disk_gb: number | null;
  disk_limit_gb: number | null;
  pool_mb: number | null;
  pool_free_mb: number | null;
  pool_reserve_mb: number | null;
  /** Why the pool takes no writes, see `findWriteRefusal`; null: it takes them, or has not been asked. */
  pool_refusal: string | null;
}

/** What a request for more is judged by: the host, and the storage of the team. */
export interface Room extends Limits {
  memory_promised_mb: number;
  disk_promised_gb: number;
  storage_quota_gb: number | null;
  storage_used_gb: number;
}

/** What is asked for beyond what is promised already. */
export interface Claim {
  memoryMb: number;
  diskGb: number;
  /** Of the team's quota. */
  storageGb: number;
  /** The instance as a whole, and the field of the request that makes it so large. */
  whole?: { memoryMb: number; diskGb: number; field: string };
}

/**
 * Why a claim is not granted; null where it is. First what waiting cannot change: the size of the host, the quota of the
 * team. Then what it can.
 */
export function refusalOf(room: Room, claim: Claim): AppError | null {
  if (!isKnown(room)) {
    return new AppError(
      'unavailable',
      'It is not known yet how much room there is on this install. Try again shortly.',
    );
  }
  return (
    neverFits(room, claim) ??
    exceedsQuota(room, claim) ??
    (room.pool_refusal === null ? null : storageRefuses(room.pool_refusal)) ??
    (claim.diskGb + claim.storageGb > 0 && isNearlyFull(room) ? nearlyFull(room) : null) ??
    noRoom(room, claim)
  );
}

type Known<T> = { [Key in keyof T]: Key extends 'pool_refusal' ? T[Key] : NonNullable<T[Key]> };

const isKnown = (room: Room): room is Known<Room> =>
  room.memory_mb !== null && room.disk_gb !== null && room.storage_quota_gb !== null;

function neverFits(room: Known<Room>, { memoryMb, diskGb, whole }: Claim): AppError | null {
  if (!whole) return null;
  const mostMb = Math.min(room.memory_mb, room.memory_limit_mb);
  const mostGb = Math.min(room.disk_gb, room.disk_limit_gb);
  const sentence =
    memoryMb > 0 && whole.memoryMb > mostMb
      ? `An instance can have ${amount(mostMb)} of memory on this install, and not ${amount(whole.memoryMb)}. Choose less.`
      : diskGb > 0 && whole.diskGb > mostGb
        ? `An instance can have ${mostGb} GB of disk on this install, and not ${whole.diskGb} GB. Choose less.`
        : null;
  return sentence ? new AppError('not_available', sentence, { errors: { [whole.field]: [sentence] } }) : null;
}

function exceedsQuota(room: Known<Room>, { storageGb }: Claim): AppError | null {
  const { storage_quota_gb: limit, storage_used_gb: used } = room;
  if (storageGb === 0 || used + storageGb <= limit) return null;
  return new AppError(
    'quota_exceeded',
    `The team's storage quota does not allow ${storageGb} GB more: ${used} of ${limit} GB are in use. ` +
      'Delete an instance or a snapshot that is no longer needed, or ask the operator for a higher quota.',
    { extra: { quota: 'storage_gb', limit, used } },
  );
}

function noRoom(room: Known<Room>, { memoryMb, diskGb }: Claim): AppError | null {
  const available = availableOf(room);
  if (memoryMb <= available.memory_mb && diskGb <= available.disk_gb) return null;
  const asked = [
    ...(memoryMb > 0 ? [`${amount(memoryMb)} of memory`] : []),
    ...(diskGb > 0 ? [`${diskGb} GB of disk`] : []),
  ];
  return new AppError(
    'no_capacity',
    `There is not enough room on this install: ${asked.join(' and ')} are asked for; ` +
      `${amount(available.memory_mb)} of memory and ${available.disk_gb} GB of disk are left. ` +
      'Choose less, delete what is no longer needed, or ask the operator for more room.',
    { extra: { available } },
  );
}

/** What can still be promised. More than all may be promised already, where the host or its settings have changed. */
const availableOf = (room: Known<Room>) => ({
  memory_mb: Math.max(0, room.memory_limit_mb - room.memory_promised_mb),
  disk_gb: Math.max(0, room.disk_limit_gb - room.disk_promised_gb),
});

/** What is said where the pool takes no writes. */
export const storageRefuses = (refusal: string): AppError =>
  new AppError(
    'unavailable',
    `${refusal === 'full' ? 'The disks of this install are full' : 'The disks of this install take no writes at the moment'}: ` +
      'nothing can be stored. Its operator is told; it works again by itself once there is room. Try again later.',
    { extra: { reason: refusal === 'full' ? 'storage_full' : 'storage_read_only' } },
  );

/** Whether the pool has less free than has to stay free. False as long as it is not known. */
export const isNearlyFull = ({ pool_free_mb, pool_reserve_mb }: Limits): boolean =>
  pool_free_mb !== null && pool_reserve_mb !== null && pool_free_mb < pool_reserve_mb;

/** What is said where it is so. */
export const nearlyFull = ({ pool_mb, pool_free_mb, pool_reserve_mb }: Limits): AppError =>
  new AppError(
    'no_capacity',
    `The disks of this install are nearly full: ${amount(pool_free_mb ?? 0)} of ${amount(pool_mb ?? 0)} are free, and ` +
      `${amount(pool_reserve_mb ?? 0)} are kept for what is there. Delete snapshots or instances that are no longer ` +
      'needed, or ask the operator for more room.',
  );

/** In MB, or in GB with at most one digit behind the point. */
const amount = (mb: number): string =>
  mb < 1024 ? `${Math.floor(mb)} MB` : `${Math.floor((mb / 1024) * 10) / 10} GB`;
