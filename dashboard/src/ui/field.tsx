import { type ComponentProps, type ReactNode, useId } from 'react';
import { common } from '../text/common.ts';
import { useNeeded } from './sending.ts';

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  /** The server's sentences. */
  errors?: readonly string[] | undefined;
  optional?: boolean;
}

interface Described {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

/** A control with its label, a hint, and what the server said about it. */
export function Field({
  label,
  hint,
  errors = [],
  optional = false,
  children,
}: FieldProps & { children: (described: Described) => ReactNode }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', errors.length > 0 ? `${id}-error` : '']
    .filter(Boolean)
    .join(' ');
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
        {optional && <span className="ml-1.5 text-sm font-normal text-quiet">{common.optional}</span>}
      </label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': errors.length > 0 || undefined,
      })}
      {errors.length > 0 && (
        <p id={`${id}-error`} className="text-sm text-bad">
          {errors.join(' ')}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-quiet">
          {hint}
        </p>
      )}
    </div>
  );
}

type Controlled = { value: string; onValue: (value: string) => void };

export function TextField({
  label,
  hint,
  errors,
  optional,
  onValue,
  className = '',
  ...input
}: FieldProps & Controlled & Omit<ComponentProps<'input'>, 'value' | 'onChange'>) {
  return (
    <Field label={label} hint={hint} errors={errors} optional={optional}>
      {(described) => (
        <input
          autoComplete="off"
          spellCheck={false}
          {...input}
          {...described}
          className={`control ${className}`}
          onChange={({ target }) => onValue(target.value)}
        />
      )}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  errors,
  optional,
  onValue,
  className = '',
  ...input
}: FieldProps & Controlled & Omit<ComponentProps<'textarea'>, 'value' | 'onChange'>) {
  return (
    <Field label={label} hint={hint} errors={errors} optional={optional}>
      {(described) => (
        <textarea
          rows={4}
          spellCheck={false}
          {...input}
          {...described}
          className={`control h-auto py-2 ${className}`}
          onChange={({ target }) => onValue(target.value)}
        />
      )}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

export function SelectField({
  label,
  hint,
  errors,
  optional,
  value,
  onValue,
  options,
}: FieldProps &
  Controlled & {
    /** Undefined while they are loaded; so long, the form around it cannot be sent. */
    options: readonly Option[] | undefined;
  }) {
  useNeeded(options);
  const shown = options ?? [{ value, label: common.loading }];
  return (
    <Field label={label} hint={hint} errors={errors} optional={optional}>
      {(described) => (
        <select
          {...described}
          value={value}
          className="control"
          disabled={!options}
          onChange={({ target }) => onValue(target.value)}
        >
          {shown.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Something that is on or off. */
export function Switch({
  label,
  hint,
  checked,
  onChecked,
  disabled = false,
}: {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={({ target }) => onChecked(target.checked)}
        className="relative mt-0.5 h-5 w-9 shrink-0 cursor-pointer appearance-none rounded-full bg-edge transition-colors before:absolute before:top-0.5 before:left-0.5 before:size-4 before:rounded-full before:bg-surface before:transition-transform checked:bg-accent-fill checked:before:translate-x-4"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-quiet">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

/** One of a few, each shown with what there is to know of it. */
export function Choice<T extends string>({
  legend,
  value,
  onValue,
  options,
  errors = [],
  columns = 'sm:grid-cols-2 xl:grid-cols-3',
  space = 'h-32',
}: {
  legend: string;
  value: T;
  onValue: (value: T) => void;
  /** Undefined while they are loaded; so long, the form around it cannot be sent. */
  options:
    | readonly {
        value: T;
        title: ReactNode;
        detail?: ReactNode;
        side?: ReactNode;
        blocked?: string | undefined;
      }[]
    | undefined;
  errors?: readonly string[] | undefined;
  columns?: string;
  /** The height that is kept for choices which are being loaded. */
  space?: string;
}) {
  const name = useId();
  useNeeded(options);
  if (!options) return <div className={`skeleton ${space}`} role="status" aria-label={common.loading} />;
  return (
    <fieldset className="min-w-0" aria-describedby={errors.length > 0 ? `${name}-error` : undefined}>
      <legend className="sr-only">{legend}</legend>
      <div className={`grid gap-3 ${columns}`}>
        {options.map((option) => (
          <label
            key={option.value}
            data-tip={option.blocked}
            className={`flex min-w-0 cursor-pointer items-start gap-3 rounded-lg border p-3.5 transition-colors focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent ${
              option.value === value ? 'border-accent bg-accent-soft' : 'border-line hover:border-edge'
            } ${option.blocked ? 'cursor-not-allowed opacity-60' : ''}`}
          >
            <input
              type="radio"
              name={name}
              className="mt-1 size-4 shrink-0 accent-accent-fill focus-visible:outline-none"
              checked={option.value === value}
              disabled={Boolean(option.blocked)}
              onChange={() => onValue(option.value)}
            />
            <span className="min-w-0 flex-1">
              <span className="flex flex-wrap items-baseline justify-between gap-x-2 font-medium">
                {option.title}
                {option.side && (
                  <span className="text-sm font-normal text-quiet tabular-nums">{option.side}</span>
                )}
              </span>
              {option.detail && <span className="block text-sm text-quiet">{option.detail}</span>}
            </span>
          </label>
        ))}
      </div>
      {errors.length > 0 && (
        <p id={`${name}-error`} className="mt-2 text-sm text-bad">
          {errors.join(' ')}
        </p>
      )}
    </fieldset>
  );
}
