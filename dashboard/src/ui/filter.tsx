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

/** The strip above a list that has no other filter than this one. */
export function FilterBar<T extends string>(props: Props<T>) {
  return (
    <div className="flex min-h-15 items-center border-b border-line px-5 py-3">
      <FilterSelect {...props} />
    </div>
  );
}
