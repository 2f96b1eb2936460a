import { timeSortIn } from '../ui/list-search.ts';
import { pageInPath } from '../ui/path.ts';

export const OPERATION_STATES = ['queued', 'running', 'succeeded', 'failed'] as const;

export interface OperationSearch {
  status?: (typeof OPERATION_STATES)[number] | undefined;
  sort?: ReturnType<typeof timeSortIn>;
  page?: number | undefined;
}

export function readOperationSearch(search: Record<string, unknown>): OperationSearch {
  return {
    status: OPERATION_STATES.find((state) => state === search.status),
    sort: timeSortIn(search.sort),
    page: pageInPath(search.page),
  };
}
