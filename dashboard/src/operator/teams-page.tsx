import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserCheck } from 'lucide-react';
import { answerOf, api } from '../api/client.ts';
import { ProofProvider, useProof } from '../settings/proof.tsx';
import { common } from '../text/common.ts';
import { operatorText } from '../text/operator.ts';
import { Tag } from '../ui/badge.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { Told, tellSuccess } from '../ui/toast.tsx';
import { useEditing } from './editing.tsx';
import { ListCard } from './list-card.tsx';
import { allTeamsQuery, PER_PAGE } from './queries.ts';
import { readQuotas, wordsOf, writeQuotas } from './quotas.ts';
import type { ListPageProps } from './search.ts';

type Team = components['schemas']['OperatorTeam'];

const text = operatorText.teams;

/** Whether nobody can sign in who owns it. */
const isLeft = ({ deleted_at, has_owner }: Pick<Team, 'deleted_at' | 'has_owner'>): boolean =>
  !deleted_at && !has_owner;

const COLUMNS: readonly Column<Team>[] = [
  {
    id: 'name',
    title: text.team,
    sort: ({ name }) => name,
    cell: ({ name, id, deleted_at, has_owner }) => (
      <span className="flex max-w-40 min-w-28 sm:max-w-80 flex-wrap items-center gap-2">
        <span className="font-medium break-words">{name}</span>
        <span className="text-sm text-quiet">{id}</span>
        {deleted_at && <Tag>{text.deleted}</Tag>}
        {isLeft({ deleted_at, has_owner }) && <Tag>{text.noOwner}</Tag>}
      </span>
    ),
  },
  { id: 'members', title: text.members, right: true, from: 'sm', cell: ({ members }) => members },
  {
    id: 'used',
    title: text.used,
    from: 'md',
    cell: ({ used }) => <span className="text-quiet">{wordsOf(used) || text.nothing}</span>,
  },
  {
    id: 'quotas',
    title: text.quotas,
    from: 'lg',
    cell: ({ quotas }) => <span className="text-quiet">{wordsOf(quotas) || '–'}</span>,
  },
];

/** All teams of the install, with their quotas. */
export const TeamsPage = (props: ListPageProps) => (
  <ProofProvider>
    <Teams {...props} />
  </ProofProvider>
);

function Teams({ search, onSearch }: ListPageProps) {
  const { q, sort, page = 1 } = search;
  const wanted = { page, per_page: PER_PAGE, ...(q ? { q } : {}), ...(sort ? { sort } : {}) };
  const { data } = useQuery(allTeamsQuery(wanted));
  const { button, dialog } = useEditing<Team>({
    label: ({ name }) => text.edit(name),
    about: ({ used }) => (wordsOf(used) ? `${text.used}: ${wordsOf(used)}` : null),
    form: (team, onDone) => <EditForm team={team} onDone={onDone} />,
  });
  const handOver = useEditing<Team>({
    label: ({ name }) => text.handOver(name),
    icon: <UserCheck />,
    title: ({ name }) => text.handOverTitle(name),
    about: () => text.handOverAbout,
    form: (team, onDone) => <HandOverForm team={team} onDone={onDone} />,
  });
  const actions = actionColumn<Team>((team) => (
    <span className="flex justify-end">
      {isLeft(team) && handOver.button(team)}
      {button(team)}
    </span>
  ));
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <ListCard
        caption={text.title}
        columns={[...COLUMNS, actions]}
        data={data}
        search={search}
        onSearch={onSearch}
        searchLabel={text.search}
        none={text.none}
      />
      {dialog}
      {handOver.dialog}
    </>
  );
}

function EditForm({ team, onDone }: { team: Team; onDone: () => void }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm(`operator team ${team.id}`, {
    quotas: writeQuotas(team.quotas),
  });
  const save = async () => {
    const params = { path: { operatorTeam: team.id } };
    const body = { quotas: readQuotas(values.quotas) };
    tellSuccess((await answerOf(api.PUT('/operator/teams/{operatorTeam}', { params, body }))).message);
    await client.invalidateQueries({ queryKey: ['operator', 'teams'] });
    onDone();
  };
  const fieldErrors = Object.entries(errors)
    .filter(([name]) => name.startsWith('quotas'))
    .flatMap(([, sentences]) => sentences);
  return (
    <Form noValidate onSend={() => submit(save)}>
      <TextArea
        label={text.quotas}
        hint={text.hint}
        className="font-mono text-sm"
        placeholder="vps: 50"
        value={values.quotas}
        errors={fieldErrors}
        onValue={(quotas) => set('quotas', quotas)}
      />
      <SubmitRow busy={busy}>{common.save}</SubmitRow>
    </Form>
  );
}

function HandOverForm({ team, onDone }: { team: Team; onDone: () => void }) {
  const client = useQueryClient();
  const withProof = useProof();
  const { values, set, errors, busy, submit } = useForm(`hand over ${team.id}`, { email: '' });
  const save = async () => {
    const email = values.email.trim().toLowerCase();
    const query = { q: email, per_page: 100 };
    const found = (await answerOf(api.GET('/operator/accounts', { params: { query } }))).data;
    const account = found.find((one) => one.email.toLowerCase() === email);
    if (!account) throw new Told(text.noAccount);
    const params = { path: { operatorTeam: team.id } };
    const body = { account: account.id };
    const answer = await withProof(() =>
      answerOf(api.POST('/operator/teams/{operatorTeam}/transfer', { params, body })),
    );
    tellSuccess(answer.message);
    await client.invalidateQueries({ queryKey: ['operator', 'teams'] });
    onDone();
  };
  return (
    <Form noValidate onSend={() => submit(save)}>
      <TextField
        label={text.newOwner}
        type="email"
        required
        value={values.email}
        errors={errors.account}
        onValue={(email) => set('email', email)}
      />
      <SubmitRow busy={busy}>{text.handOverNow}</SubmitRow>
    </Form>
  );
}
