import type { Instance } from '../../instances/store.ts';
import type { StoredRule } from './rule.ts';
import type { FirewallRule } from './rule-schema.ts';
import type { FirewallView } from './schema.ts';
import type { Attachment, Firewall } from './store.ts';

/** A rule as the API shows it. */
export const viewRule = (rule: StoredRule): FirewallRule => ({
  ...rule,
  port: rule.port_range_start === rule.port_range_end ? rule.port_range_start : null,
});

/** A firewall as the API shows it. `attachments` may include those of other firewalls. */
export function viewFirewall(
  firewall: Firewall,
  attachments: readonly Attachment[],
  instances: ReadonlyMap<string, Instance>,
): FirewallView {
  return {
    id: firewall.id,
    name: firewall.name,
    description: firewall.description,
    status: firewall.status as FirewallView['status'],
    error: firewall.error as FirewallView['error'],
    is_default: firewall.default_of !== null,
    default_action: 'deny',
    rules: firewall.rules.map(viewRule),
    attached_instances: attachments
      .filter(({ firewall_id }) => firewall_id === firewall.id)
      .map(({ id, type }) => ({ id, type, name: instances.get(id)?.name ?? '' })),
    confirm_by: firewall.confirm_by?.toISOString() ?? null,
    created_at: firewall.created_at.toISOString(),
    updated_at: firewall.updated_at.toISOString(),
    team_id: firewall.team_id,
  };
}
