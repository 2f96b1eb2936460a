import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import { nounOf } from '../../instances/kinds.ts';
import type { Instance } from '../../instances/store.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { firewallEvents } from './events.ts';
import { type InstanceName, newRule, type StoredRule, withoutInstance } from './rule.ts';
import { jsonb, listFirewalls, lockFirewalls, NEXT_REVISION, updateFirewall } from './store.ts';

/** The firewalls of an instance at its creation and deletion. */

/** Allows SSH and ping from everywhere, and nothing else. */
export const serverRules = (): StoredRule[] => [
  newRule({
    name: 'ssh',
    direction: 'inbound',
    protocol: 'tcp',
    port_range_start: 22,
    port_range_end: 22,
    order: 1,
  }),
  newRule({ name: 'ping', direction: 'inbound', protocol: 'icmp', order: 2 }),
];

/** Allows the engine's ports from the team's network, which includes the host. */
export async function serviceRules(
  db: Queryable,
  teamId: number,
  ports: readonly number[],
): Promise<StoredRule[]> {
  const result = await sql<{ subnets: string[] }>`
    select array[ipv4_subnet::text, ipv6_subnet::text] as subnets from networks where team_id = ${teamId}`.execute(
    db,
  );
  const source_ips = result.rows[0]!.subnets;
  return ports.map((port, index) =>
    newRule({
      name: 'team',
      direction: 'inbound',
      protocol: 'tcp',
      port_range_start: port,
      port_range_end: port,
      source_ips,
      order: index + 1,
    }),
  );
}

/**
 * Creates the default firewall of a new instance, in the transaction that inserts the instance. It takes effect once
 * the instance's workflow has created the network.
 */
export async function createDefaultFirewall(
  tx: Tx,
  instance: Pick<Instance, 'id' | 'kind' | 'team_id' | 'name'>,
  rules: readonly StoredRule[],
): Promise<void> {
  const id = uuidv7();
  await tx
    .with('added', (db) =>
      db.insertInto('firewalls').values({
        id,
        team_id: instance.team_id,
        name: `${instance.name.slice(0, 247)}-default`,
        description: `Made together with the ${nounOf(instance.kind)} ${instance.name}.`,
        default_of: instance.id,
        status: 'applying',
        rules: jsonb(rules),
        effective_rules: jsonb(rules),
      }),
    )
    .insertInto('firewall_attachments')
    .values({ firewall_id: id, team_id: instance.team_id, instance_id: instance.id })
    .execute();
}

/**
 * Removes a deleted instance from all firewalls, in the transaction that deletes its row: its attachments, the rules
 * that name it, and its default firewall if nothing else uses that.
 */
export async function forgetInstance(tx: Tx, teamId: number, instance: InstanceName): Promise<void> {
  await lockFirewalls(tx, teamId);
  const detached = await tx
    .deleteFrom('firewall_attachments')
    .where('instance_id', '=', instance.id)
    .where('team_id', '=', teamId)
    .returning('firewall_id')
    .execute();
  if (detached.length > 0) {
    const ids = detached.map(({ firewall_id }) => firewall_id);
    await tx.updateTable('firewalls').set(NEXT_REVISION).where('id', 'in', ids).execute();
  }
  await forgetSource(tx, teamId, instance);
  await deleteUnusedDefaults(tx, teamId, instance.id);
}

/**
 * Deletes default firewalls that are attached to nothing and whose instance is gone. `gone`: an instance whose row is
 * about to be deleted.
 */
export async function deleteUnusedDefaults(tx: Tx, teamId: number, gone: string | null): Promise<void> {
  await sql`delete from firewalls f where team_id = ${teamId} and default_of is not null
    and (default_of = ${gone} or not exists (select from instances where id = f.default_of))
    and not exists (select from firewall_attachments where firewall_id = f.id)`.execute(tx);
}

const COLUMNS = ['rules', 'effective_rules', 'applied_rules', 'rollback_rules'] as const;

async function forgetSource(tx: Tx, teamId: number, instance: InstanceName): Promise<void> {
  for (const firewall of await listFirewalls(tx, teamId)) {
    const isNamed = COLUMNS.some((column) =>
      firewall[column]?.some((rule) => rule.source_instance_ids?.some(({ id }) => id === instance.id)),
    );
    if (!isNamed) continue;
    const changes = COLUMNS.filter((column) => firewall[column] !== null).map((column) => [
      column,
      jsonb(withoutInstance(firewall[column] ?? [], instance.id)),
    ]);
    await updateFirewall(tx, firewall.id, { ...Object.fromEntries(changes), ...NEXT_REVISION });
    const subject = { teamId, resourceType: 'firewall', resourceId: firewall.id };
    const deleted = { ...instance, noun: nounOf(instance.type) };
    await record(tx, firewallEvents.rulesUpdated, subject, { deleted });
  }
}
