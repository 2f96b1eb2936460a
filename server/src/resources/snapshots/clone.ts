import type { Tx } from '../../db/database.ts';
import { AppError, type FieldErrors, invalid } from '../../lib/errors.ts';
import { findProvider } from '../../services/registry.ts';
import { parameterColumns } from '../managed-services/changes.ts';
import type { Kind as ServiceKind } from '../managed-services/kinds.ts';
import { findPlan } from '../managed-services/rules.ts';
import type { NewColumns } from '../managed-services/service.ts';
import { getService } from '../managed-services/store.ts';
import { holdGroup } from '../parameter-groups/store.ts';
import type { Snapshot } from './store.ts';

/** What a request to clone says, whichever kind. */
export interface CloneRequest {
  name: string;
  /** Null: that of the snapshot's instance. */
  plan: string | null;
  /** Which of the databases in the snapshot the new one's connection info names; null: the same as the source's. */
  databaseName: string | null;
  sourceType: string;
}

/**
 * The columns of an instance that is made from the snapshot of a database or cache: its engine, version and parameters are
 * the source's, its storage is never smaller. Throws `validation_failed` with a sentence per field, and `not_available`
 * for a version that is not offered any more.
 */
export async function cloneColumns(tx: Tx, snapshot: Snapshot, request: CloneRequest): Promise<NewColumns> {
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
  const kind = snapshot.kind as ServiceKind;
  const plan = await findPlan(tx, kind, request.plan ?? snapshot.plan, errors);
  if (!plan || Object.keys(errors).length > 0) throw invalid(errors);
  return {
    name: request.name,
    provider: provider.id,
    version,
    ...plan,
    disk_gb: Math.max(plan.disk_gb, snapshot.disk_gb),
    datacenter: source.datacenter,
    database_name: request.databaseName ?? snapshot.database_name,
    username: source.username,
    ...(await parametersOf(tx, source)),
    made_from: snapshot.uid,
  };
}

/** Those of the source. A group that was deleted since has left its parameters behind in the effective ones. */
async function parametersOf(tx: Tx, source: Awaited<ReturnType<typeof getService>>) {
  const { team_id, parameter_group_id } = source;
  const group = parameter_group_id === null ? undefined : await holdGroup(tx, team_id, parameter_group_id);
  return parameterColumns({
    parameters: source.parameters as object,
    parameter_group_id: group?.id ?? null,
    effective_parameters: source.effective_parameters as object,
  });
}
