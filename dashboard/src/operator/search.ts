import { type ServerSort, serverSortIn } from '../ui/list-search.ts';
import { pageInPath } from '../ui/path.ts';

export interface ListSearch {
  /** What is looked for. */
  q?: string | undefined;
  status?: Status | undefined;
  sort?: ServerSort | undefined;
  page?: number | undefined;
}

/** What a list of operations, or of accounts, can be narrowed to. */
export const TROUBLES = ['failed', 'hanging'] as const;
export const ACCOUNT_STATUSES = ['active', 'unconfirmed', 'disabled', 'deleted'] as const;
const STATUSES = [...TROUBLES, ...ACCOUNT_STATUSES] as const;
type Status = (typeof STATUSES)[number];

/** The status, if it is one of these. */
export const oneOf = <S extends Status>(statuses: readonly S[], status: Status | undefined): S | undefined =>
  statuses.find((one) => one === status);

export function readListSearch(search: Record<string, unknown>): ListSearch {
  return {
    q: typeof search.q === 'string' && search.q !== '' ? search.q : undefined,
    status: STATUSES.find((one) => one === search.status),
    sort: serverSortIn(search.sort),
    page: pageInPath(search.page),
  };
}

export interface ListPageProps {
  search: ListSearch;
  onSearch: (change: ListSearch) => void;
}
