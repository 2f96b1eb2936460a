import type { ReactNode } from 'react';
import type { ServerSort } from './list-search.ts';
import { pageInPath } from './path.ts';
import { type Column, Pager, Table } from './table.tsx';

/**
 * A list of which the server gives a page. Which one it is, is in the address, except for the first. Columns that can be sorted
 * are called as the API calls what it sorts by.
 */
export function PagedTable<T, Sort extends ServerSort = ServerSort>({
  caption,
  columns,
  data,
  idOf,
  page = 1,
  sort,
  perPage,
  onSearch,
  empty,
}: {
  caption: string;
  columns: readonly Column<T>[];
  /** Undefined until it is there. */
  data: { data: readonly T[]; pagination: { total: number } } | undefined;
  idOf: (row: T) => string;
  page?: number | undefined;
  sort?: Sort | undefined;
  perPage: number;
  onSearch: (change: { page: number | undefined; sort?: Sort | undefined }) => void;
  /** Shown in place of a list without rows. */
  empty: ReactNode;
}) {
  return (
    <>
      {data?.data.length === 0 ? (
        empty
      ) : (
        <Table
          caption={caption}
          columns={columns}
          rows={data?.data}
          idOf={idOf}
          sorting={{
            sort,
            onSort: (next) => onSearch({ sort: next as Sort, page: undefined }),
          }}
        />
      )}
      <Pager
        page={page}
        perPage={perPage}
        total={data?.pagination.total ?? 0}
        onPage={(next) => onSearch({ page: pageInPath(next) })}
      />
    </>
  );
}
