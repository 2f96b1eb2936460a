import { useQueries } from '@tanstack/react-query';
import { instancesQuery } from '../api/queries.ts';
import { KINDS } from '../instances/kinds.ts';
import { firewallText as text } from '../text/firewalls.ts';
import type { RuleDraft } from './rules.ts';

type Sources = RuleDraft['source_instance_ids'];

/** Chooses instances of the team that a rule is about, whatever addresses they will have. */
export function SourceInstances({ value, onValue }: { value: Sources; onValue: (value: Sources) => void }) {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const all = KINDS.flatMap((kind, at) =>
    (lists[at]?.data?.items ?? []).map(({ id, name }) => ({
      id,
      name,
      type: kind.name,
      noun: kind.text.noun,
    })),
  );
  if (all.length === 0) return null;
  const chosen = new Set(value.map(({ id }) => id));
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">{text.sourceInstances}</legend>
      <div className="max-h-40 overflow-y-auto rounded-lg border border-line">
        {all.map(({ id, type, name, noun }) => (
          <label key={id} className="flex items-center gap-2.5 px-3 py-1.5 hover:bg-hover">
            <input
              type="checkbox"
              className="size-4 shrink-0 accent-accent-fill"
              checked={chosen.has(id)}
              onChange={({ target }) =>
                onValue(target.checked ? [...value, { id, type }] : value.filter((one) => one.id !== id))
              }
            />
            <span className="min-w-0 break-words">
              {name} <span className="text-sm text-quiet">{noun}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
