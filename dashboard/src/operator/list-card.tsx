import { Search } from 'lucide-react';
import { type ReactNode, useState } from 'react';
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
        <div className="relative w-full max-w-72">
          <Search className="absolute top-2.5 left-3 size-4 text-quiet" aria-hidden />
          <input
            type="search"
            aria-label={searchLabel}
            placeholder={searchLabel}
            className="control pl-9"
            value={text}
            onChange={({ target }) => {
              setText(target.value);
              if (target.value === '') onSearch({ q: undefined, page: undefined });
            }}
          />
        </div>
        {filter}
      </form>
      <PagedTable
        caption={caption}
        columns={columns}
        data={data}
        idOf={({ id }) => String(id)}
        page={search.page}
        perPage={PER_PAGE}
        onSearch={onSearch}
        empty={<p className="px-5 py-8 text-center text-quiet">{none}</p>}
      />
    </div>
  );
}
