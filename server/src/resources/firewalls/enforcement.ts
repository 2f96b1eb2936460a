import { sql } from 'kysely';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceFirewall, Networks } from '../../dataplane/contract/networks.ts';
import type { Database } from '../../db/database.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import { Intents, readRevision } from './intent.ts';
import { lockFirewalls } from './store.ts';

/**
 * Makes the data plane enforce a team's firewalls as the rows say. Includes changes made meanwhile: when several calls
 * run at once, the last one to write has read the rows after the others wrote. Idempotent. Throws what the data plane
 * throws, unless the network does not exist yet: whoever creates it calls this afterwards.
 *
 * `anew`: reads all rows instead of using the cache.
 */
export async function applyTeamFirewalls(
  database: Database,
  plane: Networks,
  teamId: number,
  { anew = false } = {},
): Promise<void> {
  const { turns, intents } = enforcerOf(plane);
  // Changes during a turn are left to the next turn if one is already requested. Otherwise, a team whose rows change
  // constantly, for example while many instances are created, would make all callers wait until that ends.
  const isLeft = (): boolean => turns.get(teamId)?.next != null;
  await takeTurn(turns, teamId, async () => {
    for (;;) {
      const { firewalls, revision, unconfirmed } = await intents.read(database.db, teamId, { anew });
      await push(plane, teamId, firewalls);
      if ((await readRevision(database.db, teamId)) !== revision && !isLeft()) continue;
      if (unconfirmed) await recordApplied(database, teamId, unconfirmed);
      return;
    }
  });
}

/** The state of a process that enforces firewalls through a data plane. */
interface Enforcer {
  /** By team. */
  turns: Map<number, Turn>;
  intents: Intents;
}

const enforcers = new WeakMap<Networks, Enforcer>();

function enforcerOf(plane: Networks): Enforcer {
  const enforcer = enforcers.get(plane) ?? { turns: new Map(), intents: new Intents() };
  enforcers.set(plane, enforcer);
  return enforcer;
}

interface Turn {
  current: Promise<void>;
  /** Shared by all callers that arrived during `current`. */
  next: Promise<void> | null;
}

/** Runs the work once for all callers that arrive during a run; that run starts after the last of them arrived. */
function takeTurn(turns: Map<number, Turn>, teamId: number, work: () => Promise<void>): Promise<void> {
  const begin = (): Promise<void> => {
    const turn: Turn = { current: work(), next: null };
    turns.set(teamId, turn);
    const leave = () => void (turn.next ?? turns.delete(teamId));
    turn.current.then(leave, leave);
    return turn.current;
  };
  const turn = turns.get(teamId);
  if (!turn) return begin();
  // Whether the earlier run failed only concerns its own callers.
  turn.next ??= turn.current.then(begin, begin);
  return turn.next;
}

async function push(plane: Networks, teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void> {
  try {
    await plane.ensureFirewalls(teamId, firewalls);
  } catch (error) {
    if (!(error instanceof DataPlaneError) || error.code !== 'not_found') throw error;
  }
}

/** Records that these revisions are in force. Where an operation is in progress, it sets the status itself. */
async function recordApplied(
  database: Database,
  teamId: number,
  revisions: Record<string, number>,
): Promise<void> {
  await database.transaction(async (tx) => {
    await lockFirewalls(tx, teamId);
    await sql`
      update firewalls f set
        applied_revision = revision,
        applied_rules = effective_rules,
        applied_instances = case when status = 'error' then applied_instances else
          (select coalesce(jsonb_agg(instance_id), '[]')
            from firewall_attachments where firewall_id = f.id) end,
        status = case when status = 'applying' and not exists (select from operations
            where resource_id = f.id and ${isUnfinished()})
          then ${SETTLED} else status end
      where team_id = ${teamId} and (status = 'applying' or revision <> applied_revision)
        and revision = (${JSON.stringify(revisions)}::jsonb ->> id::text)::integer`.execute(tx);
  });
}

/** The status of a firewall with nothing left to apply. */
export const SETTLED = sql<string>`case when rules = effective_rules then 'active' else 'draft' end`;
