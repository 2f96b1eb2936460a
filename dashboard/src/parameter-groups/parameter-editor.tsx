import { useQuery } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useId, useState } from 'react';
import { groupText as text } from '../text/parameter-groups.ts';
import { Tag } from '../ui/badge.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { parametersOf, textOf } from './parameters.ts';
import { type EngineParameter, parametersQuery } from './queries.ts';

/** How many parameters the search shows. */
const FOUND = 8;

/**
 * Chooses parameters of an engine and their values, with what the engine says of each. `value` is what `textOf` in
 * `parameters.ts` writes.
 */
export function ParameterEditor({
  engine,
  version,
  value,
  onValue,
  errors,
}: {
  engine: string;
  /** Empty: the newest. */
  version: string;
  value: string;
  onValue: (value: string) => void;
  /** The server's sentences; they name the parameters. */
  errors: readonly string[];
}) {
  const { data, error } = useQuery(parametersQuery(engine, version));
  const chosen = parametersOf(value);
  const change = (parameters: Record<string, string>) => onValue(textOf(parameters));
  const known = new Map(data?.map((parameter) => [parameter.name, parameter]));
  const about = (name: string) => errors.filter((sentence) => mentions(sentence, name));
  const names = Object.keys(chosen);
  const others = errors.filter((sentence) => !names.some((name) => mentions(sentence, name)));
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-1.5 font-medium">{text.parameters}</legend>
      {names.length === 0 && <p className="text-quiet">{text.noneSet}</p>}
      <ul className="flex flex-col divide-y divide-line rounded-lg border border-line empty:hidden">
        {names.map((name) => (
          <Row
            key={name}
            name={name}
            parameter={known.get(name)}
            value={chosen[name] ?? ''}
            errors={about(name)}
            onValue={(next) => change({ ...chosen, [name]: next })}
            onRemove={() =>
              change(Object.fromEntries(Object.entries(chosen).filter(([one]) => one !== name)))
            }
          />
        ))}
      </ul>
      {others.length > 0 && <p className="text-sm text-bad">{others.join(' ')}</p>}
      <Finder
        known={data}
        failure={error?.message}
        has={(name) => name in chosen}
        onAdd={(name, initial) => change({ ...chosen, [name]: initial })}
      />
    </fieldset>
  );
}

/** Whether a sentence is about the parameter of this name: other names may begin or end with it. */
const mentions = (sentence: string, name: string): boolean =>
  sentence.split(/[^\w.-]+/).some((word) => word.replace(/\.$/, '') === name);

/** "a whole number from 1 to 262143, in kB": what the engine takes. */
function rangeOf({ type, minimum, maximum, unit }: EngineParameter): string {
  const bounds =
    minimum !== null && maximum !== null
      ? text.between(minimum, maximum)
      : minimum !== null
        ? text.atLeast(minimum)
        : '';
  return [text.types[type] ?? type, bounds, unit && text.inUnit(unit)].filter(Boolean).join(', ');
}

function Row({
  name,
  parameter,
  value,
  errors,
  onValue,
  onRemove,
}: {
  name: string;
  parameter: EngineParameter | undefined;
  value: string;
  errors: readonly string[];
  onValue: (value: string) => void;
  onRemove: () => void;
}) {
  const id = useId();
  return (
    <li className="grid gap-x-4 gap-y-2 px-3.5 py-3 sm:grid-cols-[minmax(0,1fr)_13rem]">
      <div id={id} className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <code className="font-mono text-[0.8667rem] font-medium break-all">{name}</code>
          {parameter?.needs_restart && <Tag>{text.needsRestart}</Tag>}
        </p>
        {parameter && <Documentation parameter={parameter} />}
        {errors.length > 0 && <p className="text-sm text-bad">{errors.join(' ')}</p>}
      </div>
      <div className="flex items-start gap-1">
        <ValueControl
          label={text.valueOf(name)}
          describedBy={id}
          isWrong={errors.length > 0}
          parameter={parameter}
          value={value}
          onValue={onValue}
        />
        <IconButton label={text.remove(name)} onClick={onRemove}>
          <Trash2 />
        </IconButton>
      </div>
    </li>
  );
}

