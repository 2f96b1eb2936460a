import { isDeepStrictEqual } from 'node:util';
import { type Insertable, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { WebhookEndpoints } from '../../db/schema.gen.ts';
import { lockForTeam } from '../../db/transaction-locks.ts';
import { isEventType } from '../../events/catalogue.ts';
import { record } from '../../events/store.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { parseTime } from '../../http/schema.ts';
import { readableTypes } from '../../http/scopes.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { releaseQuota, takeQuota } from '../../identity/teams/quotas.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { AppError, invalid, invalidState, notFound } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { webhookEvents } from './events.ts';
import { bodyOf, insertDeliveries } from './fan-out.ts';
import { type Endpoint, promote } from './queue.ts';
import type { CreateWebhookEndpoint, DeliveryQuery, EndpointQuery, UpdateWebhookEndpoint } from './schema.ts';
import { newSecret } from './signature.ts';
import {
  ENDPOINTS,
  findDefault,
  findDelivery,
  findEndpoint,
  findReadableDelivery,
  listDeliveries,
  listEndpoints,
  lockDefault,
  lockEndpoint,
  QUOTA,
  queueAgain,
  wakeDispatchers,
} from './store.ts';
import { parseTarget, type TargetPolicy } from './targets.ts';
import { viewDelivery, viewEndpoint } from './view.ts';

/** Hours for which messages are signed with the previous secret as well. */
const OVERLAP_HOURS = 24;
/** Name of the endpoint of `/webhooks/config`. */
const DEFAULT_NAME = 'default';

type Values = Omit<Insertable<WebhookEndpoints>, 'id' | 'team_id' | 'secret_sealed'>;

/** What principals can do with webhooks. Methods with a transaction parameter write in that transaction. */
export class WebhookService {
  readonly #db: Queryable;
  readonly #secrets: SecretBox;
  readonly #policy: TargetPolicy;

  constructor({ db }: Database, secrets: SecretBox, policy: TargetPolicy) {
    this.#db = db;
    this.#secrets = secrets;
    this.#policy = policy;
  }

  async showConfig({ team }: TeamPrincipal) {
    const endpoint = await findDefault(this.#db, team.id);
    return {
      webhook_url: endpoint?.url ?? null,
      webhook_enabled: endpoint?.enabled ?? false,
      has_secret: endpoint !== undefined,
    };
  }

  /** Creates or changes the team's default endpoint. The secret is in the answer if it is new. */
  async saveConfig(
    tx: Tx,
    principal: TeamPrincipal,
    { webhook_url, webhook_enabled }: { webhook_url: string; webhook_enabled?: boolean },
  ) {
    const url = parseTarget(webhook_url, this.#policy, 'webhook_url');
    // A second request waits here until the first one has created the endpoint.
    await lockForTeam(tx, 'webhooks', principal.team.id);
    const present = await lockDefault(tx, principal.team.id);
    if (present) {
      const { enabled } = await this.#change(tx, present, {
        url,
        ...(webhook_enabled === undefined ? {} : { enabled: webhook_enabled }),
      });
      return { webhook_url: url, webhook_enabled: enabled, webhook_secret: null };
    }
    const enabled = webhook_enabled ?? true;
    const values = { name: DEFAULT_NAME, is_default: true, url, enabled };
    const { secret } = await this.#insert(tx, principal, values);
    return { webhook_url: url, webhook_enabled: enabled, webhook_secret: secret };
  }

  /** Throws `invalid_state` where there is no default endpoint yet. */
  async regenerateDefault(tx: Tx, { team }: TeamPrincipal): Promise<string> {
    const endpoint = await lockDefault(tx, team.id);
    if (!endpoint)
      throw invalidState('There is no webhook yet. Set its URL first: PUT /webhooks/config.', 'none');
    return this.#regenerate(tx, endpoint);
  }

  async list({ team }: TeamPrincipal, query: EndpointQuery) {
    const page = await listEndpoints(this.#db, team.id, query);
    return pageOf(page.rows.map(viewEndpoint), page, query);
  }

  async show({ team }: TeamPrincipal, id: string) {
    const endpoint = await findEndpoint(this.#db, team.id, id);
    if (!endpoint) throw notFound('Endpoint');
    return viewEndpoint(endpoint);
  }

  async create(tx: Tx, principal: TeamPrincipal, { name, url, event_types, enabled }: CreateWebhookEndpoint) {
    const { endpoint, secret } = await this.#insert(tx, principal, {
      name,
      url: parseTarget(url, this.#policy, 'url'),
      event_types: knownTypes(event_types ?? []),
      enabled: enabled ?? true,
    });
    return { endpoint: viewEndpoint(endpoint), secret, warnings: await warnOfName(tx, endpoint) };
  }

  async update(tx: Tx, { team }: TeamPrincipal, id: string, body: UpdateWebhookEndpoint) {
    const present = await this.#lock(tx, team.id, id);
    const { url, event_types } = body;
    const changed = await this.#change(tx, present, {
      ...body,
      ...(event_types === undefined ? {} : { event_types: knownTypes(event_types) }),
      ...(url === undefined ? {} : { url: parseTarget(url, this.#policy, 'url') }),
    });
    return { endpoint: viewEndpoint(changed), warnings: await warnOfName(tx, changed) };
  }

  async regenerate(tx: Tx, { team }: TeamPrincipal, id: string): Promise<string> {
    return this.#regenerate(tx, await this.#lock(tx, team.id, id));
  }

  /** Deletes an endpoint with its deliveries. */
  async delete(tx: Tx, { team }: TeamPrincipal, id: string): Promise<void> {
    const endpoint = await this.#lock(tx, team.id, id);
    await releaseQuota(tx, team.id, QUOTA);
    await tx.deleteFrom('webhook_endpoints').where('id', '=', id).execute();
    await record(tx, webhookEvents.deleted, subjectOf(endpoint), toldOf(endpoint));
  }

  /** Sends a message of type `webhook.test`, whatever types the endpoint gets. */
  async test(tx: Tx, { team }: TeamPrincipal, id: string) {
    const endpoint = await this.#lockEnabled(tx, team.id, id);
    const message_id = `test_${uuidv7()}`;
    const now = new Date().toISOString();
    const body = bodyOf('webhook.test', now, {
      resource_type: 'webhook',
      resource_id: id,
      message: 'This is a test.',
    });
    // A resource of its own: a test does not wait for others, nor others for it.
    const resource_id = uuidv7();
    const delivery = {
      endpoint_id: endpoint.id,
      team_id: team.id,
      message_id,
      resource_id,
      url: endpoint.url,
      body,
    };
    await insertDeliveries(tx, [{ ...delivery, event_type: 'webhook.test' }]);
    await wakeDispatchers(tx);
    const row = await tx
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('endpoint_id', '=', endpoint.id)
      .where('message_id', '=', message_id)
      .executeTakeFirstOrThrow();
    return viewDelivery(row);
  }

  /** Sends all again that failed, for good or so far, and are not older than `since`. Returns their number. */
  async redeliverFailed(tx: Tx, { team }: TeamPrincipal, id: string, since: string): Promise<number> {
    const time = parseTime(since);
    if (Number.isNaN(time)) throw invalid({ since: ['The since field must be a time that exists.'] });
    await this.#lockEnabled(tx, team.id, id);
    const { resources, count } = await queueAgain(tx, id, { failedSince: new Date(time) });
    await promote(tx, id, resources);
    await wakeDispatchers(tx);
    return count;
  }

  /** What is sent holds all that events hold, so that a token sees deliveries about what it may read. */
  async listDeliveries({ team, scopes }: TeamPrincipal, query: DeliveryQuery) {
    const page = await listDeliveries(this.#db, team.id, readableTypes(scopes), query);
    return pageOf(page.rows.map(viewDelivery), page, query);
  }

  async showDelivery({ team, scopes }: TeamPrincipal, id: number | null) {
    const delivery =
      id === null ? undefined : await findReadableDelivery(this.#db, team.id, readableTypes(scopes), id);
    if (!delivery) throw notFound('Delivery');
    return viewDelivery(delivery);
  }

  /** Sends a delivery again, or now where it waits for its next attempt. */
  async redeliver(tx: Tx, { team }: TeamPrincipal, id: number | null) {
    const found = id === null ? undefined : await findDelivery(tx, team.id, id);
    if (!found) throw notFound('Delivery');
    await this.#lockEnabled(tx, team.id, found.endpoint_id);
    const { resources } = await queueAgain(tx, found.endpoint_id, { id: found.id });
    await promote(tx, found.endpoint_id, resources);
    await wakeDispatchers(tx);
    return viewDelivery((await findDelivery(tx, team.id, found.id))!);
  }

  async #insert(tx: Tx, { team }: TeamPrincipal, values: Values) {
    await takeQuota(tx, team.id, QUOTA);
    const secret = newSecret();
    const endpoint = await tx
      .insertInto('webhook_endpoints')
      .values({ id: uuidv7(), team_id: team.id, secret_sealed: this.#secrets.seal(secret), ...values })
      .returningAll()
      .executeTakeFirstOrThrow();
    await record(tx, webhookEvents.created, subjectOf(endpoint), toldOf(endpoint));
    return { endpoint, secret };
  }

  async #change(
    tx: Tx,
    present: Endpoint,
    { name, url, event_types, enabled }: UpdateWebhookEndpoint,
  ): Promise<Endpoint> {
    const isEnabled = enabled ?? present.enabled;
    const changed = await tx
      .updateTable('webhook_endpoints')
      .set({
        name: name ?? present.name,
        url: url ?? present.url,
        event_types: event_types ?? present.event_types,
        enabled: isEnabled,
        ...(isEnabled && !present.enabled ? { disabled_reason: null, failing_since: null } : {}),
        updated_at: sql`now()`,
      })
      .where('id', '=', present.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (differs(present, changed)) {
      const told = { ...toldOf(changed), enabled: isEnabled };
      await record(tx, webhookEvents.updated, subjectOf(changed), told);
    }
    if (isEnabled) await wakeDispatchers(tx);
    return changed;
  }

  async #regenerate(tx: Tx, endpoint: Endpoint): Promise<string> {
    const { id, secret_sealed } = endpoint;
    const secret = newSecret();
    await tx
      .updateTable('webhook_endpoints')
      .set({
        secret_sealed: this.#secrets.seal(secret),
        previous_secret_sealed: secret_sealed,
        previous_secret_until: sql`now() + make_interval(hours => ${OVERLAP_HOURS})`,
        updated_at: sql`now()`,
      })
      .where('id', '=', id)
      .execute();
    await record(tx, webhookEvents.secretRegenerated, subjectOf(endpoint), toldOf(endpoint));
    return secret;
  }

  async #lock(tx: Tx, teamId: number, id: string): Promise<Endpoint> {
    const endpoint = await lockEndpoint(tx, teamId, id);
    if (!endpoint) throw notFound('Endpoint');
    return endpoint;
  }

  /** The same; throws `invalid_state` where it is disabled, since nothing would be sent. */
  async #lockEnabled(tx: Tx, teamId: number, id: string): Promise<Endpoint> {
    const endpoint = await this.#lock(tx, teamId, id);
    if (endpoint.enabled) return endpoint;
    throw new AppError('invalid_state', 'The endpoint is disabled. Enable it first.', {
      extra: { error: 'invalid_state', status: 'disabled' },
    });
  }
}

const subjectOf = ({ id, team_id }: Endpoint) => ({
  teamId: team_id,
  resourceType: 'webhook',
  resourceId: id,
});

/** What events tell of an endpoint. The rest of its URL may be secret. */
const toldOf = ({ name, url }: Endpoint) => ({ name, url: new URL(url).origin });

/** Throws `validation_failed` for types that no event has: a misspelt one would be told of nothing, for ever. */
function knownTypes(patterns: string[]): string[] {
  const unknown = patterns.filter((pattern) => !isEventType(pattern));
  if (unknown.length === 0) return patterns;
  const names = unknown.slice(0, 10).join(', ');
  throw invalid({
    event_types: [`There are no events of the type ${names}. The page /docs/events lists all types.`],
  });
}

const differs = (before: Endpoint, after: Endpoint): boolean =>
  (['name', 'url', 'event_types', 'enabled'] as const).some(
    (member) => !isDeepStrictEqual(before[member], after[member]),
  );

/** Warns of another endpoint of the team with the same name. */
const warnOfName = (tx: Tx, endpoint: Pick<Endpoint, 'id' | 'name' | 'team_id'>) =>
  warnOfNamesake(
    tx.selectFrom('webhook_endpoints').where('team_id', '=', endpoint.team_id),
    ENDPOINTS,
    'endpoint',
    endpoint,
  );
