import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { listPlans, type Plan, viewPlanCommon } from '../../instances/offers.ts';
import { providersOf } from '../../services/registry.ts';
import type { Kind } from './kinds.ts';
import { routeParts } from './route-parts.ts';
import { Plans, ProviderQuery } from './schema.ts';
import type { ServiceActions } from './service.ts';

/** What can be ordered: plans with prices, and engines with versions. */
export function catalogRoutes(api: Api, database: Database, service: ServiceActions): void {
  const { kind, noun, label, path, tags, scope } = routeParts(service);
  api.get(
    `${path}/plans`,
    {
      config: { scope: scope('read') },
      schema: {
        operationId: `list${label}Plans`,
        summary: `List plans for ${noun}s`,
        description: 'Lists the plans with their monthly prices, and the engines with their versions.',
        tags,
        ...(kind === 'cache' ? { querystring: ProviderQuery } : {}),
        response: { 200: Plans(kind) },
      },
    },
    async (request) => {
      const wanted = (request.query as { provider?: string | null }).provider ?? null;
      return {
        plans: (await listPlans(database.db, kind)).map((plan) => viewPlan(plan, wanted)),
        providers: viewProviders(kind, wanted),
      };
    },
  );
}

const viewPlan = (plan: Plan, provider: string | null) => ({
  ...viewPlanCommon(plan),
  // Left out for databases.
  provider,
  cpu_cores: plan.vcpu,
  memory_size_mb: plan.memory_mb,
  memory_mb: plan.memory_mb,
});

/** The engines of the kind, or only the one with the id `wanted`. */
const viewProviders = (kind: Kind, wanted: string | null) =>
  providersOf(kind)
    .filter(({ id }) => wanted === null || id === wanted)
    .map((provider) => ({
      id: provider.number,
      type: provider.id,
      name: provider.name,
      versions: provider.versions.map(({ version }) => version),
      default_version: provider.versions[0]!.version,
      extensions: provider.versions.map(({ version }) => ({
        version,
        names: [...(provider.extensionsOf?.(version) ?? [])],
      })),
    }));
