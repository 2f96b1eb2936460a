import { sql } from 'kysely';
import type { Networks } from '../../dataplane/contract/networks.ts';
import type { Database } from '../../db/database.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { accept, DANUBE } from '../../operations/accept.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { deleteUnusedDefaults } from './defaults.ts';
import { applyTeamFirewalls } from './enforcement.ts';
import { firewallOperations, firewallTarget } from './operations.ts';
import { findFirewall, jsonb, lockFirewalls, NEXT_REVISION, updateFirewall } from './store.ts';

/**
 * Brings what the data plane lets pass in line with the rows: in an Incus that has lost something, after a change that
 * was cut off, for instances that are older than firewalls. Deletes firewalls of instances that are gone, once they are
 * attached to no other. A team with an operation under way is left to that.
 */
export function firewallReconciler(database: Database, plane: Networks, log: Log): Reconciler {
  return {
    name: 'firewalls',
    everySeconds: 30,
    async run() {
      const teams = await sql<{ id: number }>`
        select team_id as id from networks where not exists (select from operations
          where operations.team_id = networks.team_id and ${isUnfinished()})`.execute(database.db);
      for (const { id } of teams.rows) {
        try {
          await database.transaction(async (tx) => {
            await lockFirewalls(tx, id);
            await deleteUnusedDefaults(tx, id, null);
          });
          // Anew: it is the net below what processes remember, too.
          await applyTeamFirewalls(database, plane, id, { anew: true });
        } catch (error) {
          // One team's trouble is not that of the others.
          logFailure(log, error, 'firewalls not applied', { team: id });
        }
      }
    },
  };
}

/** Takes deploys back that were to be confirmed and were not. */
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
      for (const { id, team_id } of due) {
        if (await rollBack(database, team_id, id)) log.info({ firewall: id }, 'firewall not confirmed');
      }
    },
  };
}

/** False where it was confirmed, or deployed anew, a moment ago. */
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
