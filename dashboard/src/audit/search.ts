import { timeSortIn } from '../ui/list-search.ts';
import { pageInPath } from '../ui/path.ts';

export const OUTCOMES = ['done', 'refused', 'failed'] as const;

export interface AuditSearch {
  status?: (typeof OUTCOMES)[number] | undefined;
  sort?: ReturnType<typeof timeSortIn>;
  page?: number | undefined;
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    status: OUTCOMES.find((outcome) => outcome === search.status),
    sort: timeSortIn(search.sort),
    page: pageInPath(search.page),
  };
}
