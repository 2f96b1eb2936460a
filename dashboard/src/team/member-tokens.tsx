import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { useProof } from '../settings/proof.tsx';
import { teamText as text } from '../text/team.ts';
import { tokenText } from '../text/tokens.ts';
import { type Token, tokenColumns } from '../tokens/columns.tsx';
import { TokenDetails } from '../tokens/details.tsx';
import { teamTokensQuery } from '../tokens/queries.ts';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { tellSuccess } from '../ui/toast.tsx';

type TeamToken = NonNullable<Awaited<ReturnType<NonNullable<typeof teamTokensQuery.queryFn>>>>[number];

/** The tokens of all members that act for the team, which admins may revoke. */
export function MemberTokens() {
  const client = useQueryClient();
  const withProof = useProof();
  const { data } = useQuery(teamTokensQuery);
  const [shown, setShown] = useState<Token | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const revoke = async (credential: number) => {
    const params = { path: { credential } };
    tellSuccess(
      (await withProof(() => answerOf(api.DELETE('/team/tokens/{credential}', { params })))).message,
    );
    await client.invalidateQueries({ queryKey: ['token'] });
  };
  const owner: Column<TeamToken> = {
    id: 'owner',
    title: tokenText.owner,
    cell: ({ account }) => <span className="break-words">{account.name}</span>,
  };
  const actions = actionColumn<TeamToken>(({ id, name }) => (
    <RemoveButton
      name={name}
      onAsk={setConfirmation}
      title={tokenText.revokeTitle(name)}
      about={tokenText.revokeAbout}
      action={tokenText.revoke}
      run={() => revoke(id)}
    />
  ));
  return (
    <Section title={text.tokens} about={text.tokensAbout} flush>
      {data?.length === 0 ? (
        <p className="px-5 py-4 text-quiet">{text.noTokens}</p>
      ) : (
        <Table
          caption={text.tokens}
          columns={[...tokenColumns(setShown), owner, actions]}
          rows={data}
          idOf={({ id }) => String(id)}
          expect={2}
        />
      )}
      <Dialog open={shown !== null} onClose={() => setShown(null)} title={shown?.name ?? ''} wide>
        {shown && <TokenDetails token={shown} />}
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}