function Documentation({ parameter }: { parameter: EngineParameter }) {
  const { description, type, default: initial } = parameter;
  return (
    <>
      {description && <p className="text-sm break-words">{description}</p>}
      <p className="text-sm break-words text-quiet">
        {type !== 'enum' && rangeOf(parameter)}
        {initial !== null && initial !== '' && `${type === 'enum' ? '' : ' · '}${text.default(initial)}`}
      </p>
    </>
  );
}

/** More values than that are typed and not chosen, such as the names of time zones. */
const MOST_CHOICES = 40;

function ValueControl({
  label,
  describedBy,
  isWrong,
  parameter,
  value,
  onValue,
}: {
  label: string;
  describedBy: string;
  isWrong: boolean;
  parameter: EngineParameter | undefined;
  value: string;
  onValue: (value: string) => void;
}) {
  const given = {
    'aria-label': label,
    'aria-describedby': describedBy,
    'aria-invalid': isWrong || undefined,
    className: 'control min-w-0 flex-1',
    value,
  };
  const choices = parameter?.type === 'boolean' ? ['on', 'off'] : (parameter?.values ?? []);
  if (choices.length === 0 || choices.length > MOST_CHOICES) {
    return (
      <input
        {...given}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onValue(target.value)}
      />
    );
  }
  return (
    <select {...given} onChange={({ target }) => onValue(target.value)}>
      {/* What is set may be spelled in another way. */}
      {!choices.includes(value) && <option>{value}</option>}
      {choices.map((choice) => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  );
}

/** Finds parameters by a part of their name, or of what they are for. */
function Finder({
  known,
  failure,
  has,
  onAdd,
}: {
  known: readonly EngineParameter[] | undefined;
  failure: string | undefined;
  has: (name: string) => boolean;
  onAdd: (name: string, value: string) => void;
}) {
  const [typed, setTyped] = useState('');
  const wanted = typed.trim().toLowerCase();
  const able = known?.filter(({ name, locked }) => !locked && !has(name)) ?? [];
  const byName = able.filter(({ name }) => name.toLowerCase().includes(wanted));
  const byText = able.filter(
    (one) => !byName.includes(one) && one.description?.toLowerCase().includes(wanted),
  );
  const found = wanted === '' ? [] : [...byName, ...byText].slice(0, FOUND);
  const add = (name: string, initial: string | null) => {
    onAdd(name, initial ?? '');
    setTyped('');
  };
  return (
    <div className="flex flex-col gap-2">
      <TextField
        label={text.find}
        hint={failure ?? text.findHint}
        value={typed}
        onValue={setTyped}
        onKeyDown={(event) => {
          // Enter would send the form.
          if (event.key !== 'Enter' || wanted === '') return;
          event.preventDefault();
          const [first] = found;
          if (first) add(first.name, first.default);
        }}
      />
      <div aria-live="polite">
        {known && wanted !== '' && found.length === 0 && (
          <p className="text-sm text-quiet">{text.noneFound}</p>
        )}
        {!known && wanted !== '' && !has(typed.trim()) && (
          <Button icon={<Plus />} onClick={() => add(typed.trim(), null)}>
            {text.addNamed(typed.trim())}
          </Button>
        )}
      </div>
      <ul className="flex flex-col divide-y divide-line rounded-lg border border-line empty:hidden">
        {found.map((parameter) => (
          <li key={parameter.name} className="flex items-start gap-3 px-3.5 py-2.5">
            <div className="min-w-0 flex-1">
              <code className="font-mono text-[0.8667rem] font-medium break-all">{parameter.name}</code>
              <Documentation parameter={parameter} />
            </div>
            <IconButton
              label={text.addNamed(parameter.name)}
              onClick={() => add(parameter.name, parameter.default)}
            >
              <Plus />
            </IconButton>
          </li>
        ))}
      </ul>
    </div>
  );
}
