import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { answerOf, api } from '../api/client.ts';
import { teamText as text } from '../text/team.ts';
import { Tag } from '../ui/badge.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { isAdmin, membersQuery, ROLES, type Role } from './queries.ts';

type Member = components['schemas']['TeamMember'];

const onMember = (member: number) => ({ params: { path: { member } } });

/** Who is in the team. Admins change roles and remove members; only owners touch owners. */
export function Members({ role }: { role: Role | undefined }) {
  const client = useQueryClient();
  const { data } = useQuery(membersQuery);
  const { data: account } = useQuery(accountQuery);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['team'] });
  const mayTouch = (member: Member) => isAdmin(role) && (role === 'owner' || member.role !== 'owner');
  const setRole = async (member: Member, next: Role) => {
    const change = api.PUT('/team/members/{member}', { ...onMember(member.id), body: { role: next } });
    await answerOf(change).then(({ message }) => tellSuccess(message), tellFailure);
    await refresh();
  };
  const remove = async (member: Member) => {
    tellSuccess((await answerOf(api.DELETE('/team/members/{member}', onMember(member.id)))).message);
    await refresh();
  };
  const columns: readonly Column<Member>[] = [
    {
      id: 'member',
      title: text.member,
      cell: (member) => (
        <div className="max-w-40 min-w-28 sm:max-w-80">
          <span className="flex flex-wrap items-center gap-2">
            <span className="font-medium break-words">{member.name}</span>
            {member.id === account?.id && <Tag>{text.you}</Tag>}
          </span>
          <span className="block truncate text-sm text-quiet">{member.email}</span>
        </div>
      ),
    },
    {
      id: 'role',
      title: text.role,
      cell: (member) =>
        mayTouch(member) ? (
          <RoleSelect
            member={member}
            highest={role === 'owner' ? 'owner' : 'admin'}
            onRole={(next) => void setRole(member, next)}
          />
        ) : (
          text.roles[member.role]
        ),
    },
    {
      id: 'joined',
      title: text.joined,
      right: true,
      from: 'sm',
      cell: ({ joined_at }) => <AgoCell at={joined_at} />,
    },
  ];
  const actions = actionColumn<Member>((member) =>
    mayTouch(member) && member.id !== account?.id ? (
      <RemoveButton
        name={member.name}
        onAsk={setConfirmation}
        title={text.removeTitle(member.name)}
        about={text.removeAbout}
        action={text.remove}
        run={() => remove(member)}
      />
    ) : null,
  );
  return (
    <Section title={text.members} flush>
      <Table
        caption={text.members}
        columns={isAdmin(role) ? [...columns, actions] : columns}
        rows={data}
        idOf={({ id }) => String(id)}
        expect={2}
      />
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

function RoleSelect({
  member,
  highest,
  onRole,
}: {
  member: Member;
  highest: Role;
  onRole: (role: Role) => void;
}) {
  return (
    <select
      aria-label={text.roleOf(member.name)}
      className="control w-auto"
      value={member.role}
      onChange={({ target }) => onRole(target.value as Role)}
    >
      {ROLES.slice(0, ROLES.indexOf(highest) + 1).map((one) => (
        <option key={one} value={one}>
          {text.roles[one]}
        </option>
      ))}
    </select>
  );
}
