import { sql } from 'kysely';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceFirewall, Networks } from '../../dataplane/contract/networks.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { memberName } from '../../instances/naming.ts';
import type { Instance } from '../../instances/store.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import { addressBook } from './instances.ts';
import { type StoredRule, toPolicy } from './rule.ts';
import { type Attachment, lockFirewalls } from './store.ts';

/** What the data plane is to let pass in a team's network, at one moment. */
export interface Intent {
  firewalls: InstanceFirewall[];
  /** Revisions of the firewalls that are part of it, by id. */
  revisions: Record<string, number>;
  /** Whether some of them are not known to be in force. */
  unconfirmed: boolean;
  /** Equal for two moments where nothing has changed between them. */
  digest: string;
}

interface Rows {
  instances: Pick<Instance, 'kind' | 'id' | 'member_id' | 'ipv4' | 'ipv6'>[];
  firewalls: { id: string; revision: number; rules: StoredRule[] }[];
  attachments: Pick<Attachment, 'firewall_id' | 'id'>[];
  unconfirmed: boolean;
  digest: string;
}

/**
 * The rows of a moment. An instance that is being deleted is left out: it has nothing more to send or receive, and its
 * address is free for the next one once it is gone. A firewall whose change failed is for the instances that it was in
 * force for before.
 */
const rowsOf = (teamId: number) => sql`
  select instances, firewalls, attachments, unconfirmed,
    md5(instances::text || firewalls::text || attachments::text) as digest
  from (select ${teamId}::bigint as id) team,
    lateral (
      select coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'id', i.id, 'member_id', m.id, 'ipv4', host(m.ipv4),
        'ipv6', host(m.ipv6)) order by m.id), '[]') as instances
      from instances i join members m on m.instance_id = i.id
      where i.team_id = team.id and i.status <> 'destroying') of_instances,
    lateral (
      select coalesce(jsonb_agg(jsonb_build_object('id', id, 'revision', revision, 'rules', effective_rules) order by id), '[]')
        as firewalls, coalesce(bool_or(status = 'applying' or revision <> applied_revision), false) as unconfirmed
      from firewalls where team_id = team.id) of_firewalls,
    lateral (
      select coalesce(jsonb_agg(jsonb_build_object('firewall_id', f.id, 'id', a.id) order by f.id, a.id), '[]')
        as attachments
      from firewalls f, lateral (
        select instance_id as id from firewall_attachments where firewall_id = f.id and f.status <> 'error'
        union all
        select attached.id::uuid from jsonb_array_elements_text(f.applied_instances) attached (id)
        where f.status = 'error') a
      where f.team_id = team.id) of_attachments`;

/** Reads the intent in one statement, so that all of it is of one moment. */
export async function readIntent(db: Queryable, teamId: number): Promise<Intent> {
  const result = await sql<Rows>`${rowsOf(teamId)}`.execute(db);
  const { instances, firewalls, attachments, unconfirmed, digest } = result.rows[0]!;
  const addresses = addressBook(instances);
  const policies = new Map(firewalls.map(({ id, rules }) => [id, toPolicy(rules, addresses)]));
  const byInstance = Map.groupBy(attachments, ({ id }) => id);
  return {
    firewalls: instances.map(({ kind, id, member_id, ipv4, ipv6 }) => ({
      ref: { teamId, name: memberName(kind, member_id) },
      addresses: { ipv4, ipv6 },
      policies: (byInstance.get(id) ?? []).map(({ firewall_id }) => policies.get(firewall_id) ?? []),
    })),
    revisions: Object.fromEntries(firewalls.map(({ id, revision }) => [id, revision])),
    unconfirmed,
    digest,
  };
}

async function readDigest(db: Queryable, teamId: number): Promise<string> {
  const result = await sql<{ digest: string }>`select digest from (${rowsOf(teamId)}) now`.execute(db);
  return result.rows[0]!.digest;
}

/**
 * Brings what the data plane lets pass in the team's network in line with the rows. What changes meanwhile is brought
 * there too: of several who do this at once, the last to write has read the rows after it wrote. Safe to repeat. Throws
 * what the data plane throws, but for a network that is not there yet: who makes it calls this afterwards.
 */
export async function applyTeamFirewalls(database: Database, plane: Networks, teamId: number): Promise<void> {
  const turns = turnsOf.get(plane) ?? new Map<number, Turn>();
  turnsOf.set(plane, turns);
  // What has changed while a turn was at work is left to the next one where that is wanted already. Otherwise a team whose
  // rows change all the time, as while many instances are being created, would keep everybody waiting until that ends.
  const isLeft = (): boolean => turns.get(teamId)?.next != null;
  await takeTurn(turns, teamId, () => bringInLine(database, plane, teamId, isLeft));
}

async function bringInLine(
  database: Database,
  plane: Networks,
  teamId: number,
  isLeft: () => boolean,
): Promise<void> {
  for (;;) {
    const { firewalls, revisions, unconfirmed, digest } = await readIntent(database.db, teamId);
    await push(plane, teamId, firewalls);
    if ((await readDigest(database.db, teamId)) !== digest && !isLeft()) continue;
    if (unconfirmed) await recordApplied(database, teamId, revisions);
    return;
  }
}

interface Turn {
  current: Promise<void>;
  /** Shared by all who came while `current` was at work. */
  next: Promise<void> | null;
}

/** By team. */
const turnsOf = new WeakMap<Networks, Map<number, Turn>>();

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
      where team_id = ${teamId} and (status = 'applying' or applied_revision <> revision)
        and revision = (${JSON.stringify(revisions)}::jsonb ->> id::text)::integer`.execute(tx);
  });
}

/** The status of a firewall that nothing is to be done about. */
export const SETTLED = sql<string>`case when rules = effective_rules then 'active' else 'draft' end`;
