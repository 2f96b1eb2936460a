import type { Queryable, Tx } from '../../db/database.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { parseTime } from '../../http/schema.ts';
import { takeQuota } from '../../identity/teams/quotas.ts';
import { randomText } from '../../lib/crypto.ts';
import { type FieldErrors, invalid, invalidState, notFound } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import type { ModuleContext } from '../../module.ts';
import { accept } from '../../operations/accept.ts';
import { needStore } from '../object-storage/need-store.ts';
import { accessKeyOperations, keyTarget } from './operations.ts';
import type { CreateAccessKey, KeyQuery } from './schema.ts';
import {
  findKey,
  getKey,
  insertGrants,
  insertKey,
  KEY_QUOTA,
  type KeyWithGrants,
  lockBuckets,
  lockKey,
  pageOfKeys,
  updateKey,
  warnOfName,
} from './store.ts';
import { viewKey } from './view.ts';

/** Length of the part of an access key id that is random, and of a secret. */
const ID_LENGTH = 16;
const SECRET_LENGTH = 40;

type Dependencies = Pick<ModuleContext, 'database' | 'objects' | 'secrets'>;

/** What principals can do with access keys. Methods with a transaction parameter write in that transaction. */
export class AccessKeyService {
  readonly #context: Dependencies;
  readonly #db: Queryable;

  constructor(context: Dependencies) {
    this.#context = context;
    this.#db = context.database.db;
  }

  async list({ team }: TeamPrincipal, query: KeyQuery) {
    const page = await pageOfKeys(this.#db, team.id, query);
    return pageOf(page.rows.map(viewKey), page, query);
  }

  async show({ team }: TeamPrincipal, id: string) {
    return { access_key: viewKey(await this.#find(this.#db, team.id, id)) };
  }

  async #find(db: Queryable, teamId: number, id: string): Promise<KeyWithGrants> {
    const key = await findKey(db, teamId, id);
    if (!key) throw notFound('Access key');
    return key;
  }

  /** The secret is in the answer, and nowhere else. */
  async create(tx: Tx, principal: TeamPrincipal, body: CreateAccessKey) {
    const { access } = needStore(this.#context.objects);
    const scope = body.scope ?? ((body.bucket_permissions ?? []).length > 0 ? 'buckets' : 'team');
    const expiresAt = body.expires_at ? new Date(parseTime(body.expires_at)) : null;
    await takeQuota(tx, principal.team.id, KEY_QUOTA);
    const grants = await checkGrants(tx, principal.team.id, scope, body, expiresAt);
    const id = uuidv7();
    const secret = randomText(SECRET_LENGTH);
    const row = {
      ...{ id, team_id: principal.team.id, user_id: principal.accountId, name: body.name, scope },
      access_key_id: `DANU${randomText(ID_LENGTH).toUpperCase()}`,
      secret_sealed: this.#context.secrets.seal(secret),
      status: 'creating',
      expires_at: expiresAt,
    };
    await insertKey(tx, row);
    await insertGrants(tx, id, grants);
    const operation = await accept(tx, principal, keyTarget(row), accessKeyOperations.create, {});
    const key = (await getKey(tx, id))!;
    return {
      message: 'The access key is being created. Its secret is shown only now.',
      ...viewKey(key),
      secret_access_key: secret,
      endpoint: access.url,
      region: access.region,
      warnings: await warnOfName(tx, key),
      operation_id: operation.id,
    };
  }

  async revoke(tx: Tx, principal: TeamPrincipal, id: string) {
    const { id: teamId } = principal.team;
    needStore(this.#context.objects);
    const found = await this.#find(tx, teamId, id);
    const key = await lockKey(tx, found.id);
    if (!key) throw notFound('Access key');
    if (key.status === 'revoked' || key.status === 'revoking') {
      throw invalidState('The access key was revoked already.', key.status);
    }
    const operation = await accept(tx, principal, keyTarget(key), accessKeyOperations.delete, {
      expired: false,
    });
    await updateKey(tx, key.id, { status: 'revoking' });
    return {
      message: 'The access key is being revoked.',
      status: 'revoking' as const,
      operation_id: operation.id,
    };
  }
}

/** What policies of S3 read as other text than itself. */
const WILDCARD = /[*?]|\$\{/;

/** Checks what a new key may do against the team’s buckets. Throws `validation_failed` with a sentence per field. */
async function checkGrants(
  tx: Tx,
  teamId: number,
  scope: 'team' | 'buckets',
  { bucket_permissions: wanted }: CreateAccessKey,
  expiresAt: Date | null,
) {
  const all = wanted ?? [];
  const errors: FieldErrors = {};
  const add = (field: string, sentence: string) => {
    errors[field] = [...(errors[field] ?? []), sentence];
  };
  if (expiresAt && expiresAt.getTime() <= Date.now())
    add('expires_at', 'The expires_at field must be in the future.');
  if (scope === 'team' && all.length > 0) {
    add('bucket_permissions', 'A key with the scope team reaches all buckets. Leave bucket_permissions out.');
  }
  if (scope === 'buckets' && all.length === 0) {
    add(
      'bucket_permissions',
      'A key with the scope buckets needs at least one bucket in bucket_permissions.',
    );
  }
  const ids = all.map(({ bucket_id }) => bucket_id.toLowerCase());
  const buckets = new Map((await lockBuckets(tx, teamId, ids)).map(({ id, status }) => [id, status]));
  for (const [index, { level, prefix }] of all.entries()) {
    const status = buckets.get(ids[index]!);
    const field = `bucket_permissions.${index}`;
    if (status === undefined || status === 'destroying') {
      add(`${field}.bucket_id`, 'The selected bucket does not exist in this team.');
    }
    if (ids.indexOf(ids[index]!) !== index) add(`${field}.bucket_id`, 'The bucket is named twice.');
    if (level === 'full' && prefix)
      add(`${field}.prefix`, 'A prefix goes with the levels read and readwrite only.');
    if (WILDCARD.test(prefix ?? '')) add(`${field}.prefix`, 'A prefix must not contain *, ? or ${.');
  }
  if (Object.keys(errors).length > 0) throw invalid(errors);
  return all.map(({ level, prefix }, index) => ({ bucketId: ids[index]!, level, prefix: prefix || null }));
}
