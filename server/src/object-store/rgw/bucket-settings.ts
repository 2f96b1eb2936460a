import { isDeepStrictEqual } from 'node:util';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type {
  BucketReport,
  BucketSettings,
  CorsRule,
  Encryption,
  LifecycleRule,
  Retention,
} from '../contract.ts';
import { type GatewayClient, GatewayError, orNull, type S3Keys } from './client.ts';
import { all, element, first, parseXml, textOf, type XmlNode, type XmlValue } from './xml.ts';

/** What a new bucket has without being told. */
const NEW: Required<Omit<BucketSettings, 'versioning'>> = {
  encryption: { type: 'none' },
  retention: null,
  cors: [],
  lifecycle: [],
  tags: {},
  publicRead: false,
  maxBytes: null,
};

/** Those of the settings that a new bucket has to be told. */
export const beyondNew = (settings: BucketSettings): BucketSettings =>
  Object.fromEntries(
    Object.entries(settings).filter(
      ([name, value]) => !isDeepStrictEqual(value, (NEW as Record<string, unknown>)[name]),
    ),
  );

/** Settings of one bucket, which the platform reads and writes as its owner. */
export class BucketConfiguration {
  readonly #client: GatewayClient;
  readonly #keys: S3Keys;
  readonly #name: string;

  constructor(client: GatewayClient, keys: S3Keys, name: string) {
    this.#client = client;
    this.#keys = keys;
    this.#name = name;
  }

