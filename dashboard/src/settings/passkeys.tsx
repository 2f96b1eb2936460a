import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { Ago } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { passkeysQuery } from './passkeys-query.ts';
import { useProof } from './proof.tsx';

/** Passkeys of the account: shown only where browsers make any, which is not at an IP address. */
export function Passkeys() {
  const client = useQueryClient();
  const withProof = useProof();
  const { data } = useQuery(passkeysQuery);
  const [isOpen, setOpen] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['passkeys'] });
  const remove = async (passkey: string) => {
    const params = { path: { passkey } };
    tellSuccess(
      (await withProof(() => answerOf(api.DELETE('/user/passkeys/{passkey}', { params })))).message,
    );
    await refresh();
  };
  return (
    <Section
      title={text.passkeys}
      about={text.passkeysAbout}
      flush
      actions={
        <Button icon={<Plus />} onClick={() => setOpen(true)}>
          {text.addPasskey}
        </Button>
      }
    >
      {data?.length === 0 && <p className="px-5 py-4 text-quiet">{text.noPasskeys}</p>}
      <ul>
        {data?.map(({ id, name, created_at }) => (
          <li key={id} className="flex items-center gap-4 border-b border-line px-5 py-2.5 last:border-0">
            <p className="min-w-0 flex-1 break-words">{name}</p>
            <span className="text-sm text-quiet">
              <Ago at={created_at} />
            </span>
            <RemoveButton
              name={name}
              onAsk={setConfirmation}
              title={text.removeTitle(name)}
              about={text.removeAbout}
              action={text.remove}
              run={() => remove(id)}
            />
          </li>
        ))}
      </ul>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.addPasskey}>
        <AddForm
          onDone={() => {
            setOpen(false);
            void refresh();
          }}
        />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

async function addPasskey(name: string): Promise<string> {
  const { ceremony, options } = await answerOf(api.POST('/user/passkeys/options'));
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as PublicKeyCredentialCreationOptionsJSON,
  );
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const credential = made.toJSON() as never;
  return (await answerOf(api.POST('/user/passkeys/add', { body: { ceremony, name, credential } }))).message;
}

function AddForm({ onDone }: { onDone: () => void }) {
  const withProof = useProof();
  const { values, set, errors, busy, submit } = useForm('passkey', { name: '' });
  const add = async () => {
    try {
      tellSuccess(await withProof(() => addPasskey(values.name)));
    } catch (error) {
      // The person has closed the browser's dialog.
      if ((error as Error).name !== 'NotAllowedError') throw error;
    }
    onDone();
  };
  return (
    <Form onSend={() => submit(add)}>
      <TextField
        label={text.passkeyName}
        hint={text.passkeyNameHint}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <SubmitRow busy={busy}>{text.addPasskey}</SubmitRow>
    </Form>
  );
}
