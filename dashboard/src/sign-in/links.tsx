import { Link, useNavigate } from '@tanstack/react-router';
import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { common } from '../text/common.ts';
import { signIn as text } from '../text/sign-in.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { signInApi } from './api.ts';
import { useOptions } from './options.ts';
import { SignInFrame } from './sign-in-frame.tsx';
import { CodeStep, useFinish } from './sign-in-page.tsx';

/** What follows `#` in a link: browsers send it to no server, so no log has it. */
export const secretOfLink = (): string => location.hash.slice(1);

const messageOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : common.unreachable;

/** Sets a password: of the first account, of a new one, or one that was forgotten. */
export function SetPasswordPage() {
  const navigate = useNavigate();
  const [refusal, setRefusal] = useState<string | null>(null);
  const { values, set, errors, busy, submit } = useForm('set password', { password: '' });
  const save = async () => {
    try {
      const { message } = await signInApi.setPassword(secretOfLink(), values.password);
      tellSuccess(message);
      await navigate({ to: '/sign-in' });
    } catch (error) {
      if (error instanceof ApiError && error.fields.password) throw error;
      setRefusal(messageOf(error));
    }
  };
  if (refusal) return <Refused about={refusal} />;
  return (
    <SignInFrame title={text.setTitle} about={text.setAbout}>
      <Form className="flex flex-col gap-4" onSend={() => submit(save)}>
        <NewPasswordField
          label={text.newPassword}
          value={values.password}
          errors={errors.password}
          onValue={(password) => set('password', password)}
        />
        <Button type="submit" look="primary" busy={busy} className="w-full">
          {text.set}
        </Button>
      </Form>
    </SignInFrame>
  );
}

type Given = Pick<ComponentProps<typeof TextField>, 'value' | 'errors' | 'onValue'>;

const EmailField = (given: Given) => (
  <TextField label={text.email} type="email" autoComplete="username" {...given} />
);

const NewPasswordField = (given: Given & { label: string }) => (
  <TextField type="password" autoComplete="new-password" {...given} />
);

const BackToSignIn = () => (
  <p className="mt-5 text-sm">
    <Link to="/sign-in" className="link">
      {text.again}
    </Link>
  </p>
);

function Refused({ about }: { about: string }) {
  return (
    <SignInFrame title={text.notConfirmed} about={about}>
      <ButtonLink to="/sign-in">{text.again}</ButtonLink>
    </SignInFrame>
  );
}

/** Does something once when the page opens, also where React renders it twice. */
function useOnce(work: () => Promise<void>): void {
  const began = useRef(false);
  useEffect(() => {
    if (began.current) return;
    began.current = true;
    void work();
  });
}

/** Confirms an address by the link that was sent to it. */
export function ConfirmEmailPage() {
  const [state, setState] = useState<{ done: boolean; about?: string } | null>(null);
  useOnce(async () => {
    try {
      setState({ done: true, about: (await signInApi.confirmEmail(secretOfLink())).message });
    } catch (error) {
      setState({ done: false, about: messageOf(error) });
    }
  });
  if (state && !state.done) return <Refused about={state.about ?? ''} />;
  return (
    <SignInFrame title={state ? text.confirmed : text.confirming}>
      {state && <ButtonLink to="/sign-in">{text.again}</ButtonLink>}
    </SignInFrame>
  );
}

/** Where the operator's provider sends people back to. */
export function ProviderPage() {
  const [refusal, setRefusal] = useState<string | null>(null);
  const [challenge, setChallenge] = useState<string | null>(null);
  const finish = useFinish('/', setChallenge);
  useOnce(async () => {
    try {
      const given = Object.fromEntries(new URLSearchParams(location.search));
      const known = ['code', 'state', 'iss', 'error'].filter((name) => given[name] !== undefined);
      await finish(
        await signInApi.finishProvider(Object.fromEntries(known.map((name) => [name, given[name]!]))),
      );
    } catch (error) {
      setRefusal(messageOf(error));
    }
  });
  if (challenge)
    return <CodeStep challenge={challenge} onBack={() => setChallenge(null)} onResult={finish} />;
  if (refusal) return <Refused about={refusal} />;
  return <SignInFrame title={text.signingIn} />;
}

/** Asks for a link to set a new password. */
export function ResetPage() {
  const options = useOptions();
  const [said, setSaid] = useState<string | null>(null);
  const { values, set, errors, busy, submit } = useForm('reset', { email: '' });
  const isMute = options?.sends_mail === false;
  return (
    <SignInFrame title={text.resetTitle} about={isMute ? text.noMail : (said ?? text.resetAbout)}>
      {!isMute && !said && (
        <Form
          noValidate
          className="flex flex-col gap-4"
          onSend={() =>
            submit(async () => setSaid((await signInApi.requestPassword(values.email.trim())).message))
          }
        >
          <EmailField value={values.email} errors={errors.email} onValue={(email) => set('email', email)} />
          <Button type="submit" look="primary" busy={busy} className="w-full">
            {text.sendLink}
          </Button>
        </Form>
      )}
      <BackToSignIn />
    </SignInFrame>
  );
}

/** Opens an account, where anybody may. */
export function RegisterPage() {
  const [said, setSaid] = useState<string | null>(null);
  return (
    <SignInFrame title={text.registerTitle} about={said ?? text.setAbout}>
      {!said && <RegisterForm draft="register" onDone={setSaid} />}
      <BackToSignIn />
    </SignInFrame>
  );
}

/** The fields of a new account, with what an invitation already says. */
export function RegisterForm({
  draft,
  email = '',
  invitation,
  onDone,
  children,
}: {
  /** The name under which what is typed is kept. */
  draft: string;
  email?: string;
  invitation?: string;
  /** Gets what the server says. */
  onDone: (message: string) => void;
  /** Stands under the button. */
  children?: ReactNode;
}) {
  const { values, set, errors, busy, submit } = useForm(draft, { email, name: '', password: '' });
  const register = async () => {
    const { message } = await signInApi.register(invitation ? { ...values, invitation } : values);
    onDone(message);
  };
  return (
    <Form noValidate className="flex flex-col gap-4" onSend={() => submit(register)}>
      <TextField
        label={text.name}
        autoComplete="name"
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <EmailField value={values.email} errors={errors.email} onValue={(next) => set('email', next)} />
      <NewPasswordField
        label={text.password}
        value={values.password}
        errors={errors.password}
        onValue={(password) => set('password', password)}
      />
      <Button type="submit" look="primary" busy={busy} className="w-full">
        {text.create}
      </Button>
      {children}
    </Form>
  );
}
