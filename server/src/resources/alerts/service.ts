import { sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { lockForTeam } from '../../db/transaction-locks.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { pageOf } from '../../http/pagination.ts';
import { assertScope, type TeamPrincipal } from '../../http/principal.ts';
import type { Scope } from '../../http/scopes.ts';
import { assertQuotaWithin } from '../../identity/teams/quotas.ts';
import { allKinds, isKind, nounOf } from '../../instances/kinds.ts';
import { invalid, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { metricOf, metricsOf } from '../../metrics/catalogue.ts';
import { type AlertQuery, CHANNELS, type CreateMetricAlert, UpdateMetricAlert } from './schema.ts';
import {
  findAlert,
  listAlerts,
  lockAlert,
  type NamedAlert,
  recordDone,
  recordEnd,
  writeHistory,
} from './store.ts';
import { labelOf, viewAlert } from './view.ts';

const QUOTA = 'metric_alert';
/** Without another, an alert waits for so many minutes. */
const DURATION_MINUTES = 5;

/**
 * What principals can do with alerts. They belong to an instance: who may read it may read them, and who may change it may make, change
 * and delete them.
 */
export class AlertService {
  readonly #db: Queryable;

  constructor({ db }: Database) {
    this.#db = db;
  }

  async list({ team, scopes }: TeamPrincipal, query: AlertQuery) {
    const kinds = allKinds().map(({ name }) => name);
    const readable = kinds.filter((kind) => scopes.has(`${kind}:read`));
    const page = await listAlerts(this.#db, team.id, readable, query);
    return pageOf(page.rows.map(viewAlert), page, query);
  }

  async show(principal: TeamPrincipal, id: string) {
    return viewAlert(allowed(principal, 'read', await findAlert(this.#db, principal.team.id, id)));
  }

  async history(principal: TeamPrincipal, id: string, limit: number) {
    const alert = allowed(principal, 'read', await findAlert(this.#db, principal.team.id, id));
    const rows = await this.#db
      .selectFrom('metric_alert_history')
      .selectAll()
      .where('alert_id', '=', alert.id)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return {
      data: rows.map(({ event_type, value, threshold, occurred_at }) => ({
        event_type: event_type as 'triggered',
        metric_value: value,
        threshold_value: threshold,
        prometheus_query: null,
        occurred_at: occurred_at.toISOString(),
      })),
      meta: { limit },
    };
  }

  /** Throws `not_found` for what is no kind of instance. */
  availableMetrics(kind: string) {
    if (!isKind(kind)) throw notFound('Resource type');
    const kinds = allKinds().map(({ name }) => name);
    const data = metricsOf(kind).map(({ name, unit, meaning }) => ({
      value: name,
      label: labelOf(name),
      unit,
      description: meaning,
    }));
    return {
      data,
      meta: {
        resource_type: kind,
        alertable: data.length > 0,
        alertable_resource_types: kinds.filter((name) => metricsOf(name).length > 0),
      },
    };
  }

  async create(tx: Tx, principal: TeamPrincipal, body: CreateMetricAlert) {
    const { resource_type, resource_id, metric_type: metric } = body;
    const teamId = principal.team.id;
    const instance = UUID.test(resource_id)
      ? await tx
          .selectFrom('instances')
          .select('id')
          .where('id', '=', resource_id)
          .where('team_id', '=', teamId)
          .where('kind', '=', resource_type)
          .where('desired', '<>', 'deleted')
          .forKeyShare()
          .executeTakeFirst()
      : undefined;
    if (!instance) throw invalid({ resource_id: [`The team has no ${nounOf(resource_type)} with this id.`] });
    assertScope(principal, `${resource_type}:write` as Scope);
    if (!metricOf(resource_type, metric)) {
      const names = metricsOf(resource_type).map(({ name }) => name);
      throw invalid({ metric_type: [`The metric_type field must be one of: ${names.join(', ')}.`] });
    }
    await assertRoom(tx, teamId);
    const id = uuidv7();
    const values = {
      id,
      team_id: teamId,
      resource_type,
      resource_id: instance.id,
      metric,
      comparison: body.comparison_operator,
      threshold: body.threshold_value,
      duration_minutes: body.duration_minutes ?? DURATION_MINUTES,
      name: body.name ?? null,
      description: body.description ?? null,
      channels: [...(body.notification_channels ?? CHANNELS)],
    };
    await tx.insertInto('metric_alerts').values(values).execute();
    return viewAlert(await this.#done(tx, teamId, id, 'created'));
  }

  /** A change of what is compared begins anew: an alert that has fired is over. */
  async update(tx: Tx, principal: TeamPrincipal, id: string, body: UpdateMetricAlert) {
    const alert = await this.#lock(tx, principal, id);
    refuseChanges(UpdateMetricAlert, 'metric alert', viewAlert(alert), body);
    const changed = {
      comparison: body.comparison_operator ?? alert.comparison,
      threshold: body.threshold_value ?? alert.threshold,
      duration_minutes: body.duration_minutes ?? alert.duration_minutes,
    };
    const isOther = Object.entries(changed).some(([member, value]) => alert[member as 'threshold'] !== value);
    const { name, description, notification_channels: channels } = body;
    await tx
      .updateTable('metric_alerts')
      .set({
        ...changed,
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(channels === undefined ? {} : { channels: [...(channels ?? CHANNELS)] }),
        updated_at: sql`now()`,
      })
      .where('id', '=', id)
      .execute();
    if (isOther) {
      await begin(tx, alert, alert.status === 'disabled' ? 'disabled' : 'active', 'changed');
      await writeHistory(tx, { ...alert, ...changed }, 'changed');
    }
    return viewAlert(await this.#done(tx, alert.team_id, id, 'updated'));
  }

  async toggle(tx: Tx, principal: TeamPrincipal, id: string) {
    const alert = await this.#lock(tx, principal, id);
    const isDisabled = alert.status === 'disabled';
    await begin(tx, alert, isDisabled ? 'active' : 'disabled', 'disabled');
    const what = isDisabled ? 'enabled' : 'disabled';
    await writeHistory(tx, alert, what);
    return viewAlert(await this.#done(tx, alert.team_id, id, what));
  }

  async delete(tx: Tx, principal: TeamPrincipal, id: string): Promise<void> {
    const alert = await this.#lock(tx, principal, id);
    if (alert.status === 'triggered') await recordEnd(tx, alert, 'deleted');
    await recordDone(tx, alert, 'deleted');
    await tx.deleteFrom('metric_alerts').where('id', '=', id).execute();
  }

  /** Writes what was done to an alert, and returns it. */
  async #done(
    tx: Tx,
    teamId: number,
    id: string,
    what: 'created' | 'updated' | 'enabled' | 'disabled',
  ): Promise<NamedAlert> {
    const alert = (await findAlert(tx, teamId, id))!;
    await recordDone(tx, alert, what);
    return alert;
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: string): Promise<NamedAlert> {
    return allowed(principal, 'write', await lockAlert(tx, principal.team.id, id));
  }
}

/** Throws `not_found`, or `missing_scope` where the token may not do that with its instance. */
function allowed(
  principal: TeamPrincipal,
  action: 'read' | 'write',
  alert: NamedAlert | undefined,
): NamedAlert {
  if (!alert) throw notFound('Alert');
  assertScope(principal, `${alert.resource_type}:${action}` as Scope);
  return alert;
}

/** Forgets what was seen so far. One that has fired is over. */
async function begin(
  tx: Tx,
  alert: NamedAlert,
  status: 'active' | 'disabled',
  because: 'changed' | 'disabled',
) {
  if (alert.status === 'triggered') await recordEnd(tx, alert, because);
  await tx
    .updateTable('metric_alerts')
    .set({
      status,
      revision: sql`revision + 1`,
      turning_since: null,
      consecutive_breaches: 0,
      no_data_since: null,
      is_missed: false,
      ...(alert.status === 'triggered' ? { resolved_at: sql`now()` } : {}),
      updated_at: sql`now()`,
    })
    .where('id', '=', alert.id)
    .execute();
}

/** Throws `quota_exceeded`. Alerts go with their instance, so they are counted, under a lock. */
async function assertRoom(tx: Tx, teamId: number): Promise<void> {
  await lockForTeam(tx, 'alerts', teamId);
  const { used } = await tx
    .selectFrom('metric_alerts')
    .select(({ fn }) => fn.countAll<number>().as('used'))
    .where('team_id', '=', teamId)
    .where('is_default', '=', false)
    .executeTakeFirstOrThrow();
  await assertQuotaWithin(tx, teamId, QUOTA, 'team', used);
}
