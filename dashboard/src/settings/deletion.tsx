import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { answerOf, api } from '../api/client.ts';
import { chooseTeam } from '../api/team.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { useProof } from './proof.tsx';

/** Ends the account. The page is loaded anew, so that nothing of it is left in this browser. */
export function Deletion() {
  const { data: account } = useQuery(accountQuery);
  const withProof = useProof();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const remove = async () => {
    await withProof(() => answerOf(api.DELETE('/user')));
    chooseTeam(null);
    sessionStorage.clear();
    location.assign('/sign-in');
  };
  return (
    <Section title={text.deletion} about={text.deletionAbout}>
      <Button
        look="danger"
        onClick={() =>
          setConfirmation({
            title: text.deletionTitle,
            about: text.deletionLoses,
            action: text.deletion,
            danger: true,
            typed: account?.email,
            run: remove,
          })
        }
      >
        {text.deletion}
      </Button>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}
