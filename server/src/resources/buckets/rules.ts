import { type FieldErrors, invalid } from '../../lib/errors.ts';
import type {
  CorsRule,
  Encryption,
  LifecycleRule,
  Retention,
  StoreAccess,
} from '../../object-store/contract.ts';
import type { Settings } from './columns.ts';
import type { BucketInput } from './schema.ts';
import type { CorsInput, LifecycleRules } from './settings-schema.ts';
import { tagsToStore } from './tags.ts';

/** What a new bucket has where the request names nothing else. */
export const NEW: Settings = {
  versioning: 'off',
  publicRead: false,
  encryption: { type: 'sse-s3' },
  retention: null,
  maxBytes: null,
  cors: [],
  lifecycle: [],
  tags: {},
};

/** Takes errors, by field. */
type Add = (field: string, sentence: string) => void;

/**
 * The settings that a request changes, and nothing else. `present`: those of the bucket, or {@link NEW}. Throws
 * `validation_failed` with a sentence per field; `more` are errors that were found before.
 */
export function changesOf(
  body: BucketInput,
  { present, objectLock, access }: { present: Settings; objectLock: boolean; access: StoreAccess },
  more: FieldErrors = {},
): Partial<Settings> {
  const errors: FieldErrors = { ...more };
  const add: Add = (field, sentence) => {
    errors[field] = [...(errors[field] ?? []), sentence];
  };
  const versioning = versioningOf(body, objectLock, add);
  const encryption = encryptionOf(body, present.encryption, access, add);
  const retention = retentionOf(body, present.retention, objectLock, add);
  const changes: Partial<Settings> = {
    ...(versioning === undefined ? {} : { versioning: versioning ? 'enabled' : offOf(present) }),
    ...(body.public_access === undefined ? {} : { publicRead: body.public_access }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(retention === undefined ? {} : { retention }),
    ...(body.size_limit_bytes === undefined ? {} : { maxBytes: body.size_limit_bytes }),
    ...(body.cors_configuration === undefined ? {} : { cors: corsOf(body.cors_configuration, add) }),
    ...(body.lifecycle_rules === undefined
      ? {}
      : { lifecycle: lifecycleOf(body.lifecycle_rules ?? [], add) }),
    ...(body.tags === undefined ? {} : { tags: tagsOf(body.tags ?? [], add) }),
  };
  if (Object.keys(errors).length > 0) throw invalid(errors);
  return changes;
}

const offOf = ({ versioning }: Settings) => (versioning === 'off' ? 'off' : 'suspended');

function versioningOf({ versioning_enabled: wanted }: BucketInput, objectLock: boolean, add: Add) {
  if (wanted === false && objectLock) {
    add('versioning_enabled', 'A bucket with object lock keeps its versions. Leave versioning_enabled out.');
  }
  return wanted;
}

function encryptionOf(
  { encryption_enabled: enabled, encryption_type: type, encryption_kms_key_id: keyId }: BucketInput,
  present: Encryption,
  { kms }: StoreAccess,
  add: Add,
): Encryption | undefined {
  if (enabled === undefined && type === undefined && !keyId) return undefined;
  if (enabled === false && type !== undefined && type !== 'none') {
    add('encryption_type', `The type ${type} goes with encryption_enabled: true only.`);
  }
  if (enabled === true && type === 'none')
    add('encryption_type', 'Encryption is enabled with sse-s3 or sse-kms.');
  const kept = present.type === 'none' ? 'sse-s3' : present.type;
  const wanted = type ?? (enabled === false ? 'none' : enabled || keyId ? kept : present.type);
  if (wanted !== 'sse-kms') {
    if (keyId) add('encryption_kms_key_id', 'A key goes with the encryption_type sse-kms only.');
    return { type: wanted };
  }
  if (!kms) {
    add(
      'encryption_type',
      'This install has no key service for sse-kms. Choose sse-s3, whose keys the install keeps.',
    );
  }
  const known = keyId ?? (present.type === 'sse-kms' ? present.keyId : null);
  if (!known) add('encryption_kms_key_id', 'The encryption_kms_key_id field is required for sse-kms.');
  return { type: wanted, keyId: known ?? '' };
}

function retentionOf(
  { object_lock_default_retention_mode: mode, object_lock_default_retention_days: days }: BucketInput,
  present: Retention | null,
  objectLock: boolean,
  add: Add,
): Retention | null | undefined {
  if (mode === undefined && days === undefined) return undefined;
  if (mode === null || days === null) return null;
  if (!objectLock) {
    const field =
      mode === undefined ? 'object_lock_default_retention_days' : 'object_lock_default_retention_mode';
    add(
      field,
      'A default retention needs object lock, which only a new bucket can get: object_lock_enabled.',
    );
    return null;
  }
  const period = days === undefined ? present?.period : days;
  const itsMode = mode ?? present?.mode;
  if (period === undefined) {
    add(
      'object_lock_default_retention_days',
      'The object_lock_default_retention_days field is required with a mode.',
    );
  }
  if (itsMode === undefined) {
    add(
      'object_lock_default_retention_mode',
      'The object_lock_default_retention_mode field is required with days.',
    );
  }
  const unit = days === undefined ? (present?.unit ?? 'days') : 'days';
  return { mode: itsMode ?? 'GOVERNANCE', unit, period: period ?? 1 };
}

function corsOf(input: CorsInput, add: Add): CorsRule[] {
  return (input?.CORSRules ?? []).map((rule, index) => {
    const field = `cors_configuration.CORSRules.${index}`;
    const { AllowedOrigins = [], AllowedMethods = [], AllowedHeaders, ExposeHeaders, MaxAgeSeconds } = rule;
    if (AllowedOrigins.length === 0) add(`${field}.AllowedOrigins`, 'A CORS rule needs at least one origin.');
    if (AllowedMethods.length === 0) add(`${field}.AllowedMethods`, 'A CORS rule needs at least one method.');
    for (const [member, all] of Object.entries({ AllowedOrigins, AllowedHeaders })) {
      if (all?.some((text) => text.split('*').length > 2)) {
        add(`${field}.${member}`, 'There can be at most one * in it.');
      }
    }
    return {
      ...(rule.ID === undefined ? {} : { ID: rule.ID }),
      AllowedOrigins,
      AllowedMethods,
      ...(AllowedHeaders?.length ? { AllowedHeaders } : {}),
      ...(ExposeHeaders?.length ? { ExposeHeaders } : {}),
      ...(MaxAgeSeconds == null ? {} : { MaxAgeSeconds }),
    };
  });
}

function lifecycleOf(rules: LifecycleRules, add: Add): LifecycleRule[] {
  const ids = rules.flatMap(({ ID }) => ID ?? []);
  return rules.map((rule, index) => {
    const field = `lifecycle_rules.${index}`;
    const { ID, Status = 'Enabled', Filter, Expiration, NoncurrentVersionExpiration: old } = rule;
    if (ID !== undefined && ids.indexOf(ID) !== ids.lastIndexOf(ID))
      add(`${field}.ID`, 'Two rules have this ID.');
    const uploads = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    const expiration = expirationOf(Expiration, field, add);
    if (!expiration && old?.NoncurrentDays == null && uploads == null) {
      add(
        field,
        'A lifecycle rule needs an expiration of objects, of old versions or of incomplete uploads.',
      );
    }
    return {
      ...(ID === undefined ? {} : { ID }),
      Status,
      Filter: { Prefix: Filter?.Prefix ?? '' },
      ...(expiration ? { Expiration: expiration } : {}),
      ...(old?.NoncurrentDays == null
        ? {}
        : { NoncurrentVersionExpiration: { NoncurrentDays: old.NoncurrentDays } }),
      ...(uploads == null ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploads } }),
    };
  });
}

