import type { components } from '@danube/client/schema';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { ApiError, answerOf, api } from '../api/client.ts';
import { signInApi } from '../sign-in/api.ts';
import { RegisterForm } from '../sign-in/links.tsx';
import { useOptions } from '../sign-in/options.ts';
import { SignInFrame } from '../sign-in/sign-in-frame.tsx';
import { enterTeam } from '../team/enter.ts';
import { common } from '../text/common.ts';
import { signIn } from '../text/sign-in.ts';
import { teamText, invitationText as text } from '../text/team.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { tellFailure } from '../ui/toast.tsx';
import { forgetCode, invitationCode } from './code.ts';

type Invitation = components['schemas']['InvitationShown'];

/** Where the link of an invitation leads: somebody accepts with the account that is signed in, signs in first, or opens one. */
export function InvitationPage() {
  const [code, setCode] = useState(invitationCode);
  useEffect(() => {
    // Another link in the same tab changes only what follows `#`.
    const read = () => setCode(invitationCode());
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  const invitation = useQuery({
    queryKey: ['invitation', code],
    queryFn: () => signInApi.showInvitation(code),
  });
  const account = useQuery(accountQuery);
  const [registers, setRegisters] = useState(false);
  if (invitation.error) {
    const about = invitation.error instanceof ApiError ? invitation.error.message : common.unreachable;
    return (
      <SignInFrame title={text.refused} about={about}>
        <ButtonLink to="/">{common.toOverview}</ButtonLink>
      </SignInFrame>
    );
  }
  const { data } = invitation;
  if (!data || account.isPending) return <SignInFrame title={text.title} />;
  if (registers) return <Register code={code} invitation={data} onBack={() => setRegisters(false)} />;
  const role = teamText.roles[data.role] ?? data.role;
  return (
    <SignInFrame title={text.titleOf(data.team_name)} about={text.about(role, data.email)}>
      {account.data ? (
        <Accept code={code} email={account.data.email} />
      ) : (
        <Choices onRegister={() => setRegisters(true)} />
      )}
    </SignInFrame>
  );
}

function Accept({ code, email }: { code: string; email: string }) {
  const [busy, setBusy] = useState(false);
  const accept = async () => {
    setBusy(true);
    try {
      const { team_id } = await answerOf(api.POST('/user/invitations/accept', { body: { code } }));
      forgetCode();
      await enterTeam(team_id);
    } catch (error) {
      tellFailure(error);
    }
    setBusy(false);
  };
  return (
    <>
      <p className="mb-4 text-sm text-quiet">{text.signedInAs(email)}</p>
      <Button look="primary" busy={busy} className="w-full" onClick={() => void accept()}>
        {text.accept}
      </Button>
    </>
  );
}

function Choices({ onRegister }: { onRegister: () => void }) {
  const navigate = useNavigate();
  const options = useOptions();
  return (
    <div className="flex flex-col gap-2">
      <Button
        look="primary"
        className="w-full"
        onClick={() => void navigate({ to: '/sign-in', search: { next: '/invitation' } })}
      >
        {text.signIn}
      </Button>
      {options && options.registration !== 'closed' && (
        <Button className="w-full" onClick={onRegister}>
          {text.register}
        </Button>
      )}
    </div>
  );
}

function Register({
  code,
  invitation: { team_name, email },
  onBack,
}: {
  code: string;
  invitation: Invitation;
  onBack: () => void;
}) {
  const [said, setSaid] = useState<string | null>(null);
  if (said) {
    return (
      <SignInFrame title={text.registered} about={said}>
        <ButtonLink to="/sign-in">{text.toSignIn}</ButtonLink>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={text.titleOf(team_name)} about={`${text.registerAbout} ${signIn.setAbout}`}>
      <RegisterForm
        draft="register by invitation"
        email={email ?? ''}
        invitation={code}
        onDone={(message) => {
          forgetCode();
          setSaid(message);
        }}
      >
        <Button look="ghost" className="w-full" onClick={onBack}>
          {text.back}
        </Button>
      </RegisterForm>
    </SignInFrame>
  );
}
