import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Ban, CircleCheck } from 'lucide-react';
import { useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { answerOf, api } from '../api/client.ts';
import { ProofProvider, useProof } from '../settings/proof.tsx';
import { common } from '../text/common.ts';
import { operatorText } from '../text/operator.ts';
import { Tag } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { FilterSelect } from '../ui/filter.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { useEditing } from './editing.tsx';
import { ListCard } from './list-card.tsx';
import { accountsQuery, PER_PAGE } from './queries.ts';
import { ACCOUNT_STATUSES, type ListPageProps, oneOf } from './search.ts';

type Account = components['schemas']['OperatorAccount'];
type Changes = components['schemas']['UpdateOperatorAccount'];

const text = operatorText.accounts;
const TIERS = ['free', 'starter', 'pro', 'enterprise'] as const;

const COLUMNS: readonly Column<Account>[] = [
  {
    id: 'name',
    title: text.account,
    sort: ({ name }) => name,
    cell: ({ name, email, operator, status }) => (
      <div className="max-w-40 min-w-28 sm:max-w-80">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{name}</span>
          {operator && <Tag>{text.operator}</Tag>}
          {status !== 'active' && <Tag>{text.statuses[status]}</Tag>}
        </span>
        <span className="block truncate text-sm text-quiet">{email}</span>
      </div>
    ),
  },
  { id: 'tier', title: text.tier, from: 'sm', cell: ({ tier }) => tier },
  { id: 'teams', title: text.teams, right: true, from: 'md', cell: ({ teams }) => teams },
  { id: 'tokens', title: text.tokens, right: true, from: 'md', cell: ({ tokens }) => tokens },
  {
    id: 'created_at',
    title: common.created,
    right: true,
    from: 'sm',
    sort: ({ created_at }) => created_at,
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** All accounts of the install. */
export function AccountsPage(props: ListPageProps) {
  return (
    <ProofProvider>
      <Accounts {...props} />
    </ProofProvider>
  );
}

function Accounts({ search, onSearch }: ListPageProps) {
  const { q, sort, page = 1 } = search;
  const status = oneOf(ACCOUNT_STATUSES, search.status);
  const wanted = {
    page,
    per_page: PER_PAGE,
    ...(q ? { q } : {}),
    ...(status ? { status } : {}),
    ...(sort ? { sort } : {}),
  };
  const { data } = useQuery(accountsQuery(wanted));
  const { button, dialog } = useEditing<Account>({
    label: ({ name }) => text.edit(name),
    title: ({ email }) => email,
    form: (account, onDone) => <EditForm account={account} onDone={onDone} />,
  });
  const access = useAccess();
  const actions = actionColumn<Account>((account) =>
    account.status === 'deleted' ? null : (
      <span className="flex justify-end">
        {button(account)}
        {access.button(account)}
      </span>
    ),
  );
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
        filter={
          <FilterSelect
            label={common.status}
            value={status}
            onValue={(next) => onSearch({ status: next, page: undefined })}
            all={text.all}
            options={ACCOUNT_STATUSES.map((one) => [one, text.statuses[one]])}
          />
        }
      />
      {dialog}
      {access.dialog}
    </>
  );
}

/** Disables and enables accounts: the button of each, and the question before. */
function useAccess() {
  const client = useQueryClient();
  const withProof = useProof();
  const { data: own } = useQuery(accountQuery);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const change = async ({ id, status }: Account) => {
    const params = { path: { account: id } };
    const answer = await withProof(() =>
      answerOf(
        status === 'disabled'
          ? api.POST('/operator/accounts/{account}/enable', { params })
          : api.POST('/operator/accounts/{account}/disable', { params }),
      ),
    );
    tellSuccess([answer.message, ...answer.warnings].join(' '));
    await client.invalidateQueries({ queryKey: ['operator', 'accounts'] });
  };
  return {
    button(account: Account) {
      const isOff = account.status === 'disabled';
      const action = isOff ? text.enable : text.disable;
      const title = (isOff ? text.enableTitle : text.disableTitle)(account.email);
      const about = isOff ? text.enableAbout : text.disableAbout;
      return (
        <IconButton
          label={`${action}: ${account.name}`}
          blocked={account.id === own?.id && text.yourself}
          onClick={() =>
            setConfirmation({ title, about, action, danger: !isOff, run: () => change(account) })
          }
        >
          {isOff ? <CircleCheck /> : <Ban />}
        </IconButton>
      );
    },
    dialog: <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />,
  };
}

function EditForm({ account, onDone }: { account: Account; onDone: () => void }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm(`operator account ${account.id}`, {
    tier: account.tier,
    limits: account.rate_limits?.join(', ') ?? '',
    teamLimit: account.team_limit === null ? '' : String(account.team_limit),
  });
  const save = async () => {
    const limits = values.limits.split(/[\s,]+/).filter(Boolean);
    const body: Changes = {
      tier: values.tier as (typeof TIERS)[number],
      rate_limits: limits.length > 0 ? limits.map(Number) : null,
      team_limit: values.teamLimit.trim() === '' ? null : Number(values.teamLimit),
    };
    const params = { path: { account: account.id } };
    tellSuccess((await answerOf(api.PUT('/operator/accounts/{account}', { params, body }))).message);
    await client.invalidateQueries({ queryKey: ['operator', 'accounts'] });
    onDone();
  };
  return (
    <Form noValidate onSend={() => submit(save)}>
      <SelectField
        label={text.tier}
        value={values.tier}
        onValue={(tier) => set('tier', tier)}
        errors={errors.tier}
        options={TIERS.map((value) => ({ value, label: value }))}
      />
      <TextField
        label={text.limits}
        optional
        hint={text.limitsHint}
        placeholder="600, 20000, 400000"
        value={values.limits}
        errors={errors.rate_limits ?? errors['rate_limits.0']}
        onValue={(limits) => set('limits', limits)}
      />
      <TextField
        label={text.teamLimit}
        optional
        inputMode="numeric"
        hint={text.teamLimitHint}
        value={values.teamLimit}
        errors={errors.team_limit}
        onValue={(limit) => set('teamLimit', limit)}
      />
      <SubmitRow busy={busy}>{common.save}</SubmitRow>
    </Form>
  );
}
