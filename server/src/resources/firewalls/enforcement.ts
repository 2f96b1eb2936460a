import { sql } from 'kysely';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceFirewall, Networks } from '../../dataplane/contract/networks.ts';
import type { Database } from '../../db/database.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import { Intents, readRevision } from './intent.ts';
import { lockFirewalls } from './store.ts';

/**
 * Brings what the data plane lets pass in the team's network in line with the rows. What changes meanwhile is brought
 * there too: of several who do this at once, the last to write has read the rows after it wrote. Safe to repeat. Throws
 * what the data plane throws, but for a network that is not there yet: who makes it calls this afterwards.
 *
 * `anew`: reads all rows, whatever is remembered of them.
 */
export async function applyTeamFirewalls(
  database: Database,
  plane: Networks,
  teamId: number,
  { anew = false } = {},
): Promise<void> {
  const { turns, intents } = enforcerOf(plane);
  // What has changed while a turn was at work is left to the next one where that is wanted already. Otherwise a team
  // whose rows change all the time, as while many instances are being created, would keep everybody waiting until that
  // ends.
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

/** What a process knows while it enforces firewalls by a data plane. */
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
  /** Shared by all who came while `current` was at work. */
  next: Promise<void> | null;
}

/** Does the work once for all who ask while it is under way: it begins after the last of them has asked. */
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
  // Whether it failed is for those to know who asked before.
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

/** What the columns of these revisions hold is in force. Where an operation is under way, the status is left to it. */
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

/** The status of a firewall that nothing is to be done about. */
export const SETTLED = sql<string>`case when rules = effective_rules then 'active' else 'draft' end`;
