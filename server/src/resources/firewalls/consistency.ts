import { sql } from 'kysely';
import type { ConsistencyCheck } from '../../module.ts';

/** Checks that no default firewall has outlived its instance, none is being applied, and the quota counter is right. */
export async function findFirewallInconsistencies({ db, teamId }: ConsistencyCheck): Promise<string[]> {
  const problems: string[] = [];
  const rows = await sql<{ id: string; status: string; outlived: boolean; counted: boolean }>`
    select id, status, default_of is null as counted,
      default_of is not null and not exists (select from instances where id = f.default_of)
        and not exists (select from firewall_attachments where firewall_id = f.id) as outlived
    from firewalls f where team_id = ${teamId}`.execute(db);
  for (const { id, status, outlived } of rows.rows) {
    if (outlived) problems.push(`default firewall ${id} outlived its instance`);
    if (status === 'applying') problems.push(`firewall ${id} is still being applied`);
  }
  const usage = await db
    .selectFrom('team_usage')
    .select('used')
    .where('team_id', '=', teamId)
    .where('kind', '=', 'firewall')
    .executeTakeFirst();
  const present = rows.rows.filter(({ counted }) => counted).length;
  const used = usage?.used ?? 0;
  if (used !== present) problems.push(`the quota counts ${used} of ${present} firewalls`);
  return problems;
}
