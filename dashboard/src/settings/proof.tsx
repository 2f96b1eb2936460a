import { createContext, type ReactNode, useContext, useState } from 'react';
import { ApiError, answerOf, api } from '../api/client.ts';
import { accountText as text } from '../text/account.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';

type WithProof = <T>(work: () => Promise<T>) => Promise<T>;

const Proof = createContext<WithProof>((work) => work());

/** Runs a request, and once more after the password was given again, where the server asks for that. */
export const useProof = (): WithProof => useContext(Proof);

/** The person has closed the dialog that asks for the password. */
export class ProofRefused extends Error {}

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
          asking?.refuse(new ProofRefused());
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

function ProofForm({ onDone }: { onDone: () => void }) {
  const { values, set, errors, busy, submit } = useForm('proof', { password: '' });
  return (
    <Form
      onSend={() =>
        submit(async () => {
          await answerOf(api.POST('/auth/confirm', { body: { password: values.password } }));
          onDone();
        })
      }
    >
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