function expirationOf(
  expiration: LifecycleRules[number]['Expiration'],
  field: string,
  add: Add,
): LifecycleRule['Expiration'] | null {
  const { Days, Date: day, ExpiredObjectDeleteMarker: marker } = expiration ?? {};
  const named = [Days, day, marker].filter((value) => value != null && value !== false);
  if (named.length > 1)
    add(`${field}.Expiration`, 'An expiration has one of Days, Date, ExpiredObjectDeleteMarker.');
  if (Days != null) return { Days };
  if (day != null) {
    // The pattern of the schema lets days pass that no month has.
    if (Number.isNaN(Date.parse(day))) add(`${field}.Expiration.Date`, 'There is no such day.');
    return { Date: `${day.slice(0, 10)}T00:00:00.000Z` };
  }
  return marker ? { ExpiredObjectDeleteMarker: true } : null;
}

function tagsOf(list: readonly string[], add: Add): Record<string, string> {
  const tags = tagsToStore(list);
  if (Object.keys(tags).length < list.length) add('tags', 'Two tags have the same name.');
  return tags;
}

/** Why a name cannot be a bucket’s, besides what its schema says; null: it can. */
export function nameError(name: string): string | null {
  if (/^\d+(\.\d+){3}$/.test(name)) return 'The name must not look like an IP address.';
  if (name.startsWith('xn--') || name.endsWith('-s3alias') || name.endsWith('--ol-s3')) {
    return 'S3 reserves names that begin with xn-- or end with -s3alias or --ol-s3.';
  }
  return null;
}
