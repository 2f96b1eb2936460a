import type { Config } from '../../config.ts';
import type { Images } from '../../dataplane/contract/images.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import { listDatacenters, listPlans } from '../../instances/offers.ts';
import { type FieldErrors, invalid } from '../../lib/errors.ts';
import type { Provider } from '../../services/provider.ts';
import { providersOf } from '../../services/registry.ts';
import { groupFor, parameterTarget, resolveParameters } from '../parameter-groups/resolution.ts';
import { holdDefaultGroup } from '../parameter-groups/store.ts';
import type { Kind } from './kinds.ts';
import type { ManagedService } from './store.ts';

/** A create request, regardless of kind. */
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

/**
 * Checks a create request against the install's offers and the team's resources. Throws `validation_failed` with a
 * sentence per field.
 */
export async function checkCreate(tx: Tx, plane: Images, teamId: number, kind: Kind, body: CreateRequest) {
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
  const target = parameterTarget(kind, { provider: provider.id, version, ...plan });
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

/** The columns of a plan; null, after adding a sentence to `errors`, where there is no such plan. */
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

/**
 * What an instance costs a month with this much storage, in cents, where with less it costs `price_cents`: a plan with its
 * storage, or an instance as it is.
 */
export const priceWith = (
  { price_cents, disk_gb }: Pick<PlanColumns, 'price_cents' | 'disk_gb'>,
  diskGb: number,
  { storagePriceCents }: Pick<Config, 'storagePriceCents'>,
): number => price_cents + Math.ceil((diskGb - disk_gb) * storagePriceCents);