  /** Writes the settings that are named, except for `maxBytes`, which is no matter of S3. */
  async apply(settings: BucketSettings): Promise<void> {
    const { versioning, encryption, retention, cors, lifecycle, tags, publicRead } = settings;
    if (versioning) {
      const Status = versioning === 'enabled' ? 'Enabled' : 'Suspended';
      await this.#put('versioning', element('VersioningConfiguration', { Status }));
    }
    if (encryption) await this.#encrypt(encryption);
    if (retention !== undefined) await this.#retain(retention);
    if (cors !== undefined) {
      const rules = (cors ?? []).map(corsToXml);
      await this.#putOrDelete(
        'cors',
        rules.length === 0 ? null : element('CORSConfiguration', { CORSRule: rules }),
      );
    }
    if (lifecycle !== undefined) {
      const rules = (lifecycle ?? []).map(lifecycleToXml);
      const text = rules.length === 0 ? null : element('LifecycleConfiguration', { Rule: rules });
      await this.#putOrDelete('lifecycle', text);
    }
    if (tags !== undefined) {
      const Tag = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await this.#putOrDelete('tagging', Tag.length === 0 ? null : element('Tagging', { TagSet: { Tag } }));
    }
    if (publicRead !== undefined) await this.#publish(publicRead);
  }

  async report(): Promise<Omit<BucketReport, 'ref' | 'maxBytes'>> {
    const [versioning, lock, encryption, cors, lifecycle, tagging, statements] = await Promise.all([
      this.#get('versioning'),
      this.#get('object-lock'),
      this.#get('encryption'),
      this.#get('cors'),
      this.#get('lifecycle'),
      this.#get('tagging'),
      this.#statements(),
    ]);
    const status = versioning && textOf(versioning, 'Status');
    const tagSet = tagging && first(tagging, 'TagSet');
    const custom = statements.filter((statement) => !isOurs(statement));
    return {
      objectLock: lock !== null && textOf(lock, 'ObjectLockEnabled') === 'Enabled',
      versioning: status === 'Enabled' ? 'enabled' : status === 'Suspended' ? 'suspended' : 'off',
      publicRead: custom.length < statements.length,
      encryption: readEncryption(encryption),
      retention: lock && readRetention(lock),
      cors: cors ? all(cors, 'CORSRule').map(readCors) : [],
      lifecycle: lifecycle ? all(lifecycle, 'Rule').map(readLifecycle) : [],
      tags: Object.fromEntries(
        (tagSet ? all(tagSet, 'Tag') : []).map((tag) => [
          textOf(tag, 'Key') ?? '',
          textOf(tag, 'Value') ?? '',
        ]),
      ),
      customStatements: custom,
    };
  }

  async #encrypt(encryption: Encryption): Promise<void> {
    if (encryption.type === 'none') return this.#putOrDelete('encryption', null);
    const algorithm =
      'keyId' in encryption
        ? { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: encryption.keyId }
        : { SSEAlgorithm: 'AES256' };
    const Rule = { ApplyServerSideEncryptionByDefault: algorithm };
    await this.#put('encryption', element('ServerSideEncryptionConfiguration', { Rule }));
  }

  async #retain(retention: Retention | null): Promise<void> {
    const lock = await this.#get('object-lock');
    if (lock === null) {
      if (retention === null) return;
      throw new DataPlaneError('invalid', 'A default retention needs a bucket with object lock.');
    }
    const DefaultRetention = retention && {
      Mode: retention.mode,
      [retention.unit === 'days' ? 'Days' : 'Years']: retention.period,
    };
    const configuration = {
      ObjectLockEnabled: 'Enabled',
      ...(DefaultRetention ? { Rule: { DefaultRetention } } : {}),
    };
    await this.#put('object-lock', element('ObjectLockConfiguration', configuration));
  }

  /** The customer may have a policy of his own: only the platform's statement in it is changed. */
  async #publish(publicRead: boolean): Promise<void> {
    const present = await this.#statements();
    if (present.some(isOurs) === publicRead) return;
    const custom = present.filter((statement) => !isOurs(statement));
    const Statement = publicRead ? [...custom, publicStatement(this.#name)] : custom;
    const text = JSON.stringify({ Version: '2012-10-17', Statement });
    await this.#putOrDelete('policy', Statement.length === 0 ? null : text);
  }

  async #statements(): Promise<unknown[]> {
    const text = await this.#read('policy');
    const { Statement = [] } = (text === null ? {} : JSON.parse(text)) as { Statement?: unknown };
    return Array.isArray(Statement) ? Statement : [Statement];
  }

  async #get(subresource: string): Promise<XmlNode | null> {
    const text = await this.#read(subresource);
    return text === null || text.trim() === '' ? null : parseXml(text);
  }

  /** Null where the bucket has no such configuration. */
  #read(subresource: string): Promise<string | null> {
    const query = { [subresource]: '' };
    return orNull(this.#client.s3(this.#keys, { method: 'GET', path: `/${this.#name}`, query })).catch(
      (error: unknown) => {
        if (error instanceof GatewayError && ABSENT.has(error.code)) return null;
        throw error;
      },
    );
  }

  async #put(subresource: string, body: string): Promise<void> {
    const query = { [subresource]: '' };
    await this.#client.s3(this.#keys, { method: 'PUT', path: `/${this.#name}`, query, body });
  }

  async #putOrDelete(subresource: string, body: string | null): Promise<void> {
    if (body !== null) return this.#put(subresource, body);
    const query = { [subresource]: '' };
    await orNull(this.#client.s3(this.#keys, { method: 'DELETE', path: `/${this.#name}`, query }));
  }
}

/** Codes for a configuration that a bucket does not have, where the status is not 404. */
const ABSENT: ReadonlySet<string> = new Set(['InvalidRequest', 'ObjectLockConfigurationNotFoundError']);

/** Sid of the platform's statement in a bucket's policy. */
const PUBLIC = 'DanubePublicRead';

const isOurs = (statement: unknown): boolean => (statement as { Sid?: unknown }).Sid === PUBLIC;

const publicStatement = (name: string) => ({
  Sid: PUBLIC,
  Effect: 'Allow',
  Principal: '*',
  Action: ['s3:GetObject'],
  Resource: [`arn:aws:s3:::${name}/*`],
});

