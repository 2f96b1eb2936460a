import { isDeepStrictEqual } from 'node:util';
import type {
  BucketReport,
  BucketSettings,
  CorsRule,
  Encryption,
  LifecycleRule,
  Retention,
} from '../../object-store/contract.ts';
import type { Bucket } from './store.ts';

/** The settings of a bucket that its row and the store both have, as the contract of the store writes them. */
export interface Settings {
  versioning: BucketReport['versioning'];
  publicRead: boolean;
  encryption: Encryption;
  retention: Retention | null;
  maxBytes: number | null;
  cors: readonly CorsRule[];
  lifecycle: readonly LifecycleRule[];
  tags: Readonly<Record<string, string>>;
}

/** The settings that the customer can change by S3 as well, so that the row follows the store. */
export const CUSTOMERS = ['versioning', 'encryption', 'retention', 'cors', 'lifecycle', 'tags'] as const;
/** Those that the store has from the row alone. */
export const OURS = ['publicRead', 'maxBytes'] as const;

export function settingsOf(row: Bucket): Settings {
  return {
    versioning: row.versioning as Settings['versioning'],
    publicRead: row.public_access,
    encryption: encryptionOf(row),
    retention: retentionOf(row),
    maxBytes: row.size_limit_bytes,
    cors: row.cors as unknown as CorsRule[],
    lifecycle: row.lifecycle as unknown as LifecycleRule[],
    tags: row.tags as Record<string, string>,
  };
}

const encryptionOf = ({ encryption_type: type, encryption_kms_key_id: keyId }: Bucket): Encryption =>
  type === 'sse-kms' ? { type, keyId: keyId! } : { type: type as 'none' | 'sse-s3' };

const retentionOf = ({ retention_mode: mode, retention_unit: unit, retention_period: period }: Bucket) =>
  mode === null ? null : ({ mode, unit, period } as Retention);

/** The columns for settings; those that are missing stay. */
export function columnsOf(settings: Partial<Settings>) {
  const { versioning, publicRead, encryption, retention, maxBytes, cors, lifecycle, tags } = settings;
  return {
    ...(versioning === undefined ? {} : { versioning }),
    ...(publicRead === undefined ? {} : { public_access: publicRead }),
    ...(encryption === undefined
      ? {}
      : {
          encryption_type: encryption.type,
          encryption_kms_key_id: encryption.type === 'sse-kms' ? encryption.keyId : null,
        }),
    ...(retention === undefined
      ? {}
      : {
          retention_mode: retention?.mode ?? null,
          retention_unit: retention?.unit ?? null,
          retention_period: retention?.period ?? null,
        }),
    ...(maxBytes === undefined ? {} : { size_limit_bytes: maxBytes }),
    ...(cors === undefined ? {} : { cors: JSON.stringify(cors) }),
    ...(lifecycle === undefined ? {} : { lifecycle: JSON.stringify(lifecycle) }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  };
}

/** What the store is asked for. A bucket that never had versions has none to suspend. */
export function toStore({ versioning, ...rest }: Partial<Settings>): BucketSettings {
  return { ...rest, ...(versioning === undefined || versioning === 'off' ? {} : { versioning }) };
}

/** Those of the settings that differ from the others. */
export function differing<Name extends keyof Settings>(
  names: readonly Name[],
  one: Settings,
  other: Settings,
): Name[] {
  return names.filter((name) => !isDeepStrictEqual(plain(one[name]), plain(other[name])));
}

/** As JSON has it: without members that are undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

export const pick = <Name extends keyof Settings>(
  settings: Settings,
  names: readonly Name[],
): Partial<Settings> => Object.fromEntries(names.map((name) => [name, settings[name]]));

/** The period in days; a year has 365, as in S3. */
export const retentionDays = ({ period, unit }: Retention): number => period * (unit === 'years' ? 365 : 1);
