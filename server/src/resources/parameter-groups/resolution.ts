import type { Images } from '../../dataplane/contract/images.ts';
import type { Tx } from '../../db/database.ts';
import { nounOf } from '../../instances/kinds.ts';
import { AppError, invalid } from '../../lib/errors.ts';
import { checkParameters, type Parameters } from '../../services/check-parameters.ts';
import { exceedingPlan, type NamedPlan } from '../../services/plan-limits.ts';
import { type EngineParameter, imageOf, type Provider } from '../../services/provider.ts';
import { findProvider } from '../../services/registry.ts';
import { holdGroup, type ParameterGroup } from './store.ts';

/** Engine parameters: those of the instance, and those of instance and group combined. */
export type ParameterColumns = {
  parameters: Parameters;
  parameter_group_id: number | null;
  effective_parameters: Parameters;
};

/** The engine that parameters are for, and the plan that must hold them. */
export interface ParameterTarget {
  /** Kind of the instance. */
  kind: string;
  provider: string;
  version: string;
  plan: NamedPlan;
}

/** The target that a row, or the columns of a new one, describe. */
export const parameterTarget = (
  kind: string,
  row: { provider: string; version: string; plan: string; vcpu: number; memory_mb: number; disk_gb: number },
): ParameterTarget => ({
  kind,
  provider: row.provider,
  version: row.version,
  plan: { plan: row.plan, vcpu: row.vcpu, memoryMb: row.memory_mb, diskGb: row.disk_gb },
});

/** The parameter group that a request names, checked for this engine; null for none. */
export async function groupFor(
  tx: Tx,
  teamId: number,
  target: ParameterTarget,
  id: number | null,
): Promise<ParameterGroup | null> {
  if (id === null) return null;
  const group = await holdGroup(tx, teamId, id);
  const refuse = (sentence: string) => invalid({ parameter_group_id: [sentence] });
  if (!group) throw refuse('The selected parameter group does not exist in this team.');
  if (!group.is_active) throw refuse('The selected parameter group is not active.');
  if (group.provider !== target.provider || (group.family !== null && group.family !== target.version)) {
    throw refuse(
      `The selected parameter group is for ${group.provider}${group.family ? ` ${group.family}` : ''}, ` +
        `this ${nounOf(target.kind)} is ${target.provider} ${target.version}.`,
    );
  }
  return group;
}

/**
 * Checks the parameters of group and instance for this engine and plan, and combines them: the instance's take
 * precedence.
 */
export async function resolveParameters(
  plane: Images,
  target: ParameterTarget,
  group: ParameterGroup | null,
  own: Record<string, unknown>,
): Promise<ParameterColumns> {
  const provider = findProvider(target.provider)!;
  const fromGroup = (group?.parameters ?? {}) as Parameters;
  // Nothing to check, so the engine's list is not needed.
  if (Object.keys(own).length === 0 && Object.keys(fromGroup).length === 0) {
    return { parameters: {}, parameter_group_id: group?.id ?? null, effective_parameters: {} };
  }
  const known = await knownParameters(plane, provider, target.version);
  const locked = (group?.locked_parameters ?? []) as string[];
  const checkedGroup = checkParameters(fromGroup, { provider, known }, 'parameter_group_id');
  const parameters = checkParameters(own, { provider, known, locked }, 'configuration');
  const effective = { ...checkedGroup, ...parameters };
  assertFits(
    provider,
    known,
    effective,
    target.plan,
    Object.keys(own).length > 0 ? 'configuration' : 'parameter_group_id',
  );
  return { parameters, parameter_group_id: group?.id ?? null, effective_parameters: effective };
}

function assertFits(
  provider: Provider,
  known: readonly EngineParameter[],
  effective: Parameters,
  plan: NamedPlan,
  field: string,
): void {
  const sentences = exceedingPlan(provider, known, effective, plan);
  if (sentences.length > 0) throw invalid({ [field]: sentences });
}

/** Checks that another plan holds the parameters that are set already. */
export async function assertPlanHolds(
  plane: Images,
  target: ParameterTarget,
  effective: Parameters,
): Promise<void> {
  const provider = findProvider(target.provider)!;
  if (Object.keys(effective).length === 0 || !provider.planLimits) return;
  const known = await knownParameters(plane, provider, target.version);
  assertFits(provider, known, effective, target.plan, 'resource_profile');
}

/** Seconds that building an image takes at most on a typical machine. */
const BUILD_SECONDS = 60;

/**
 * The parameters of this engine version, as listed by the engine itself. The list is part of the image: where it is not
 * built yet, this starts the build and throws `unavailable` with the time to retry.
 */
export async function knownParameters(
  plane: Images,
  provider: Provider,
  version: string,
): Promise<readonly EngineParameter[]> {
  const image = imageOf(provider, version);
  const known = await plane.imageParameters(image);
  if (known) return known;
  // A failure is reported to whoever needs the image next.
  void plane.ensureImage(image).catch(() => {});
  throw new AppError(
    'unavailable',
    `The parameters of ${provider.name} ${version} become known when its image is built, which has begun. ` +
      `Try again in ${BUILD_SECONDS} seconds.`,
    { extra: { retry_after: BUILD_SECONDS, reason: 'image_building' } },
  );
}