function readEncryption(root: XmlNode | null): Encryption {
  const rule = root && first(root, 'Rule');
  const applied = rule && first(rule, 'ApplyServerSideEncryptionByDefault');
  const algorithm = applied && textOf(applied, 'SSEAlgorithm');
  if (!algorithm) return { type: 'none' };
  if (algorithm === 'aws:kms') return { type: 'sse-kms', keyId: textOf(applied, 'KMSMasterKeyID') ?? '' };
  return { type: 'sse-s3' };
}

function readRetention(root: XmlNode): Retention | null {
  const rule = first(root, 'Rule');
  const kept = rule && first(rule, 'DefaultRetention');
  if (!kept) return null;
  const [days, years] = ['Days', 'Years'].map((name) => Number(textOf(kept, name) ?? 0));
  const mode = textOf(kept, 'Mode') === 'COMPLIANCE' ? 'COMPLIANCE' : 'GOVERNANCE';
  return days ? { mode, unit: 'days', period: days } : { mode, unit: 'years', period: years ?? 0 };
}

const corsToXml = (rule: CorsRule): XmlValue => ({
  ID: rule.ID,
  AllowedOrigin: rule.AllowedOrigins,
  AllowedMethod: rule.AllowedMethods,
  AllowedHeader: rule.AllowedHeaders,
  ExposeHeader: rule.ExposeHeaders,
  MaxAgeSeconds: rule.MaxAgeSeconds,
});

function readCors(node: XmlNode): CorsRule {
  const texts = (name: string): string[] => all(node, name).map(({ text }) => text);
  const id = textOf(node, 'ID');
  const age = textOf(node, 'MaxAgeSeconds');
  const [headers, exposed] = [texts('AllowedHeader'), texts('ExposeHeader')];
  return {
    ...(id ? { ID: id } : {}),
    AllowedOrigins: texts('AllowedOrigin'),
    AllowedMethods: texts('AllowedMethod'),
    ...(headers.length > 0 ? { AllowedHeaders: headers } : {}),
    ...(exposed.length > 0 ? { ExposeHeaders: exposed } : {}),
    ...(age === undefined ? {} : { MaxAgeSeconds: Number(age) }),
  };
}

const lifecycleToXml = (rule: LifecycleRule): XmlValue => ({
  ID: rule.ID,
  Filter: { Prefix: rule.Filter?.Prefix ?? '' },
  Status: rule.Status,
  Expiration: rule.Expiration,
  NoncurrentVersionExpiration: rule.NoncurrentVersionExpiration,
  AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
});

function readLifecycle(node: XmlNode): LifecycleRule {
  const filter = first(node, 'Filter');
  const prefix = (filter && textOf(filter, 'Prefix')) ?? textOf(node, 'Prefix');
  const id = textOf(node, 'ID');
  const expiration = first(node, 'Expiration');
  const noncurrent = numberIn(node, 'NoncurrentVersionExpiration', 'NoncurrentDays');
  const uploads = numberIn(node, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation');
  return {
    ...(id ? { ID: id } : {}),
    Status: textOf(node, 'Status') === 'Enabled' ? 'Enabled' : 'Disabled',
    ...(prefix ? { Filter: { Prefix: prefix } } : {}),
    ...(expiration ? { Expiration: readExpiration(expiration) } : {}),
    ...(noncurrent === null ? {} : { NoncurrentVersionExpiration: { NoncurrentDays: noncurrent } }),
    ...(uploads === null ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploads } }),
  };
}

function readExpiration(node: XmlNode): NonNullable<LifecycleRule['Expiration']> {
  const days = textOf(node, 'Days');
  const date = textOf(node, 'Date');
  const marker = textOf(node, 'ExpiredObjectDeleteMarker');
  return {
    ...(days === undefined ? {} : { Days: Number(days) }),
    ...(date === undefined ? {} : { Date: date }),
    ...(marker === undefined ? {} : { ExpiredObjectDeleteMarker: marker === 'true' }),
  };
}

function numberIn(node: XmlNode, outer: string, inner: string): number | null {
  const found = first(node, outer);
  const text = found && textOf(found, inner);
  return text === undefined ? null : Number(text);
}
