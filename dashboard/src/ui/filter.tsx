import { Search } from 'lucide-react';
import type { ReactNode } from 'react';

interface Props<T extends string> {
  label: string;
  /** Undefined when everything is shown. */
  value: T | undefined;
  onValue: (value: T | undefined) => void;
  /** What the choice of everything is called. */
  all: string;
  /** The values, each with what it is called. */
  options: readonly (readonly [T, ReactNode])[];
}

/** Chooses which lines of a list are shown: those with one value, or all. */
export function FilterSelect<T extends string>({ label, value, onValue, all, options }: Props<T>) {
  return (
    <select
      aria-label={label}
      className="control w-auto"
      value={value ?? ''}
      onChange={({ target }) => onValue((target.value || undefined) as T | undefined)}
    >
      <option value="">{all}</option>
      {options.map(([one, name]) => (
        <option key={one} value={one}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** The strip above a list with what filters it. */
export const FilterStrip = ({ children }: { children: ReactNode }) => (
  <div className="flex min-h-15 flex-wrap items-center gap-3 border-b border-line px-5 py-3">{children}</div>
);

/** Filters a list by what is typed. */
export function SearchField({
  label,
  value,
  onValue,
}: {
  label: string;
  value: string;
  onValue: (value: string) => void;
}) {
  return (
    <div className="relative min-w-0 flex-1 basis-48 sm:max-w-72">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-quiet" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        className="control pl-9"
        value={value}
        onChange={({ target }) => onValue(target.value)}
      />
    </div>
  );
}

/** The strip above a list that has no other filter than this one. */
export function FilterBar<T extends string>(props: Props<T>) {
  return (
    <FilterStrip>
      <FilterSelect {...props} />
    </FilterStrip>
  );
}
