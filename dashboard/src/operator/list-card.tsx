import { type ReactNode, useState } from 'react';
import { SearchField } from '../ui/filter.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import type { Column } from '../ui/table.tsx';
import { PER_PAGE } from './queries.ts';
import type { ListPageProps } from './search.ts';

/** A list that is paged and searched by the server. */
export function ListCard<T extends { id: number }>({
  caption,
  columns,
  data,
  search,
  onSearch,
  searchLabel,
  none,
  filter,
}: ListPageProps & {
  caption: string;
  columns: readonly Column<T>[];
  data: { data: readonly T[]; pagination: { total: number } } | undefined;
  searchLabel: string;
  none: ReactNode;
  /** Narrows the list further. */
  filter?: ReactNode;
}) {
  const [text, setText] = useState(search.q ?? '');
  return (
    <div className="card overflow-hidden">
      <form
        className="flex min-h-15 flex-wrap items-center gap-3 border-b border-line px-5 py-3"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch({ q: text.trim() || undefined, page: undefined });
        }}
      >
        <SearchField
          label={searchLabel}
          value={text}
          onValue={(typed) => {
            setText(typed);
            if (typed === '') onSearch({ q: undefined, page: undefined });
          }}
        />
        {filter}
      </form>
      <PagedTable
        caption={caption}
        columns={columns}
        data={data}
        idOf={({ id }) => String(id)}
        page={search.page}
        sort={search.sort}
        perPage={PER_PAGE}
        onSearch={onSearch}
        empty={<p className="px-5 py-8 text-center text-quiet">{none}</p>}
      />
    </div>
  );
}
