import { useQuery } from '@tanstack/react-query';
import { Fingerprint } from 'lucide-react';
import { createContext, type ReactNode, useContext, useState } from 'react';
import { ApiError, answerOf, api } from '../api/client.ts';
import { passkeyFor } from '../sign-in/api.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Abandoned, tellFailure } from '../ui/toast.tsx';
import { passkeysQuery } from './passkeys-query.ts';

type WithProof = <T>(work: () => Promise<T>) => Promise<T>;

const Proof = createContext<WithProof>((work) => work());

/** Runs a request, and once more after the password was given again, where the server asks for that. */
export const useProof = (): WithProof => useContext(Proof);

interface Asking {
  done: () => void;
  refuse: (error: Error) => void;
}

export function ProofProvider({ children }: { children: ReactNode }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const withProof: WithProof = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'proof_required')) throw error;
      await new Promise<void>((done, refuse) => setAsking({ done, refuse }));
      return work();
    }
  };
  return (
    <Proof value={withProof}>
      {children}
      <Dialog
        open={asking !== null}
        title={text.proofTitle}
        about={text.proofAbout}
        onClose={() => {
          asking?.refuse(new Abandoned());
          setAsking(null);
        }}
      >
        <ProofForm
          onDone={() => {
            asking?.done();
            setAsking(null);
          }}
        />
      </Dialog>
    </Proof>
  );
}

async function confirmByPasskey(): Promise<void> {
  const { ceremony, options } = await answerOf(api.POST('/auth/confirm/passkey/options'));
  await answerOf(api.POST('/auth/confirm/passkey', { body: await passkeyFor(ceremony, options) }));
}

function tellUnlessClosed(error: Error): void {
  // The person has closed the browser's dialog.
  if (error.name !== 'NotAllowedError') tellFailure(error);
}

function ProofForm({ onDone }: { onDone: () => void }) {
  const { values, set, errors, busy, submit } = useForm('proof', { password: '' });
  const { data: passkeys } = useQuery(passkeysQuery);
  return (
    <Form
      onSend={() =>
        submit(async () => {
          await answerOf(api.POST('/auth/confirm', { body: { password: values.password } }));
          onDone();
        })
      }
    >
      {passkeys && passkeys.length > 0 && 'PublicKeyCredential' in window && (
        <Button icon={<Fingerprint />} onClick={() => void confirmByPasskey().then(onDone, tellUnlessClosed)}>
          {text.usePasskey}
        </Button>
      )}
      <TextField
        label={text.yourPassword}
        type="password"
        autoComplete="current-password"
        value={values.password}
        errors={errors.password}
        onValue={(password) => set('password', password)}
      />
      <SubmitRow busy={busy}>{text.confirm}</SubmitRow>
    </Form>
  );
}
