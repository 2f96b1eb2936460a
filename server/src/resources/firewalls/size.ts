import type { Instance } from '../../instances/store.ts';
import { compile } from '../../lib/packet-filter/compile.ts';
import type { Policies } from '../../lib/packet-filter/policy.ts';
import { workOf } from '../../lib/packet-filter/size.ts';
import { UncompilablePolicies } from '../../lib/packet-filter/uncompilable.ts';
import { addressBook } from './instances.ts';
import { MAX_WORK_OF_TEAM } from './limits.ts';
import { type StoredRule, toPolicy } from './rule.ts';
import type { Attachment } from './store.ts';

/** A team's firewalls with a planned change applied. */
export interface Plan {
  instances: readonly Instance[];
  firewalls: readonly { id: string; name: string; effective_rules: readonly StoredRule[] }[];
  attachments: readonly Attachment[];
}

/**
 * Why the data plane could not enforce the firewalls of an instance together, as sentences that name the rules; null
 * where it can. Checks the instances that a change of `firewallId` affects, or that firewall alone where there are
 * none.
 */
export function findTooLarge(
  plan: Plan,
  firewallId: string,
  instanceIds: ReadonlySet<string>,
): string | null {
  const addresses = addressBook(plan.instances);
  const policies = new Map(
    plan.firewalls.map(({ id, effective_rules }) => [id, toPolicy(effective_rules, addresses)]),
  );
  const byInstance = [...Map.groupBy(plan.attachments, ({ id }) => id)].map(([id, attachments]) => ({
    id,
    ids: attachments.map(({ firewall_id }) => firewall_id),
  }));
  const work = byInstance.map(({ ids }) => workOf(ids.map((id) => policies.get(id) ?? [])));
  if (work.reduce((sum, one) => sum + one, 0) > MAX_WORK_OF_TEAM) {
    return (
      'Taken together, the rules of all instances of the team name too many combinations of addresses and ports. ' +
      'Name fewer addresses, or attach the firewall to fewer instances.'
    );
  }
  const sets = byInstance.filter(({ id }) => instanceIds.has(id)).map(({ ids }) => ids);
  const checked = new Set<string>();
  for (const ids of sets.length === 0 ? [[firewallId]] : sets) {
    const together = ids.map((id) => policies.get(id) ?? []);
    // Most instances have the same firewalls, or equal ones.
    const key = JSON.stringify(together, (name, value: unknown) => (name === 'id' ? undefined : value));
    if (checked.has(key)) continue;
    checked.add(key);
    const error = tryToCompile(together);
    if (error) return `${error.message}${blame(plan, firewallId, error.ruleIds)}`;
  }
  return null;
}

function tryToCompile(policies: Policies): UncompilablePolicies | null {
  try {
    compile(policies);
    return null;
  } catch (error) {
    if (error instanceof UncompilablePolicies) return error;
    throw error;
  }
}

function blame({ firewalls }: Plan, firewallId: string, ruleIds: readonly string[]): string {
  const names = ruleIds.flatMap((ruleId) =>
    firewalls.flatMap(({ id, name, effective_rules }) => {
      const index = effective_rules.findIndex((rule) => rule.id === ruleId);
      const rule = effective_rules[index];
      if (!rule) return [];
      const own = rule.name === null ? `${index + 1}` : `${index + 1} “${rule.name}”`;
      return [id === firewallId ? own : `${own} of the firewall “${name}”`];
    }),
  );
  return names.length === 0 ? '' : ` These rules take most: ${names.join(', ')}.`;
}
