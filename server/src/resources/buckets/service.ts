import type { Queryable, Tx } from '../../db/database.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { takeQuota } from '../../identity/teams/quotas.ts';
import { listDatacenters } from '../../instances/offers.ts';
import { AppError, type FieldErrors, invalid, notFound } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import type { ModuleContext } from '../../module.ts';
import type { BucketSize } from '../../object-store/contract.ts';
import { accept } from '../../operations/accept.ts';
import type { PassClock } from '../../reconcilers/reconcilers.ts';
import { needStore } from '../object-storage/need-store.ts';
import { BUCKET_QUOTA, s3NameOf } from '../object-storage/team.ts';
import { columnsOf, settingsOf } from './columns.ts';
import { humanBytes } from './figures.ts';
import { type Counted, readCollection, readRecent } from './metrics/recent.ts';
import { bucketOperations, bucketTarget } from './operations.ts';
import { changesOf, NEW, nameError } from './rules.ts';
import { type BucketQuery, type CreateBucket, UpdateBucket } from './schema.ts';
import {
  type Bucket,
  bucketRef,
  findBucket,
  getBucket,
  insertBucket,
  lockBucket,
  pageOfBuckets,
  updateBucket,
} from './store.ts';
import { statusDetails, viewBucket } from './view.ts';

export type BucketDependencies = Pick<ModuleContext, 'database' | 'objects' | 'config'> & {
  /** What is known of all buckets at once. */
  clock: PassClock;
};

/** What principals can do with buckets. Methods with a transaction parameter write in that transaction. */
export class BucketService {
  readonly #context: BucketDependencies;
  readonly #db: Queryable;

  constructor(context: BucketDependencies) {
    this.#context = context;
    this.#db = context.database.db;
  }

