import { useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { Fingerprint } from 'lucide-react';
import { useState } from 'react';
import { signIn as text } from '../text/sign-in.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { tellFailure } from '../ui/toast.tsx';
import { type SignInResult, signInApi } from './api.ts';
import { useOptions } from './options.ts';
import { SignInFrame } from './sign-in-frame.tsx';

/** The way in. `next` is where to go after it. */
export function SignInPage({ next }: { next: string }) {
  const [challenge, setChallenge] = useState<string | null>(null);
  const finish = useFinish(next, setChallenge);
  if (challenge)
    return <CodeStep challenge={challenge} onBack={() => setChallenge(null)} onResult={finish} />;
  return <PasswordStep onResult={finish} />;
}

/** Goes on once somebody is signed in, or asks for the code. */
export function useFinish(next: string, onChallenge: (challenge: string) => void) {
  const client = useQueryClient();
  const router = useRouter();
  return async ({ status, challenge }: SignInResult) => {
    if (status !== 'signed_in' && challenge) return onChallenge(challenge);
    // Whatever is known was read by another account, or by nobody.
    client.clear();
    router.history.push(next);
  };
}

type OnResult = (result: SignInResult) => Promise<void> | void;

function PasswordStep({ onResult }: { onResult: OnResult }) {
  const options = useOptions();
  const { values, set, errors, busy, submit } = useForm('sign-in', { email: '', password: '' });
  return (
    <SignInFrame title={text.title}>
      <Form
        noValidate
        className="flex flex-col gap-4"
        onSend={() =>
          submit(async () => onResult(await signInApi.byPassword(values.email.trim(), values.password)))
        }
      >
        <TextField
          label={text.email}
          type="email"
          name="email"
          autoComplete="username webauthn"
          value={values.email}
          errors={errors.email}
          onValue={(email) => set('email', email)}
        />
        <TextField
          label={text.password}
          type="password"
          name="password"
          autoComplete="current-password"
          value={values.password}
          errors={errors.password}
          onValue={(password) => set('password', password)}
        />
        <Button type="submit" look="primary" busy={busy} className="mt-1 w-full">
          {text.button}
        </Button>
      </Form>
      <OtherWays options={options} onResult={onResult} />
      <p className="mt-5 flex min-h-5 flex-wrap justify-between gap-x-4 gap-y-1 text-sm">
        <Link to="/account/reset" className="link">
          {text.forgot}
        </Link>
        {options?.registration === 'open' && (
          <Link to="/account/register" className="link">
            {text.register}
          </Link>
        )}
      </p>
    </SignInFrame>
  );
}

function OtherWays({ options, onResult }: { options: ReturnType<typeof useOptions>; onResult: OnResult }) {
  const [busy, setBusy] = useState(false);
  const hasPasskeys = options?.passkeys && 'PublicKeyCredential' in window;
  if (!options?.provider && !hasPasskeys) return null;
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    await work().catch((error: Error) => {
      // The person has closed the browser's dialog.
      if (error.name !== 'NotAllowedError') tellFailure(error);
    });
    setBusy(false);
  };
  return (
    <div className="mt-5 flex flex-col gap-2">
      {hasPasskeys && (
        <Button
          icon={<Fingerprint />}
          busy={busy}
          className="w-full"
          onClick={() => void run(async () => onResult(await signInApi.byPasskey()))}
        >
          {text.passkey}
        </Button>
      )}
      {options?.provider && (
        <Button
          busy={busy}
          className="w-full"
          onClick={() => void run(async () => location.assign((await signInApi.beginProvider()).url))}
        >
          {text.provider(options.provider)}
        </Button>
      )}
    </div>
  );
}

/** Asks for the code of an authenticator app. */
export function CodeStep({
  challenge,
  onBack,
  onResult,
}: {
  challenge: string;
  onBack: () => void;
  onResult: OnResult;
}) {
  const { values, set, errors, busy, submit } = useForm('sign-in password code', { passwordCode: '' });
  return (
    <SignInFrame title={text.codeTitle} about={text.codeAbout}>
      <Form
        className="flex flex-col gap-4"
        onSend={() =>
          submit(async () => onResult(await signInApi.byCode(challenge, values.passwordCode.trim())))
        }
      >
        <TextField
          label={text.code}
          autoComplete="one-time-code"
          className="font-mono tracking-widest"
          value={values.passwordCode}
          errors={errors.code}
          onValue={(code) => set('passwordCode', code)}
        />
        <Button type="submit" look="primary" busy={busy} className="w-full">
          {text.button}
        </Button>
        <Button look="ghost" className="w-full" onClick={onBack}>
          {text.back}
        </Button>
      </Form>
    </SignInFrame>
  );
}
