import { isDeepStrictEqual } from 'node:util';
import type { StoredRule } from './rule.ts';
import { type Firewall, jsonb, NEXT_REVISION } from './store.ts';

/** The columns for deploying rules for good: a deploy that waits for confirmation is no longer waited for. */
export const deployColumns = (rules: readonly StoredRule[]) => ({
  effective_rules: jsonb(rules),
  confirm_by: null,
  rollback_rules: null,
});

/** The columns for saving rules as a draft. Effective rules stay; a firewall that was never applied has none. */
export function draftColumns(firewall: Firewall, rules: readonly StoredRule[]) {
  if (firewall.status === 'draft' && isDeepStrictEqual(firewall.rules, firewall.effective_rules)) {
    return { effective_rules: jsonb([]), ...NEXT_REVISION };
  }
  const isDraft = firewall.status === 'active' && !isDeepStrictEqual(rules, firewall.effective_rules);
  return isDraft ? { status: 'draft' } : {};
}
