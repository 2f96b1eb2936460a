import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import { AppError, type FieldErrors, invalid } from '../../lib/errors.ts';
import type { EngineParameter } from '../../services/provider.ts';
import { imageOf, type Provider } from '../../services/provider.ts';
import { findProvider, providersOf } from '../../services/registry.ts';
import { holdDefaultGroup, holdGroup, type ParameterGroup } from '../parameter-groups/store.ts';
import { listDatacenters } from '../vps/store.ts';
import { KINDS, type Kind } from './kinds.ts';
import { checkParameters, type Parameters } from './parameters.ts';
import { listPlans, type ManagedService } from './store.ts';

/** What a request to create says, whichever kind. */
export interface CreateRequest {
  provider?: string | null;
  providerId?: number | null;
  version?: string | null;
  databaseName?: string | null;
  configuration?: Record<string, unknown> | null;
  parameterGroupId?: number | null;
  datacenter: string;
  plan: string;
}

export type PlanColumns = Pick<ManagedService, 'plan' | 'vcpu' | 'memory_mb' | 'disk_gb' | 'price_cents'>;

/** What the engine is set to: by the instance, by its group, and both together. */
export type ParameterColumns = {
  parameters: Parameters;
  parameter_group_id: number | null;
  effective_parameters: Parameters;
};

/**
 * Checks a create request against what the install offers and the team owns.
 * Throws `validation_failed` with a sentence per field.
 */
export async function checkCreate(tx: Tx, plane: DataPlane, teamId: number, kind: Kind, body: CreateRequest) {
  const errors: FieldErrors = {};
  const provider = chooseProvider(kind, body, errors);
  const version = provider && chooseVersion(provider, body.version ?? null, errors);
  const plan = await findPlan(tx, kind, body.plan, errors);
  const datacenters = await listDatacenters(tx);
  if (!datacenters.includes(body.datacenter)) {
    errors.datacenter = [
      `The selected datacenter is not offered here. Choose one of: ${datacenters.join(', ')}.`,
    ];
  }
  if (provider && body.databaseName) {
    const fault = provider.checkDatabaseName?.(body.databaseName) ?? null;
    if (fault) errors.database_name = [`The database_name field ${fault}.`];
  }
  if (!provider || !version || !plan || Object.keys(errors).length > 0) throw invalid(errors);
  const target = { kind, provider: provider.id, version };
  const group = body.parameterGroupId
    ? await groupFor(tx, teamId, target, body.parameterGroupId)
    : ((await holdDefaultGroup(tx, teamId, provider.id, version)) ?? null);
  return {
    provider,
    version,
    plan,
    parameters: await resolveParameters(plane, target, group, body.configuration ?? {}),
  };
}

const choices = (names: readonly string[]): string => `Choose one of: ${names.join(', ')}.`;

function chooseProvider(kind: Kind, body: CreateRequest, errors: FieldErrors): Provider | null {
  const offered = providersOf(kind);
  const ids = offered.map(({ id }) => id);
  if (body.provider == null && body.providerId == null) {
    errors.provider = [`The provider field is required. ${choices(ids)}`];
    return null;
  }
  const found = offered.find(({ id, number }) =>
    body.provider == null ? number === body.providerId : id === body.provider,
  );
  if (!found) errors.provider = [`The selected provider is not offered here. ${choices(ids)}`];
  if (found && body.providerId != null && found.number !== body.providerId) {
    errors.provider = ['The provider and its id name different engines. Leave one of them out.'];
  }
  return found ?? null;
}

function chooseVersion(provider: Provider, wanted: string | null, errors: FieldErrors): string | null {
  const versions = provider.versions.map(({ version }) => version);
  if (wanted === null) return versions[0]!;
  if (versions.includes(wanted)) return wanted;
  errors.version = [`The selected version of ${provider.name} is not offered here. ${choices(versions)}`];
  return null;
}

/** The columns of a plan; null, with a sentence among `errors`, where there is none of that name. */
export async function findPlan(
  db: Queryable,
  kind: Kind,
  name: string,
  errors: FieldErrors,
): Promise<PlanColumns | null> {
  const plans = await listPlans(db, kind);
  const found = plans.find((plan) => plan.name === name);
  if (!found) {
    const names = plans.map((plan) => plan.name);
    errors.resource_profile = [`The selected resource profile is not offered here. ${choices(names)}`];
    return null;
  }
  const { vcpu, memory_mb, disk_gb, price_cents } = found;
  return { plan: name, vcpu, memory_mb, disk_gb, price_cents };
}

/** The engine that parameters are for. */
export interface ParameterTarget {
  kind: Kind;
  provider: string;
  version: string;
}

/** The parameter group of a request, where it may be used for this engine; null for none. */
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
        `this ${KINDS[target.kind].noun} is ${target.provider} ${target.version}.`,
    );
  }
  return group;
}

/** Checks a group's and an instance's own parameters for this engine, and puts them together: its own stand above. */
export async function resolveParameters(
  plane: DataPlane,
  target: ParameterTarget,
  group: ParameterGroup | null,
  own: Record<string, unknown>,
): Promise<ParameterColumns> {
  const provider = findProvider(target.provider)!;
  const fromGroup = (group?.parameters ?? {}) as Parameters;
  // Nothing to check, and no list needed.
  if (Object.keys(own).length === 0 && Object.keys(fromGroup).length === 0) {
    return { parameters: {}, parameter_group_id: group?.id ?? null, effective_parameters: {} };
  }
  const known = await knownParameters(plane, provider, target.version);
  const locked = (group?.locked_parameters ?? []) as string[];
  const checkedGroup = checkParameters(fromGroup, { provider, known }, 'parameter_group_id');
  const parameters = checkParameters(own, { provider, known, locked }, 'configuration');
  return {
    parameters,
    parameter_group_id: group?.id ?? null,
    effective_parameters: { ...checkedGroup, ...parameters },
  };
}

/** Seconds that the build of an image takes at most on a usual machine. */
const BUILD_SECONDS = 60;

/**
 * The list that the engine of this version made of its own parameters. It comes with its image: where that is not built
 * yet, building begins, and this throws `not_available` with the time to try again.
 */
export async function knownParameters(
  plane: DataPlane,
  provider: Provider,
  version: string,
): Promise<readonly EngineParameter[]> {
  const image = imageOf(provider, version);
  const known = await plane.imageParameters(image);
  if (known) return known;
  // Whoever needs the image next learns why it cannot be built.
  void plane.ensureImage(image).catch(() => {});
  throw new AppError(
    'not_available',
    `The parameters of ${provider.name} ${version} become known when its image is built, which has begun. ` +
      `Try again in ${BUILD_SECONDS} seconds.`,
    { extra: { retry_after: BUILD_SECONDS } },
  );
}
