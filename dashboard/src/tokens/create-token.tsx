import type { components } from '@danube/client/schema';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { create, creationOf } from '../api/creation.ts';
import { teamsQuery } from '../api/queries.ts';
import { CreateRow } from '../code/create-row.tsx';
import { useProof } from '../settings/proof.tsx';
import { tokenText as text } from '../text/tokens.ts';
import { Choice, SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { ScopeBoxes } from './scope-boxes.tsx';

export type Made = components['schemas']['TokenCreated'];

const SETS = ['read', 'editor', 'admin', 'custom'] as const;
const DAY_MS = 86_400_000;

interface Values {
  name: string;
  team: string;
  expiry: string;
  set: (typeof SETS)[number];
  scopes: readonly string[];
}

/** The form that makes a token: with the rights of a role, or scope by scope. */
export function CreateToken({ onDone }: { onDone: (made: Made) => void }) {
  const withProof = useProof();
  const { data: teams } = useQuery(teamsQuery);
  const { values, set, errors, busy, submit } = useForm<Values>('new token', {
    name: '',
    team: String(teams?.current_team_id ?? ''),
    expiry: '90',
    set: 'read',
    scopes: [],
  });
  // The code and the button must say the same.
  const [openedAt] = useState(Date.now);
  const creation = creationOf('/user/tokens', bodyOf(values, openedAt));
  const send = async (key: string) => onDone(await withProof(() => create(creation, key)));
  return (
    <Form noValidate onSend={() => submit(send)}>
      <TextField
        label={text.name}
        hint={text.nameHint}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <SelectField
          label={text.team}
          value={values.team}
          onValue={(team) => set('team', team)}
          errors={errors.team_id}
          options={teams?.data.map(({ id, name }) => ({ value: String(id), label: name }))}
        />
        <SelectField
          label={text.expiry}
          value={values.expiry}
          onValue={(expiry) => set('expiry', expiry)}
          errors={errors.expires_at}
          options={Object.entries(text.expiries).map(([value, label]) => ({ value, label }))}
        />
      </div>
      <Choice
        legend={text.rights}
        columns="sm:grid-cols-2"
        value={values.set}
        onValue={(next) => set('set', next)}
        errors={errors.scope_set}
        options={SETS.map((value) => {
          const [title, detail] = text.sets[value]!;
          return { value, title, detail };
        })}
      />
      {values.set === 'custom' && (
        <ScopeBoxes
          chosen={values.scopes}
          onChosen={(scopes) => set('scopes', scopes)}
          errors={errors.scopes}
        />
      )}
      <CreateRow creation={creation} busy={busy}>
        {text.create}
      </CreateRow>
    </Form>
  );
}

function bodyOf(
  { name, team, expiry, set, scopes }: Values,
  now: number,
): components['schemas']['CreateToken'] {
  return {
    name,
    ...(team ? { team_id: Number(team) } : {}),
    ...(set === 'custom' ? { scopes: [...scopes] } : { scope_set: set }),
    expires_at: expiry === 'never' ? null : new Date(now + Number(expiry) * DAY_MS).toISOString(),
  };
}
