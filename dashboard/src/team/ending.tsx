import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { answerOf, api } from '../api/client.ts';
import { switchTeam } from '../api/team.ts';
import { useProof } from '../settings/proof.tsx';
import { teamText as text } from '../text/team.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { membersQuery, type Role } from './queries.ts';

type Team = components['schemas']['Team'];

/** Handing the team over, leaving and deleting it. */
export function TeamEnding({ team, role }: { team: Team; role: Role }) {
  const { data: members = [] } = useQuery(membersQuery);
  const { data: account } = useQuery(accountQuery);
  const withProof = useProof();
  const client = useQueryClient();
  const [to, setTo] = useState('');
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const others = members.filter(({ id }) => id !== account?.id);
  const chosen = others.find(({ id }) => String(id) === to) ?? others[0];
  const isLastOwner = role === 'owner' && !others.some((member) => member.role === 'owner');
  const transfer = async () => {
    const body = { account: chosen!.id };
    tellSuccess((await withProof(() => answerOf(api.POST('/team/transfer', { body })))).message);
    await client.invalidateQueries({ queryKey: ['team'] });
  };
  const leave = async () => {
    await answerOf(api.DELETE('/user/teams/{team}', { params: { path: { team: team.id } } }));
    switchTeam(null);
  };
  const remove = async () => {
    await withProof(() => answerOf(api.POST('/team/delete', { body: { confirm: team.name } })));
    switchTeam(null);
  };
  return (
    <Section title={text.ending} flush>
      {role === 'owner' && (
        <Line title={text.transfer} about={text.transferAbout}>
          {others.length > 0 && (
            <select
              aria-label={text.transferTo}
              className="control w-auto max-w-52"
              value={String(chosen?.id)}
              onChange={({ target }) => setTo(target.value)}
            >
              {others.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
          <Button
            blocked={others.length === 0 && text.transferNobody}
            onClick={() =>
              setConfirmation({
                title: text.transferTitle(chosen!.name),
                about: text.transferAbout,
                action: text.transfer,
                run: transfer,
              })
            }
          >
            {text.transfer}
          </Button>
        </Line>
      )}
      <Line title={text.leave} about={text.leaveAbout}>
        <Button
          blocked={isLastOwner && text.lastOwner}
          onClick={() =>
            setConfirmation({
              title: text.leaveTitle(team.name),
              about: text.leaveAbout,
              action: text.leave,
              danger: true,
              run: leave,
            })
          }
        >
          {text.leave}
        </Button>
      </Line>
      {role === 'owner' && (
        <Line title={text.deletion} about={text.deletionAbout}>
          <Button
            look="danger"
            blocked={team.personal_team && text.personal}
            onClick={() =>
              setConfirmation({
                title: text.deletionTitle(team.name),
                about: text.deletionAbout,
                action: text.deletion,
                danger: true,
                typed: team.name,
                run: remove,
              })
            }
          >
            {text.deletion}
          </Button>
        </Line>
      )}
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

function Line({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-b border-line px-5 py-4 last:border-0">
      <div className="min-w-0 flex-1 basis-56">
        <h3 className="font-medium">{title}</h3>
        <p className="text-sm text-quiet">{about}</p>
      </div>
      <div className="flex flex-wrap gap-2">{children}</div>
    </div>
  );
}