  async #view(db: Queryable, rows: readonly Bucket[], collection: Counted) {
    const { config, clock } = this.#context;
    const { comparedAt } = await clock.observe();
    const ids = rows.map(({ id }) => id);
    const recent = await readRecent(db, ids, collection);
    const { requestsAt: countedAt } = collection;
    // Where there is no store any more, nobody can connect to it.
    const access = this.#context.objects?.access ?? { url: null, region: '', domain: null, kms: false };
    const surroundings = { access, centsPerGb: config.objectPriceCents, comparedAt, countedAt };
    return rows.map((row) => viewBucket(row, recent.get(row.id) ?? null, surroundings));
  }

  async #viewOne(db: Queryable, row: Bucket) {
    return (await this.#view(db, [row], await readCollection(db)))[0]!;
  }

  async list({ team }: TeamPrincipal, query: BucketQuery) {
    const page = await pageOfBuckets(this.#db, team.id, query);
    const [first] = page.rows;
    const collection = { hasLog: first?.has_log ?? null, requestsAt: first?.requests_at ?? null };
    return pageOf(await this.#view(this.#db, page.rows, collection), page, query);
  }

  /** The row of the team’s bucket. Throws `not_found`. */
  async find({ team }: TeamPrincipal, id: string, db: Queryable = this.#db): Promise<Bucket> {
    const row = await findBucket(db, team.id, id);
    if (!row) throw notFound('Bucket');
    return row;
  }

  async show(principal: TeamPrincipal, id: string) {
    const bucket = await this.#viewOne(this.#db, await this.find(principal, id));
    return { bucket, endpoint: bucket.endpoint };
  }

  /** What the status of a bucket means. */
  async status(row: Bucket) {
    return statusDetails(row, (await this.#context.clock.observe()).comparedAt);
  }

  async create(tx: Tx, principal: TeamPrincipal, body: CreateBucket) {
    const { access } = needStore(this.#context.objects);
    const { id: teamId } = principal.team;
    const regions = await listDatacenters(tx);
    const objectLock = body.object_lock_enabled ?? false;
    const present = { ...NEW, ...(objectLock ? { versioning: 'enabled' as const } : {}) };
    const changes = changesOf(body, { present, objectLock, access }, placeErrors(body, regions));
    await takeQuota(tx, teamId, BUCKET_QUOTA);
    const row = await insertBucket(tx, {
      ...{
        id: uuidv7(),
        team_id: teamId,
        user_id: principal.accountId,
        name: body.name,
        region: body.region ?? regions[0]!,
      },
      s3_name: s3NameOf(teamId, body.name),
      display_name: body.display_name ?? null,
      status: 'creating',
      object_lock: objectLock,
      ...NEW_COLUMNS,
      ...columnsOf({ ...present, ...changes }),
    });
    if (!row)
      throw invalid({ name: [`The team has a bucket called ${body.name} already. Choose another name.`] });
    const operation = await accept(tx, principal, bucketTarget(row), bucketOperations.create, {});
    return {
      message: 'The bucket is being created. Ask for its status until it is active.',
      bucket: await this.#viewOne(tx, row),
      warnings: [],
      operation_id: operation.id,
    };
  }

  async update(tx: Tx, principal: TeamPrincipal, id: string, body: UpdateBucket) {
    const { access } = needStore(this.#context.objects);
    const row = await this.#lock(tx, principal, id);
    refuseChanges(UpdateBucket, 'bucket', await this.#viewOne(tx, row), body);
    if (row.status === 'destroying') throw beingDeleted();
    const settings = changesOf(body, { present: settingsOf(row), objectLock: row.object_lock, access });
    const named = Object.keys(settings).length > 0;
    // A bucket with an error is made again by any update.
    const works = named || row.status === 'error';
    const operation = works
      ? await accept(tx, principal, bucketTarget(row), bucketOperations.update, { settings })
      : null;
    await updateBucket(tx, row.id, {
      ...columnsOf(settings),
      ...(body.display_name === undefined ? {} : { display_name: body.display_name }),
      ...(operation?.state === 'pending' ? { status: 'updating' } : {}),
    });
    const changed = (await getBucket(tx, row.id))!;
    return {
      message: operation ? 'The bucket is being updated.' : 'The bucket was updated.',
      bucket: await this.#viewOne(tx, changed),
      warnings: warningsOf(changed),
      operation_id: operation?.id ?? null,
    };
  }

  /**
   * What the store says that the bucket holds now; null where it is not there. For {@link remove}: the store is not asked
   * within a transaction.
   */
  async measure({ team }: TeamPrincipal, id: string): Promise<BucketSize | null> {
    const row = await findBucket(this.#db, team.id, id);
    // One that is not made yet, or never was, holds nothing.
    if (!row || (row.measured_at === null && row.status !== 'active')) return null;
    return needStore(this.#context.objects).measureBucket(bucketRef(row));
  }

  /** `holds`: what {@link measure} has found. */
  async remove(tx: Tx, principal: TeamPrincipal, id: string, force: boolean, holds: BucketSize | null) {
    needStore(this.#context.objects);
    const row = await this.#lock(tx, principal, id);
    if (row.status === 'destroying') throw beingDeleted();
    if (holds && holds.objectCount > 0 && !force) throw notEmpty(row, holds);
    const operation = await accept(tx, principal, bucketTarget(row), bucketOperations.delete, { force });
    await updateBucket(tx, row.id, { status: 'destroying' });
    return {
      message: 'The bucket is being deleted.',
      status: 'destroying' as const,
      operation_id: operation.id,
    };
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: string): Promise<Bucket> {
    const row = await lockBucket(tx, (await this.find(principal, id, tx)).id);
    if (!row) throw notFound('Bucket');
    return row;
  }
}

function placeErrors({ name, region }: CreateBucket, regions: readonly string[]): FieldErrors {
  const error = nameError(name);
  const isOffered = region === undefined ? regions.length > 0 : regions.includes(region);
  return {
    ...(error ? { name: [error] } : {}),
    ...(isOffered
      ? {}
      : { region: [`The selected region is not offered here. Choose one of: ${regions.join(', ')}.`] }),
  };
}

/** Columns that {@link columnsOf} fills in as well, for the compiler. */
const NEW_COLUMNS = { versioning: 'off', encryption_type: 'none', public_access: false };

const beingDeleted = (): AppError =>
  new AppError('invalid_state', 'The bucket is being deleted.', {
    extra: { error: 'invalid_state', status: 'destroying' },
  });

function notEmpty({ status }: Bucket, { objectCount, sizeBytes }: BucketSize): AppError {
  const what = `${objectCount} object${objectCount === 1 ? '' : 's'} (${humanBytes(sizeBytes)}, with old versions)`;
  return new AppError(
    'invalid_state',
    `The bucket holds ${what}. Delete them first, or send force=true to delete them with the bucket.`,
    { extra: { error: 'bucket_not_empty', status, object_count: objectCount } },
  );
}

function warningsOf({ size_limit_bytes: limit, size_bytes: size }: Bucket): string[] {
  if (limit === null || size <= limit) return [];
  return [
    `The bucket holds ${humanBytes(size)} already, which is more than its limit: it takes no further writes.`,
  ];
}
