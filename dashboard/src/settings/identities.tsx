import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { useOptions } from '../sign-in/options.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { Ago } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { useProof } from './proof.tsx';

const identitiesQuery = {
  queryKey: ['identities'],
  queryFn: async () => (await answerOf(api.GET('/user/identities'))).data,
};

/** Accounts elsewhere by which this one is signed in to: shown only where the operator has set up a provider, or had. */
export function Identities() {
  const client = useQueryClient();
  const withProof = useProof();
  const { provider } = useOptions() ?? {};
  const { data } = useQuery(identitiesQuery);
  const [busy, setBusy] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!provider && !data?.length) return null;
  const add = async () => {
    setBusy(true);
    try {
      location.assign((await withProof(() => answerOf(api.POST('/user/identities/begin')))).url);
    } catch (error) {
      tellFailure(error);
      setBusy(false);
    }
  };
  const remove = async (identity: string) => {
    const params = { path: { identity } };
    tellSuccess(
      (await withProof(() => answerOf(api.DELETE('/user/identities/{identity}', { params })))).message,
    );
    await client.invalidateQueries({ queryKey: ['identities'] });
  };
  return (
    <Section
      title={text.identities}
      about={text.identitiesAbout}
      flush
      actions={
        provider && (
          <Button icon={<Plus />} busy={busy} onClick={() => void add()}>
            {text.addIdentity(provider)}
          </Button>
        )
      }
    >
      {data?.length === 0 && <p className="px-5 py-4 text-quiet">{text.noIdentities}</p>}
      <ul>
        {data?.map(({ id, email, issuer, last_used_at }) => (
          <li key={id} className="flex items-center gap-4 border-b border-line px-5 py-2.5 last:border-0">
            <div className="min-w-0 flex-1">
              <p className="break-words">{email ?? text.noAddress}</p>
              <p className="text-sm break-all text-quiet">
                {issuer} · {text.lastUsed} <Ago at={last_used_at} />
              </p>
            </div>
            <RemoveButton
              name={email ?? issuer}
              onAsk={setConfirmation}
              title={text.removeIdentity(email ?? issuer)}
              about={text.removeAbout}
              action={text.remove}
              run={() => remove(id)}
            />
          </li>
        ))}
      </ul>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}
