import { isDeepStrictEqual } from 'node:util';
import type { StoredRule } from './rule.ts';
import { type Firewall, jsonb, NEXT_REVISION } from './store.ts';

/** The rules go into force, and stay there: what waited to be confirmed is no longer waited for. */
export const deployColumns = (rules: readonly StoredRule[]) => ({
  effective_rules: jsonb(rules),
  confirm_by: null,
  rollback_rules: null,
});

/** What is in force stays while new rules are a draft; of a firewall that was never applied, that is nothing. */
export function draftColumns(firewall: Firewall, rules: readonly StoredRule[]) {
  if (firewall.status === 'draft' && isDeepStrictEqual(firewall.rules, firewall.effective_rules)) {
    return { effective_rules: jsonb([]), ...NEXT_REVISION };
  }
  const isDraft = firewall.status === 'active' && !isDeepStrictEqual(rules, firewall.effective_rules);
  return isDraft ? { status: 'draft' } : {};
}
