import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '../text/common.ts';
import { IconButton } from './button.tsx';

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** By what the column sorts; without it, it cannot be sorted. */
  sort?: (row: T) => string | number;
  right?: boolean;
  /** From which width on it is shown. */
  from?: 'sm' | 'md' | 'lg' | 'xl' | '2xl';
  hideTitle?: boolean;
}

/** The last column: what can be done with each row. */
export const actionColumn = <T,>(cell: Column<T>['cell']): Column<T> => ({
  id: 'actions',
  title: common.actions,
  hideTitle: true,
  right: true,
  cell,
});

const FROM = {
  sm: 'hidden sm:table-cell',
  md: 'hidden md:table-cell',
  lg: 'hidden lg:table-cell',
  xl: 'hidden xl:table-cell',
  '2xl': 'hidden 2xl:table-cell',
};

interface Sorting {
  /** A column's id, with `-` in front for descending. */
  sort: string | undefined;
  onSort: (sort: string) => void;
}

interface Selection {
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  label: (id: string) => string;
  /** Which rows can be selected; all by default. */
  can?: (id: string) => boolean;
}

interface Props<T> {
  columns: readonly Column<T>[];
  /** Undefined while they are loaded: then lines of the same height are shown. */
  rows: readonly T[] | undefined;
  idOf: (row: T) => string;
  caption: string;
  sorting?: Sorting;
  selection?: Selection;
  /** How many lines to show while loading. */
  expect?: number;
}

export function Table<T>({ columns, rows, idOf, caption, sorting, selection, expect = 5 }: Props<T>) {
  const can = selection?.can ?? (() => true);
  const ids = rows?.map(idOf).filter(can) ?? [];
  const chosen = ids.filter((id) => selection?.selected.has(id));
  return (
    // Relative, so that what is only for screen readers makes nothing but the table wider.
    <div className="relative overflow-x-auto">
      <table className="w-full border-collapse text-left" aria-busy={rows === undefined}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-sm text-quiet">
            {selection && (
              <th className="w-11 pl-5">
                <Check
                  label={common.selectAll}
                  checked={ids.length > 0 && chosen.length === ids.length}
                  mixed={chosen.length > 0 && chosen.length < ids.length}
                  onChange={() => selection.onSelect(new Set(chosen.length === ids.length ? [] : ids))}
                />
              </th>
            )}
            {columns.map((column) => (
              <Heading key={column.id} column={column} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined
            ? Array.from({ length: expect }, (_, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
                <tr key={line} className="border-b border-line last:border-0">
                  {selection && <td className="w-11" />}
                  {columns.map((column) => (
                    <td key={column.id} className={cellClass(column)}>
                      <div className={`skeleton h-4 ${column.right ? 'ml-auto w-12' : 'w-24'}`} />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map((row) => {
                const id = idOf(row);
                const isChosen = selection?.selected.has(id) ?? false;
                return (
                  <tr
                    key={id}
                    className={`border-b border-line last:border-0 hover:bg-hover/70 ${isChosen ? 'bg-accent-soft/60' : ''}`}
                  >
                    {selection && (
                      <td className="w-11 pl-5">
                        {can(id) && (
                          <Check
                            label={selection.label(id)}
                            checked={isChosen}
                            onChange={() => selection.onSelect(toggled(selection.selected, id))}
                          />
                        )}
                      </td>
                    )}
                    {columns.map((column) => (
                      <td key={column.id} className={cellClass(column)}>
                        {column.cell(row)}
                      </td>
                    ))}
                  </tr>
                );
              })}
        </tbody>
      </table>
    </div>
  );
}

const cellClass = ({ right, from }: Column<never>): string =>
  `h-13 px-3 py-2 align-middle first:pl-5 last:pr-5 ${right ? 'text-right' : ''} ${from ? FROM[from] : ''}`;

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}

function Heading<T>({ column, sorting }: { column: Column<T>; sorting: Sorting | undefined }) {
  const { id, title, sort, right, from, hideTitle } = column;
  const direction =
    sorting?.sort === id ? 'ascending' : sorting?.sort === `-${id}` ? 'descending' : undefined;
  return (
    <th
      scope="col"
      aria-sort={direction}
      className={`h-10 px-3 font-normal whitespace-nowrap first:pl-5 last:pr-5 ${right ? 'text-right' : ''} ${from ? FROM[from] : ''}`}
    >
      {sort && sorting ? (
        <button
          type="button"
          className={`inline-flex items-center gap-1 rounded hover:text-ink [&_svg]:size-3.5 ${direction ? 'text-ink' : ''}`}
          onClick={() => sorting.onSort(direction === 'ascending' ? `-${id}` : id)}
        >
          {title}
          {direction === 'ascending' && <ArrowUp aria-hidden />}
          {direction === 'descending' && <ArrowDown aria-hidden />}
        </button>
      ) : (
        <span className={hideTitle ? 'sr-only' : ''}>{title}</span>
      )}
    </th>
  );
}

function Check({
  label,
  checked,
  mixed = false,
  onChange,
}: {
  label: string;
  checked: boolean;
  mixed?: boolean;
  onChange: () => void;
}) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={checked}
      ref={(input) => {
        if (input) input.indeterminate = mixed;
      }}
      onChange={onChange}
      className="block size-4 cursor-pointer accent-accent-fill"
    />
  );
}

/** Which of several pages is shown, and the way to the others. */
export function Pager({
  page,
  perPage,
  total,
  onPage,
}: {
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
}) {
  const last = Math.max(1, Math.ceil(total / perPage));
  if (last === 1) return null;
  const first = (page - 1) * perPage + 1;
  return (
    <nav
      aria-label={common.pages}
      className="flex items-center justify-end gap-2 border-t border-line px-5 py-2 text-sm text-quiet"
    >
      <span className="tabular-nums">{common.range(first, Math.min(page * perPage, total), total)}</span>
      <IconButton
        label={common.previousPage}
        blocked={page <= 1 && common.firstPage}
        onClick={() => onPage(page - 1)}
      >
        <ChevronLeft />
      </IconButton>
      <IconButton
        label={common.nextPage}
        blocked={page >= last && common.lastPage}
        onClick={() => onPage(page + 1)}
      >
        <ChevronRight />
      </IconButton>
    </nav>
  );
}
