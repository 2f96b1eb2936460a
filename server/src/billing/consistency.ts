import { sql } from 'kysely';
import type { ConsistencyCheck } from '../module.ts';

/**
 * Checks that what costs something has a period with its price that is open, that nothing else has one, and that those of a
 * resource do not overlap.
 */
export async function findBillingInconsistencies({ db, teamId }: ConsistencyCheck): Promise<string[]> {
  const { rows } = await sql<{ problem: string }>`
    with priced as (
      select id, nullif(instance_price(instances), 0) as price from instances where team_id = ${teamId}
      union all select id, nullif(bucket_price(buckets), 0) from buckets where team_id = ${teamId}
    ), open as (
      select resource_id, price_cents from usage_periods where team_id = ${teamId} and ended_at is null
    )
    select concat(coalesce(id, resource_id), ' costs ', coalesce(price::text, 'nothing'), ' and is counted with ',
      coalesce(price_cents::text, 'nothing')) as problem
    from priced full join open on resource_id = id where price is distinct from price_cents
    union all
    select concat(resource_id, ' is counted twice at ', began_at) from (
      select *, max(coalesce(ended_at, 'infinity')) over (partition by resource_id order by began_at, id
        rows between unbounded preceding and 1 preceding) as before
      from usage_periods where team_id = ${teamId}) p where before > began_at`.execute(db);
  return rows.map(({ problem }) => problem);
}
