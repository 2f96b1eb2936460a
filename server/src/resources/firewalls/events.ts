import { Type } from 'typebox';
import { Failure, NOTHING, normal, warning } from '../../events/catalogue.ts';
import { requested } from '../../operations/events.ts';

/** Events of firewalls. */
export const firewallEvents = {
  created: normal('firewall.created', 'Created', NOTHING, () => 'The firewall was created.'),
  updated: normal('firewall.updated', 'Updated', NOTHING, () => 'The firewall was changed.'),
  requested: requested('firewall'),
  applied: normal('firewall.applied', 'Applied', NOTHING, () => 'The firewall is in force.'),
  applyFailed: warning(
    'firewall.apply_failed',
    'ApplyFailed',
    Failure,
    ({ error }) => `What was in force before stays in force: ${error.message}`,
  ),
  confirmed: normal(
    'firewall.confirmed',
    'Confirmed',
    NOTHING,
    () => 'The deploy was confirmed: its rules stay.',
  ),
  rolledBack: warning(
    'firewall.rolled_back',
    'RolledBack',
    NOTHING,
    () => 'Nobody confirmed the rules in time: those before them are in force again.',
  ),
  rollbackFailed: warning(
    'firewall.rollback_failed',
    'RollbackFailed',
    Failure,
    ({ error }) => `The rules before could not be brought back yet, which is tried again: ${error.message}`,
  ),
  rulesUpdated: normal(
    'firewall.rules_updated',
    'RulesUpdated',
    // The instance that they named.
    Type.Object({ deleted: Type.Object({ type: Type.String(), id: Type.String(), noun: Type.String() }) }),
    ({ deleted }) => `The rules no longer name a ${deleted.noun} that was deleted.`,
  ),
  deleted: normal('firewall.deleted', 'Deleted', NOTHING, () => 'The firewall was deleted.'),
};
