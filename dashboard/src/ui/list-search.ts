import { pageInPath } from './path.ts';

/** What a list shows, as its address says it. */
export interface ListSearch {
  q?: string | undefined;
  status?: string | undefined;
  sort?: string | undefined;
  page?: number | undefined;
}

const textOf = (value: unknown): string | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? text.slice(0, 255) : undefined;
};

/** Takes what it understands of an address, and leaves the rest out. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  return {
    q: textOf(search.q),
    status: textOf(search.status),
    sort: textOf(search.sort),
    page: pageInPath(search.page),
  };
}

export interface Sortable<T> {
  id: string;
  sort?: ((row: T) => string | number) | undefined;
}

/** The rows in the order that `sort` names: a column, with `-` in front for descending. Unknown ones change nothing. */
export function sorted<T>(
  rows: readonly T[],
  columns: readonly Sortable<T>[],
  sort: string | undefined,
): readonly T[] {
  const by = columns.find(({ id }) => id === sort?.replace(/^-/, ''))?.sort;
  if (!by) return rows;
  const direction = sort?.startsWith('-') ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)];
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en');
    return order * direction;
  });
}

const SORTS = ['created_at', '-created_at', 'name', '-name'] as const;

/** What the API sorts by, with `-` in front for descending. */
export type ServerSort = (typeof SORTS)[number];

/** How an address wants a list sorted that comes from the server by the page; the newest first where it says nothing. */
export const serverSortIn = (sort: unknown): ServerSort | undefined => SORTS.find((one) => one === sort);

/** The same, of lists whose lines have no name. */
export const timeSortIn = (sort: unknown): 'created_at' | '-created_at' | undefined =>
  sort === 'created_at' || sort === '-created_at' ? sort : undefined;
