import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config.ts';
import type { Images } from '../../dataplane/contract/images.ts';
import type { Tx } from '../../db/database.ts';
import type { SettingChanges } from '../../instances/settings.ts';
import { type FieldErrors, invalid } from '../../lib/errors.ts';
import type { Parameters } from '../../services/check-parameters.ts';
import {
  assertPlanHolds,
  groupFor,
  parameterTarget,
  resolveParameters,
} from '../parameter-groups/resolution.ts';
import type { Changes } from './columns.ts';
import { KINDS, type Kind } from './kinds.ts';
import { findPlan, priceWith } from './rules.ts';
import type { ManagedService } from './store.ts';

/** An update request, regardless of kind. Undefined members stay unchanged. */
export interface UpdateRequest {
  name?: string;
  configuration?: Record<string, unknown>;
  storageGb?: number;
  plan?: string;
  parameterGroupId?: number | null;
  settings?: SettingChanges;
  autoscale?: { enabled?: boolean; thresholdPercent?: number; incrementGb?: number };
}

/** The changed columns that must be applied to the instance. Throws `validation_failed`. */
export async function engineChanges(
  tx: Tx,
  { plane, config }: { plane: Images; config: Pick<Config, 'storagePriceCents'> },
  row: ManagedService,
  body: UpdateRequest,
): Promise<Changes> {
  const kind = row.kind as Kind;
  const { noun } = KINDS[kind];
  const errors: FieldErrors = {};
  const changes: Changes = {};
  let diskGb = row.disk_gb;
  const plan = body.plan && body.plan !== row.plan ? await findPlan(tx, kind, body.plan, errors) : null;
  if (plan) {
    diskGb = Math.max(plan.disk_gb, diskGb);
    Object.assign(changes, plan, { disk_gb: diskGb });
  }
  if (body.storageGb !== undefined && body.storageGb !== row.disk_gb) {
    if (body.storageGb < row.disk_gb) {
      errors.storage_size_gb = [
        `Storage cannot shrink: the ${noun} has ${row.disk_gb} GB. Choose that or more.`,
      ];
    }
    diskGb = Math.max(body.storageGb, plan?.disk_gb ?? 0);
    changes.disk_gb = diskGb;
  }
  if (Object.keys(errors).length > 0) throw invalid(errors);
  const present = plan ?? row;
  if (diskGb !== present.disk_gb) changes.price_cents = priceWith(present, diskGb, config);
  const target = parameterTarget(kind, { ...row, ...plan, disk_gb: diskGb });
  if (body.configuration !== undefined || body.parameterGroupId !== undefined) {
    const groupId = body.parameterGroupId === undefined ? row.parameter_group_id : body.parameterGroupId;
    const group = await groupFor(tx, row.team_id, target, groupId);
    const own = body.configuration ?? (row.parameters as Record<string, unknown>);
    const resolved = await resolveParameters(plane, target, group, own);
    const { parameters, parameter_group_id, effective_parameters } = row;
    const before = { parameters, parameter_group_id, effective_parameters };
    if (!isDeepStrictEqual(before, resolved)) Object.assign(changes, parameterColumns(resolved));
  } else if (plan) {
    await assertPlanHolds(plane, target, row.effective_parameters as Parameters);
  }
  return changes;
}

/** `jsonb` columns, serialised as the driver needs for lists. */
export const parameterColumns = ({
  parameters,
  parameter_group_id,
  effective_parameters,
}: {
  parameters: object;
  parameter_group_id: number | null;
  effective_parameters: object;
}) => ({
  parameters: JSON.stringify(parameters),
  parameter_group_id,
  effective_parameters: JSON.stringify(effective_parameters),
});

/** The columns for the requested automatic growth of storage. */
export function autoscaleColumns(policy: UpdateRequest['autoscale']) {
  return {
    ...(policy?.enabled === undefined ? {} : { autoscale_enabled: policy.enabled }),
    ...(policy?.thresholdPercent === undefined
      ? {}
      : { autoscale_threshold_percent: policy.thresholdPercent }),
    ...(policy?.incrementGb === undefined ? {} : { autoscale_increment_gb: policy.incrementGb }),
  };
}

/** Describes changed columns for the customer, as the end of a sentence. */
export function describeChanges(row: ManagedService, changes: Changes): string {
  const parts = [
    changes.plan === undefined ? '' : `plan ${row.plan} → ${changes.plan}`,
    changes.disk_gb === undefined || changes.disk_gb === row.disk_gb
      ? ''
      : `storage ${row.disk_gb} → ${changes.disk_gb} GB`,
    changes.effective_parameters === undefined ? '' : 'parameters',
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}
