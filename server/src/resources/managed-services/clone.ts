import type { Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { AppError, type FieldErrors, invalid, notFound } from '../../lib/errors.ts';
import { findProvider } from '../../services/registry.ts';
import { holdGroup } from '../parameter-groups/store.ts';
import { lockPair } from '../snapshots/acceptance.ts';
import { readingBlocker } from '../snapshots/rules.ts';
import type { ListedSnapshot, Snapshot } from '../snapshots/store.ts';
import { parameterColumns } from './changes.ts';
import { KINDS, type Kind } from './kinds.ts';
import { findPlan, priceWith } from './rules.ts';
import type { ServiceActions } from './service.ts';
import { getService, type ManagedService, type NewServiceColumns } from './store.ts';

/** A clone request, regardless of kind. */
export interface CloneRequest {
  name: string;
  /** Null: that of the snapshot's instance. */
  plan: string | null;
  /** The database in the snapshot that the clone's connection info names; null: the same as the source's. */
  databaseName: string | null;
  sourceType: string;
}

/**
 * The columns of a clone: engine, version and parameters are the source's, and its storage is not smaller. Throws
 * `validation_failed` with a sentence per field, and `not_available` for a version that is no longer offered.
 */
async function cloneColumns(
  tx: Tx,
  snapshot: Snapshot,
  request: CloneRequest,
  config: ServiceActions['config'],
): Promise<NewServiceColumns> {
  const source = await getService(tx, snapshot.instance_id);
  const provider = findProvider(snapshot.provider!);
  const version = provider?.versions.find((offer) => offer.version === snapshot.version)?.version;
  if (!provider || !version) {
    throw new AppError(
      'not_available',
      `This install does not offer ${snapshot.provider} ${snapshot.version} any more, which the snapshot is of.`,
    );
  }
  const errors: FieldErrors = {};
  if (request.sourceType !== 'volume_snapshot') {
    errors.source_type = ['This install keeps no Velero backups. Use volume_snapshot.'];
  }
  const fault = request.databaseName && provider.checkDatabaseName?.(request.databaseName);
  if (fault) errors.database_name = [`The database_name field ${fault}.`];
  const kind = snapshot.kind as Kind;
  const plan = await findPlan(tx, kind, request.plan ?? snapshot.plan, errors);
  if (!plan || Object.keys(errors).length > 0) throw invalid(errors);
  const disk_gb = Math.max(plan.disk_gb, snapshot.disk_gb);
  return {
    name: request.name,
    provider: provider.id,
    version,
    ...plan,
    disk_gb,
    price_cents: priceWith(plan, disk_gb, config),
    datacenter: source.datacenter,
    database_name: request.databaseName ?? snapshot.database_name,
    username: source.username,
    ...(await parametersOf(tx, source)),
    made_from: snapshot.uid,
  };
}

/** The source's parameters. If its group has been deleted, the effective parameters still contain the group's. */
async function parametersOf(tx: Tx, source: ManagedService) {
  const { team_id, parameter_group_id } = source;
  const group = parameter_group_id === null ? undefined : await holdGroup(tx, team_id, parameter_group_id);
  return parameterColumns({
    parameters: source.parameters as object,
    parameter_group_id: group?.id ?? null,
    effective_parameters: source.effective_parameters as object,
  });
}

/** Creates a database or cache from a snapshot. The route has checked that the principal may create such instances. */
export async function cloneSnapshot(
  tx: Tx,
  principal: TeamPrincipal,
  found: ListedSnapshot,
  request: CloneRequest,
  instances: ServiceActions,
) {
  const pair = await lockPair(tx, found);
  if (!pair) throw notFound('Snapshot');
  const blocker = readingBlocker(pair.snapshot, pair.instance);
  if (blocker) throw blocker;
  const columns = await cloneColumns(tx, pair.snapshot, request, instances.config);
  const created = await instances.add(tx, principal, columns, { snapshot: pair.snapshot.uid });
  return {
    ...created,
    message:
      `The ${KINDS[instances.kind].noun} is being made from the snapshot. Ask for its status ` +
      'until it is running.',
  };
}
