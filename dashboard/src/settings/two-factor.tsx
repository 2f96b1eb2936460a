import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { Code, Copyable } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { useProof } from './proof.tsx';

/** Loaded when the first code is shown. */
const QrCode = lazy(() => import('./qr-code.tsx'));

interface Setup {
  secret: string;
  uri: string;
}

/** Codes of an authenticator app, as a second factor. */
export function TwoFactor() {
  const client = useQueryClient();
  const withProof = useProof();
  const { data } = useQuery({
    queryKey: ['two-factor'],
    queryFn: () => answerOf(api.GET('/user/two-factor')),
  });
  const [setup, setSetup] = useState<Setup | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [busy, setBusy] = useState(false);
  const renew = async () => {
    const { recovery_codes } = await withProof(() => answerOf(api.POST('/user/two-factor/recovery-codes')));
    setCodes(recovery_codes);
    await client.invalidateQueries({ queryKey: ['two-factor'] });
  };
  const change = async () => {
    setBusy(true);
    try {
      if (data?.enabled)
        tellSuccess((await withProof(() => answerOf(api.DELETE('/user/two-factor')))).message);
      else setSetup(await withProof(() => answerOf(api.POST('/user/two-factor'))));
    } catch (error) {
      tellFailure(error);
    }
    await client.invalidateQueries({ queryKey: ['two-factor'] });
    setBusy(false);
  };
  return (
    <Section
      flush
      title={text.codes}
      about={data ? (data.enabled ? text.codesOn(data.recovery_codes_left) : text.codesOff) : '\u00a0'}
      actions={
        <>
          {data?.enabled && (
            <Button
              onClick={() =>
                setConfirmation({
                  title: text.renewTitle,
                  about: text.renewAbout,
                  action: text.renewCodes,
                  run: renew,
                })
              }
            >
              {text.renewCodes}
            </Button>
          )}
          <Button busy={busy} onClick={() => void change()}>
            {data?.enabled ? text.turnOff : text.turnOn}
          </Button>
        </>
      }
    >
      <Dialog
        open={setup !== null}
        onClose={() => setSetup(null)}
        title={text.setupTitle}
        about={text.setupAbout}
      >
        {setup && (
          <SetupForm
            setup={setup}
            onDone={(shown) => {
              setSetup(null);
              setCodes(shown);
              void client.invalidateQueries({ queryKey: ['two-factor'] });
            }}
          />
        )}
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
      <Dialog
        open={codes !== null}
        onClose={() => setCodes(null)}
        title={text.recoveryTitle}
        about={text.recoveryAbout}
      >
        <Code label={text.recoveryTitle} text={codes?.join('\n') ?? ''} />
        <div className="mt-5 flex justify-end">
          <Button look="primary" onClick={() => setCodes(null)}>
            {text.kept}
          </Button>
        </div>
      </Dialog>
    </Section>
  );
}

function SetupForm({ setup, onDone }: { setup: Setup; onDone: (codes: readonly string[]) => void }) {
  const { values, set, errors, busy, submit } = useForm('two-factor secret', { secretCode: '' });
  return (
    <Form
      onSend={() =>
        submit(async () => {
          const body = { code: values.secretCode.trim() };
          onDone((await answerOf(api.POST('/user/two-factor/confirm', { body }))).recovery_codes);
        })
      }
    >
      <Suspense fallback={<div className="skeleton size-44" />}>
        <QrCode text={setup.uri} label={text.qrCode} />
      </Suspense>
      <div>
        <p className="text-sm text-quiet">{text.key}</p>
        <Copyable text={setup.secret} />
        <p className="mt-1">
          <a className="link" href={setup.uri}>
            {text.openApp}
          </a>
        </p>
      </div>
      <TextField
        label={text.code}
        inputMode="numeric"
        autoComplete="one-time-code"
        className="font-mono tracking-widest"
        value={values.secretCode}
        errors={errors.code}
        onValue={(code) => set('secretCode', code)}
      />
      <SubmitRow busy={busy}>{text.confirm}</SubmitRow>
    </Form>
  );
}
