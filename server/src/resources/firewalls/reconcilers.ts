import { sql } from 'kysely';
import type { Networks } from '../../dataplane/contract/networks.ts';
import type { Database } from '../../db/database.ts';
import type { Log } from '../../lib/log.ts';
import { accept, DANUBE } from '../../operations/accept.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../reconcilers/rows.ts';
import { deleteUnusedDefaults } from './defaults.ts';
import { applyTeamFirewalls } from './enforcement.ts';
import { firewallOperations, firewallTarget } from './operations.ts';
import { findFirewall, jsonb, lockFirewalls, NEXT_REVISION, updateFirewall } from './store.ts';

/**
 * Makes the data plane enforce what the rows say: where Incus has lost something, after an interrupted change, and for
 * instances older than firewalls. Deletes default firewalls of deleted instances once nothing else uses them. Skips
 * teams with an unfinished operation.
 */
export function firewallReconciler(database: Database, plane: Networks): Reconciler {
  return {
    name: 'firewalls',
    everySeconds: 30,
    async run() {
      const teams = await sql<{ id: number }>`
        select team_id as id from networks where not exists (select from operations
          where operations.team_id = networks.team_id and ${isUnfinished()})`.execute(database.db);
      await forEachRow(
        teams.rows,
        ({ id }) => `team ${id}`,
        async ({ id }) => {
          await database.transaction(async (tx) => {
            await lockFirewalls(tx, id);
            await deleteUnusedDefaults(tx, id, null);
          });
          // Without the cache: the reconciler also corrects a wrong cache.
          await applyTeamFirewalls(database, plane, id, { anew: true });
        },
      );
    },
  };
}

/** Rolls back deploys that were not confirmed in time. */
export function firewallRollback(database: Database, log: Log): Reconciler {
  return {
    name: 'firewall-rollback',
    everySeconds: 1,
    async run() {
      const due = await database.db
        .selectFrom('firewalls')
        .select(['id', 'team_id'])
        .where('confirm_by', '<', sql<Date>`now()`)
        .execute();
      await forEachRow(
        due,
        ({ id }) => id,
        async ({ id, team_id }) => {
          if (await rollBack(database, team_id, id)) log.info({ firewall: id }, 'firewall not confirmed');
        },
      );
    },
  };
}

/** False where it was confirmed or deployed again a moment ago. */
async function rollBack(database: Database, teamId: number, id: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    await lockFirewalls(tx, teamId);
    const firewall = await findFirewall(tx, teamId, id);
    if (!firewall?.confirm_by || !firewall.rollback_rules || firewall.confirm_by > new Date()) return false;
    await updateFirewall(tx, id, {
      status: 'applying',
      effective_rules: jsonb(firewall.rollback_rules),
      confirm_by: null,
      rollback_rules: null,
      ...NEXT_REVISION,
    });
    await accept(tx, DANUBE, firewallTarget(firewall), firewallOperations.apply, { rollback: true });
    return true;
  });
}
