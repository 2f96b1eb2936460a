import { type ServerSort, serverSortIn } from '../ui/list-search.ts';
import { pageInPath } from '../ui/path.ts';
import type { AlertState } from './api.ts';

export const ALERT_STATES: readonly AlertState[] = ['triggered', 'active', 'resolved', 'disabled'];

/** What the list shows, as its address says it. */
export interface AlertSearch {
  status?: AlertState | undefined;
  sort?: ServerSort | undefined;
  page?: number | undefined;
}

export function readAlertSearch(search: Record<string, unknown>): AlertSearch {
  return {
    status: ALERT_STATES.find((state) => state === search.status),
    sort: serverSortIn(search.sort),
    page: pageInPath(search.page),
  };
}
