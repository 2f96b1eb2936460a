import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Addresses, InstanceFirewall } from '../../dataplane/contract/networks.ts';
import type { Queryable } from '../../db/database.ts';
import { memberName } from '../../instances/naming.ts';
import type { Policies } from '../../lib/packet-filter/policy.ts';
import { type StoredRule, toPolicy } from './rule.ts';

/** The firewalls that the data plane should enforce in a team's network, as of one moment. */
export interface Intent {
  /** Ordered by member id. Firewalls that did not change since the previous intent are the same objects. */
  firewalls: InstanceFirewall[];
  /** Incremented by each change: equal revisions mean equal intents. */
  revision: number;
  /** Revisions of the firewalls that are not known to be in force, by id; null: none. */
  unconfirmed: Record<string, number> | null;
}

/** The present revision of a team's intent. */
export async function readRevision(db: Queryable, teamId: number): Promise<number> {
  const result = await sql<{ revision: number }>`
    select revision from firewall_revisions where team_id = ${teamId}`.execute(db);
  return result.rows[0]?.revision ?? 0;
}

/** Reads the whole intent, without a cache. */
export const readIntent = (db: Queryable, teamId: number): Promise<Intent> =>
  new Intents().read(db, teamId, { anew: true });

/** Most instances in the cache. Beyond that, the teams least recently used are dropped from it. */
const MAX_REMEMBERED = 20_000;

/**
 * Reads intents, with a cache: of a cached team, it reads only the instances whose firewalls have changed since, which
 * the database records in `firewall_changes`.
 */
export class Intents {
  readonly #known = new Map<number, Team>();
  #remembered = 0;

  /** Reads the intent in one statement, so that it is consistent. `anew`: ignores the cache. */
  async read(db: Queryable, teamId: number, { anew = false } = {}): Promise<Intent> {
    const before = this.#known.get(teamId);
    const changes = before && !anew ? await readRows(db, teamId, before.revision) : null;
    const isWhole = changes?.changed && changes.count === changes.revision - before!.revision;
    const rows = isWhole ? changes : await readRows(db, teamId, null);
    const team = merge(teamId, before, rows);
    this.#remember(teamId, team);
    return { firewalls: firewallsOf(team), revision: rows.revision, unconfirmed: rows.unconfirmed };
  }

  #remember(teamId: number, team: Team): void {
    this.#forget(teamId);
    this.#known.set(teamId, team);
    this.#remembered += team.instances.size;
    for (const oldest of this.#known.keys()) {
      if (this.#remembered <= MAX_REMEMBERED) break;
      this.#forget(oldest);
    }
  }

  #forget(teamId: number): void {
    this.#remembered -= this.#known.get(teamId)?.instances.size ?? 0;
    this.#known.delete(teamId);
  }
}

interface Rows {
  revision: number;
  /** The number of changes since the requested revision. */
  count: number;
  /** The instances they concern; null: all. The other members cover only these instances. */
  changed: string[] | null;
  members: ({ kind: string; instance_id: string; id: string } & Addresses)[];
  firewalls: { id: string; rules: StoredRule[] }[];
  /** Sorted by firewall. */
  attachments: { firewall_id: string; instance_id: string }[];
  unconfirmed: Record<string, number> | null;
}

/**
 * The rows at one moment; with `since`, those of instances that changed since that revision. Instances being deleted
 * are left out: they no longer communicate, and their address is reused once they are gone. A firewall whose change
 * failed applies to the instances for which it was in force before.
 */
async function readRows(db: Queryable, teamId: number, since: number | null): Promise<Rows> {
  const all = sql`true`;
  const about = (column: 'i.id' | 'a.instance_id' | 'a.id::uuid') =>
    since === null ? all : sql`${sql.raw(column)} = any (array(select instance_id from changes))`;
  // Changes of a team are of its instances. With the team as well, PostgreSQL before 17 reads all of these.
  const instances = since === null ? sql`i.team_id = ${teamId}` : about('i.id');
  const result = await sql<Rows>`
    with changes as materialized (
      select instance_id from firewall_changes where team_id = ${teamId} and revision > ${since}::bigint),
    attached as materialized (
      select f.id as firewall_id, a.instance_id from firewall_attachments a join firewalls f on f.id = a.firewall_id
      where a.team_id = ${teamId} and f.status <> 'error' and ${about('a.instance_id')}
      union all
      select f.id, a.id::uuid from firewalls f, jsonb_array_elements_text(f.applied_instances) a (id)
      where f.team_id = ${teamId} and f.status = 'error' and ${about('a.id::uuid')})
    select
      coalesce((select revision from firewall_revisions where team_id = ${teamId}), 0) as revision,
      (select count(*) from changes) as count,
      case when ${since}::bigint is null or exists (select from changes where instance_id is null) then null
        else (select coalesce(jsonb_agg(distinct instance_id), '[]') from changes) end as changed,
      (select coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'instance_id', i.id, 'id', m.id,
          'ipv4', host(m.ipv4), 'ipv6', host(m.ipv6))), '[]')
        from instances i join members m on m.instance_id = i.id
        where ${instances} and i.status <> 'destroying') as members,
      (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'rules', effective_rules)), '[]')
        from firewalls where id in (select firewall_id from attached)) as firewalls,
      (select coalesce(jsonb_agg(attached order by firewall_id), '[]') from attached) as attachments,
      (select jsonb_object_agg(id, revision) from firewalls
        where team_id = ${teamId} and (status = 'applying' or revision <> applied_revision)) as unconfirmed`.execute(
    db,
  );
  return result.rows[0]!;
}

