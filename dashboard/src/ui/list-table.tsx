import { useNavigate, useSearch } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '../text/common.ts';
import { Button } from './button.tsx';
import { FilterStrip, SearchField } from './filter.tsx';
import { type ListSearch, readListSearch, sorted } from './list-search.ts';
import { Empty } from './page.tsx';
import { pageInPath } from './path.ts';
import { type Column, Pager, Table } from './table.tsx';

const PER_PAGE = 50;

interface Props<T> {
  caption: string;
  columns: readonly Column<T>[];
  /** All of them; undefined until they are there. */
  rows: readonly T[] | undefined;
  idOf: (row: T) => string;
  /** In which of a row's texts somebody searches. */
  textOf: (row: T) => string;
  /** Tells this list from others on the page in the address. */
  name?: string;
  /** What else narrows it. */
  filter?: ReactNode;
  /** How many lines to show while loading. */
  expect?: number;
}

/** A list that is filtered, sorted and cut into pages here. What it shows is in the address. */
export function ListTable<T>({ caption, columns, rows, idOf, textOf, name = '', filter, expect }: Props<T>) {
  const [{ q = '', sort, page = 1 }, change] = useListSearch(name);
  const words = q.toLowerCase().split(/\s+/);
  const fitting = rows?.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const shown = fitting && sorted(fitting, columns, sort);
  return (
    <>
      <FilterStrip>
        <SearchField
          label={`${common.search}: ${caption}`}
          value={q}
          onValue={(typed) => change({ q: typed || undefined, page: undefined })}
        />
        {filter}
      </FilterStrip>
      <Table
        caption={caption}
        columns={columns}
        rows={shown?.slice((page - 1) * PER_PAGE, page * PER_PAGE)}
        idOf={idOf}
        sorting={{ sort, onSort: (next) => change({ sort: next, page: undefined }) }}
        {...(expect === undefined ? {} : { expect })}
      />
      {shown?.length === 0 && (
        <Empty
          icon={<Search />}
          title={common.noMatch}
          action={
            q && (
              <Button onClick={() => change({ q: undefined, page: undefined })}>{common.clearFilters}</Button>
            )
          }
        />
      )}
      <Pager
        page={page}
        perPage={PER_PAGE}
        total={shown?.length ?? 0}
        onPage={(next) => change({ page: pageInPath(next) })}
      />
    </>
  );
}

/** What the address says of a list, and how that is changed. With a name, it is `NAME-q`, `NAME-sort` and `NAME-page` there. */
function useListSearch(name: string): [ListSearch, (change: ListSearch) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const keyOf = (member: string): string => (name ? `${name}-${member}` : member);
  const own = readListSearch(
    Object.fromEntries(['q', 'sort', 'page'].map((member) => [member, search[keyOf(member)]])),
  );
  const change = (next: ListSearch) => {
    const renamed = Object.entries(next).map(([member, value]) => [keyOf(member), value]);
    void navigate({
      to: '.',
      search: (before: object) => ({ ...before, ...Object.fromEntries(renamed) }),
      replace: true,
    });
  };
  return [own, change];
}
