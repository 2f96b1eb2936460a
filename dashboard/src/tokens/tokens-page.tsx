import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeySquare, Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { teamsQuery } from '../api/queries.ts';
import { ProofProvider, useProof } from '../settings/proof.tsx';
import { tokenText as text } from '../text/tokens.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { type Token, tokenColumns } from './columns.tsx';
import { CreateToken, type Made } from './create-token.tsx';
import { TokenDetails } from './details.tsx';
import { tokensQuery } from './queries.ts';
import { Secret } from './secret.tsx';

/** The account's API tokens. */
export function TokensPage() {
  return (
    <ProofProvider>
      <Tokens />
    </ProofProvider>
  );
}

function Tokens() {
  const client = useQueryClient();
  const withProof = useProof();
  const { data } = useQuery(tokensQuery);
  const { data: teams } = useQuery(teamsQuery);
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const [shown, setShown] = useState<Token | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['token'] });
  const revoke = async (credential: number) => {
    const params = { path: { credential } };
    tellSuccess(
      (await withProof(() => answerOf(api.DELETE('/user/tokens/{credential}', { params })))).message,
    );
    await refresh();
  };
  const team: Column<Token> = {
    id: 'team',
    title: text.team,
    from: 'lg',
    cell: ({ team_id }) => (
      <span className="text-quiet">{teams?.data.find(({ id }) => id === team_id)?.name ?? team_id}</span>
    ),
  };
  const actions = actionColumn<Token>(({ id, name }) => (
    <RemoveButton
      name={name}
      onAsk={setConfirmation}
      title={text.revokeTitle(name)}
      about={text.revokeAbout}
      action={text.revoke}
      run={() => revoke(id)}
    />
  ));
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={data?.length === 0 ? null : add} />
      <div className="card overflow-hidden">
        {data?.length === 0 ? (
          <Empty icon={<KeySquare />} title={text.emptyTitle} action={add}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <ListTable
            caption={text.title}
            columns={[...tokenColumns(setShown), team, actions]}
            rows={data}
            idOf={({ id }) => String(id)}
            textOf={({ name, scopes }) => `${name} ${scopes.join(' ')}`}
            expect={2}
          />
        )}
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.addTitle} wide>
        <CreateToken
          onDone={(next) => {
            setOpen(false);
            setMade(next);
            void refresh();
          }}
        />
      </Dialog>
      <Dialog open={made !== null} onClose={() => setMade(null)} title={text.secretTitle} wide>
        {made && <Secret made={made} onDone={() => setMade(null)} />}
      </Dialog>
      <Dialog open={shown !== null} onClose={() => setShown(null)} title={shown?.name ?? ''} wide>
        {shown && <TokenDetails token={shown} isOwn />}
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}