/** What is cached of a team. Immutable: its successor is made from it. */
interface Team {
  revision: number;
  instances: ReadonlyMap<string, Instance>;
}

interface Instance {
  members: Rows['members'];
  /** Sorted by id. */
  firewalls: Rows['firewalls'];
  /** For each member. */
  enforced: InstanceFirewall[];
}

function merge(teamId: number, before: Team | undefined, rows: Rows): Team {
  if (before && rows.changed?.length === 0) return { ...before, revision: rows.revision };
  const instances = new Map(rows.changed ? before?.instances : []);
  for (const id of rows.changed ?? []) instances.delete(id);
  const found = Map.groupBy(rows.members, ({ instance_id }) => instance_id);
  const firewalls = new Map(rows.firewalls.map((firewall) => [firewall.id, firewall]));
  const attachments = Map.groupBy(rows.attachments, ({ instance_id }) => instance_id);
  for (const [id, members] of found) {
    const own = (attachments.get(id) ?? []).flatMap(({ firewall_id }) => firewalls.get(firewall_id) ?? []);
    instances.set(id, { members, firewalls: own, enforced: [] });
  }
  const addresses = new Map([...instances].map(([id, { members }]) => [id, members.flatMap(addressesOf)]));
  const policies = createPolicies(addresses);
  // Where rules name a changed instance, its addresses are part of other instances' policies.
  const concerned = rows.changed && !isNamed(instances, rows.changed) ? found.keys() : instances.keys();
  for (const id of [...concerned]) {
    const { members, firewalls: own } = instances.get(id)!;
    const enforced = members.map((member) => ({
      ref: { teamId, name: memberName(member.kind, member.id) },
      addresses: { ipv4: member.ipv4, ipv6: member.ipv6 },
      policies: policies(own),
    }));
    instances.set(id, { members, firewalls: own, enforced: reuse(enforced, before?.instances.get(id)) });
  }
  return { revision: rows.revision, instances };
}

/** Creates the policies of firewalls; equal lists of firewalls give the same object. */
function createPolicies(addresses: ReadonlyMap<string, string[]>) {
  const made = new Map<string, Policies>();
  return (firewalls: Rows['firewalls']): Policies => {
    const key = firewalls.map(({ id }) => id).join();
    const policies = made.get(key) ?? firewalls.map(({ rules }) => toPolicy(rules, addresses));
    made.set(key, policies);
    return policies;
  };
}

/** Reuses the previous objects where nothing differs, so that the data plane can see what is unchanged. */
const reuse = (enforced: InstanceFirewall[], before: Instance | undefined): InstanceFirewall[] =>
  before && isDeepStrictEqual(enforced, before.enforced) ? before.enforced : enforced;

const addressesOf = ({ ipv4, ipv6 }: Addresses): string[] =>
  [ipv4, ipv6].filter((address) => address !== null);

function isNamed(instances: ReadonlyMap<string, Instance>, ids: readonly string[]): boolean {
  const wanted = new Set(ids);
  return [...instances.values()].some(({ firewalls }) =>
    firewalls.some(({ rules }) =>
      rules.some((rule) => rule.source_instance_ids?.some(({ id }) => wanted.has(id))),
    ),
  );
}

const firewallsOf = ({ instances }: Team): InstanceFirewall[] =>
  [...instances.values()].flatMap(({ enforced }) => enforced).sort(byName);

const memberIdOf = ({ ref: { name } }: InstanceFirewall): string => name.slice(-36);

/** By member id, regardless of kind. */
const byName = (a: InstanceFirewall, b: InstanceFirewall): number => (memberIdOf(a) < memberIdOf(b) ? -1 : 1);
