import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { accountQuery } from '../api/account.ts';
import { teamQuery } from '../team/queries.ts';
import { tokenText as text } from '../text/tokens.ts';
import { scopesQuery } from './queries.ts';

interface Props {
  chosen: readonly string[];
  onChosen: (scopes: readonly string[]) => void;
  errors?: readonly string[] | undefined;
}

/** Scopes by checkbox, a line for each subject. */
export function ScopeBoxes({ chosen, onChosen, errors = [] }: Props) {
  const { data: scopes } = useQuery(scopesQuery);
  const { data: account } = useQuery(accountQuery);
  const { data: team } = useQuery(teamQuery);
  const id = useId();
  const offered = (scopes?.data ?? []).filter(
    ({ scope }) => account?.operator || !scope.startsWith('operator:'),
  );
  const groups = [
    [text.ofTeam, offered.filter(({ roles }) => roles.length > 0)],
    [text.ofAccount, offered.filter(({ roles }) => roles.length === 0)],
  ] as const;
  const toggle = (scope: string) =>
    onChosen(chosen.includes(scope) ? chosen.filter((one) => one !== scope) : [...chosen, scope]);
  return (
    <fieldset className="min-w-0" aria-describedby={errors.length > 0 ? `${id}-error` : undefined}>
      <legend className="font-medium">{text.scopes}</legend>
      {groups.map(([title, group]) => (
        <div key={title} className="mt-2">
          <p className="text-sm text-quiet">{title}</p>
          <ul className="mt-1 rounded-lg border border-line">
            {bySubject(group.map(({ scope }) => scope)).map(([subject, own]) => (
              <li
                key={subject}
                className="flex min-h-10 flex-wrap items-center gap-x-5 gap-y-1 border-b border-line px-3 py-1.5 last:border-0"
              >
                <code className="w-full font-mono text-[0.8667rem] sm:w-36">{subject}</code>
                {own.map((scope) => {
                  const roles = group.find((one) => one.scope === scope)!.roles;
                  const isIdle = team && roles.length > 0 && !roles.includes(team.role);
                  return (
                    <label
                      key={scope}
                      className={`flex w-20 items-center gap-2 ${isIdle ? 'text-quiet' : ''}`}
                      data-tip={isIdle ? text.notYours : undefined}
                    >
                      <input
                        type="checkbox"
                        aria-label={scope}
                        className="size-4 accent-accent-fill"
                        checked={chosen.includes(scope)}
                        onChange={() => toggle(scope)}
                      />
                      {scope.slice(subject.length + 1)}
                    </label>
                  );
                })}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {errors.length > 0 && (
        <p id={`${id}-error`} className="mt-2 text-sm text-bad">
          {errors.join(' ')}
        </p>
      )}
    </fieldset>
  );
}

function bySubject(scopes: readonly string[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const scope of scopes) {
    const subject = scope.slice(0, scope.indexOf(':'));
    groups.set(subject, [...(groups.get(subject) ?? []), scope]);
  }
  return [...groups];
}
