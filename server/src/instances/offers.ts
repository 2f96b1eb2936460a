import type { Selectable } from 'kysely';
import type { Queryable } from '../db/database.ts';
import type { Plans } from '../db/schema.gen.ts';

export type Plan = Selectable<Plans>;

/** The plans for a kind of instance, in the order of the price list. */
export const listPlans = (db: Queryable, kind: string) =>
  db
    .selectFrom('plans')
    .selectAll()
    .where('kind', '=', kind)
    .where('enabled', '=', true)
    .orderBy('position')
    .execute();

/** What plans of all kinds show. Several names for one thing: clients of the v1 API know it by different ones. */
export const viewPlanCommon = (plan: Plan) => ({
  name: plan.name,
  resource_profile: plan.name,
  slug: plan.name,
  display_name: `${plan.name[0]!.toUpperCase()}${plan.name.slice(1).replaceAll('_', ' ')}`,
  storage_size_gb: plan.disk_gb,
  storage_gb: plan.disk_gb,
  monthly_cost_cents: plan.price_cents,
  monthly_cost_dollars: plan.price_cents / 100,
  monthly_cost: plan.price_cents / 100,
  currency: 'EUR' as const,
});

/** Names of the datacenters that instances can be created in. */
export async function listDatacenters(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('datacenters')
    .select('name')
    .where('enabled', '=', true)
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}
