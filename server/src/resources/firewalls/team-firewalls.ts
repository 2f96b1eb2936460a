import type { Queryable, Tx } from '../../db/database.ts';
import { nounOf } from '../../instances/kinds.ts';
import { type Instance, listTeamInstances } from '../../instances/store.ts';
import { notFound } from '../../lib/errors.ts';
import { MAX_FIREWALLS_OF_INSTANCE } from './limits.ts';
import type { InstanceName, StoredRule } from './rule.ts';
import { checkInstance, checkInstances, FieldErrorList } from './rules.ts';
import type { CreateFirewall, FirewallAttachment } from './schema.ts';
import { findTooLarge } from './size.ts';
import { type Attachment, type Firewall, listAttachments, listFirewalls, lockFirewalls } from './store.ts';

/** A team's firewalls, their attachments and instances. */
export interface TeamFirewalls {
  instances: Map<string, Instance>;
  firewalls: Firewall[];
  attachments: Attachment[];
}

/** The team's instances, by id. */
export const readInstances = async (db: Queryable, teamId: number): Promise<Map<string, Instance>> =>
  new Map((await listTeamInstances(db, teamId)).map((instance) => [instance.id, instance]));

/** Reads them in several queries, so they may not be of the same moment. */
export async function readTeam(db: Queryable, teamId: number): Promise<TeamFirewalls> {
  return {
    instances: await readInstances(db, teamId),
    firewalls: await listFirewalls(db, teamId),
    attachments: await listAttachments(db, teamId),
  };
}

/** Reads them and prevents other changes of the team's firewalls until the transaction ends. */
export async function lockTeam(tx: Tx, teamId: number): Promise<TeamFirewalls> {
  await lockFirewalls(tx, teamId);
  return readTeam(tx, teamId);
}

/** One of the team's firewalls. Throws `not_found`. */
export function pick(team: TeamFirewalls, id: string): Firewall {
  const firewall = team.firewalls.find((candidate) => candidate.id === id.toLowerCase());
  if (!firewall) throw notFound('Firewall');
  return firewall;
}

/** The instances that a firewall is attached to. */
export const attachedTo = (team: TeamFirewalls, firewallId: string): InstanceName[] =>
  team.attachments
    .filter(({ firewall_id }) => firewall_id === firewallId)
    .map(({ id, type }) => ({ id, type }));

/** The instance that a request names. Throws `validation_failed`. */
export function findNamed(
  team: TeamFirewalls,
  { instance_id: id, instance_type: type }: FirewallAttachment,
): Instance {
  const errors = new FieldErrorList();
  const where = { id: 'instance_id', type: 'instance_type' };
  const instance = checkInstance({ id, type }, where, team.instances, errors);
  errors.throw();
  return instance!;
}

/** The instances that a request attaches a firewall to; errors are added to `errors`. */
export function checkAttached(
  team: TeamFirewalls,
  firewallId: string,
  list: NonNullable<CreateFirewall['attached_instances']>,
  errors: FieldErrorList,
): InstanceName[] {
  const instances = checkInstances(list, 'attached_instances', team.instances, errors);
  for (const instance of instances) {
    const index = list.findIndex(({ id }) => id.toLowerCase() === instance.id);
    checkRoom(team, firewallId, instance, `attached_instances.${index}.id`, errors);
  }
  return instances;
}

/** Adds an error where an instance already has the maximum number of firewalls. */
export function checkRoom(
  team: TeamFirewalls,
  firewallId: string,
  instance: InstanceName,
  field: string,
  errors: FieldErrorList,
): void {
  const others = team.attachments.filter(
    ({ id, firewall_id }) => id === instance.id && firewall_id !== firewallId,
  );
  if (others.length < MAX_FIREWALLS_OF_INSTANCE) return;
  errors.add(
    field,
    `The ${nounOf(instance.type)} has ${others.length} firewalls already, which is all that it can have. Detach ` +
      'one first.',
  );
}

/**
 * Throws `validation_failed` where the data plane could not enforce an instance's firewalls after this change. Checks
 * detached instances too: this firewall may have denied as a whole what the others allow in many pieces.
 */
export function assertNotTooLarge(
  team: TeamFirewalls,
  { id, name, rules, attached }: { id: string; name: string; rules: StoredRule[]; attached: InstanceName[] },
): void {
  const plan = {
    instances: [...team.instances.values()],
    firewalls: [...team.firewalls.filter((other) => other.id !== id), { id, name, effective_rules: rules }],
    attachments: [
      ...team.attachments.filter(({ firewall_id }) => firewall_id !== id),
      ...attached.map((instance) => ({ ...instance, firewall_id: id })),
    ],
  };
  const affected = new Set([...attachedTo(team, id), ...attached].map((instance) => instance.id));
  const sentence = findTooLarge(plan, id, affected);
  const errors = new FieldErrorList();
  if (sentence) errors.add('rules', sentence);
  errors.throw();
}
