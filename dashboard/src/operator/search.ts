import { pageInPath } from '../ui/path.ts';

export interface ListSearch {
  /** What is looked for. */
  q?: string | undefined;
  status?: 'failed' | 'hanging' | undefined;
  page?: number | undefined;
}

export const TROUBLES = ['failed', 'hanging'] as const;

export function readListSearch(search: Record<string, unknown>): ListSearch {
  return {
    q: typeof search.q === 'string' && search.q !== '' ? search.q : undefined,
    status: TROUBLES.find((one) => one === search.status),
    page: pageInPath(search.page),
  };
}

export interface ListPageProps {
  search: ListSearch;
  onSearch: (change: ListSearch) => void;
}
