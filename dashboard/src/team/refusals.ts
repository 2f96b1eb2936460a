import { useQuery } from '@tanstack/react-query';
import { common } from '../text/common.ts';
import { NO_REFUSALS, type Refusals } from '../ui/refusals.ts';
import { isAdmin, type Role, teamQuery } from './queries.ts';

/** These pages are about the account, the team or the install, and ask for themselves what may be done on them. */
const NOT_RESOURCES = /^\/(settings|tokens|team|notifications|operator)(\/|$)/;
/** What is deleted here, others do not miss: whoever may change it may do that too. */
const LIGHT = /^\/(alerts|webhooks)(\/|$)/;

/** Why the role of the account keeps it from changing what a page of the team's resources shows. */
export function useRefusalsOfRole(path: string): Refusals {
  const { data } = useQuery(teamQuery);
  return NOT_RESOURCES.test(path) ? NO_REFUSALS : refusalsOf(data?.role, path);
}

function refusalsOf(role: Role | undefined, path: string): Refusals {
  if (role === 'viewer') return { change: common.mayNotChange, remove: common.mayNotChange };
  const mayRemove = role === undefined || isAdmin(role) || LIGHT.test(path);
  return mayRemove ? NO_REFUSALS : { change: null, remove: common.mayNotDelete };
}
