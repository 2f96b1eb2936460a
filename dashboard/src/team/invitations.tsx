import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { useOptions } from '../sign-in/options.ts';
import { common } from '../text/common.ts';
import { teamText as text } from '../text/team.ts';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Choice, SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { invitationsQuery, ROLES, type Role } from './queries.ts';

type Invitation = components['schemas']['TeamInvitation'];

const DAYS = [1, 3, 7, 14, 30];

const COLUMNS: readonly Column<Invitation>[] = [
  {
    id: 'email',
    title: text.email,
    cell: ({ email }) => (
      <span className="break-words">{email ?? <span className="text-quiet">{text.byLink}</span>}</span>
    ),
  },
  { id: 'role', title: text.role, cell: ({ role }) => text.roles[role] },
  {
    id: 'expires',
    title: text.expires,
    right: true,
    from: 'sm',
    cell: ({ expires_at }) => <AgoCell at={expires_at} />,
  },
];

/** Invitations that can still be accepted, and the form that makes one. */
export function Invitations({ role }: { role: Role }) {
  const client = useQueryClient();
  const { data } = useQuery(invitationsQuery);
  const [isOpen, setOpen] = useState(false);
  const [url, setUrl] = useState<string | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['team', 'invitations'] });
  const withdraw = async (invitation: number) => {
    const params = { path: { invitation } };
    tellSuccess((await answerOf(api.DELETE('/team/invitations/{invitation}', { params }))).message);
    await refresh();
  };
  const actions = actionColumn<Invitation>(({ id, email, role: given }) => (
    <RemoveButton
      name={email ?? text.roles[given] ?? given}
      onAsk={setConfirmation}
      title={text.withdrawTitle}
      about={text.withdrawAbout}
      action={text.withdraw}
      run={() => withdraw(id)}
    />
  ));
  return (
    <Section
      title={text.invitations}
      about={text.invitationsAbout}
      flush
      actions={
        <Button icon={<UserPlus />} onClick={() => setOpen(true)}>
          {text.invite}
        </Button>
      }
    >
      {data?.length === 0 ? (
        <p className="px-5 py-4 text-quiet">{text.noInvitations}</p>
      ) : (
        <Table
          caption={text.invitations}
          columns={[...COLUMNS, actions]}
          rows={data}
          idOf={({ id }) => String(id)}
          expect={1}
        />
      )}
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.inviteTitle} wide>
        <InviteForm
          role={role}
          onDone={(link) => {
            setOpen(false);
            setUrl(link);
            void refresh();
          }}
        />
      </Dialog>
      <Dialog open={url !== null} onClose={() => setUrl(null)} title={text.linkTitle} about={text.linkAbout}>
        <Code label={text.linkTitle} text={url ?? ''} />
        <div className="mt-5 flex justify-end">
          <Button onClick={() => setUrl(null)}>{common.close}</Button>
        </div>
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

function InviteForm({ role, onDone }: { role: Role; onDone: (url: string | null) => void }) {
  const sendsMail = useOptions()?.sends_mail ?? false;
  const { values, set, errors, busy, submit } = useForm('invite', {
    role: 'editor' as Role,
    email: '',
    days: '7',
  });
  const email = sendsMail ? values.email.trim() : '';
  const creation = creationOf('/team/invitations', {
    role: values.role,
    expires_in_days: Number(values.days),
    ...(email ? { email } : {}),
  });
  const invite = async (key: string) => {
    const { message, url } = await create(creation, key);
    tellSuccess(message);
    onDone(url);
  };
  const offered = ROLES.filter((one) => one !== 'owner' || role === 'owner');
  return (
    <Form noValidate onSend={() => submit(invite)}>
      <Choice
        legend={text.role}
        columns="sm:grid-cols-2"
        value={values.role}
        onValue={(next) => set('role', next)}
        options={offered.map((value) => ({
          value,
          title: text.roles[value],
          detail: text.rolesAbout[value],
        }))}
        errors={errors.role}
      />
      {sendsMail ? (
        <TextField
          label={text.email}
          optional
          type="email"
          hint={text.emailHint}
          value={values.email}
          errors={errors.email}
          onValue={(next) => set('email', next)}
        />
      ) : (
        <p className="text-quiet">{text.noMailHint}</p>
      )}
      <SelectField
        label={text.days}
        value={values.days}
        onValue={(days) => set('days', days)}
        options={DAYS.map((days) => ({ value: String(days), label: text.dayCount(days) }))}
        errors={errors.expires_in_days}
      />
      <CreateRow creation={creation} busy={busy}>
        {email ? text.sendInvitation : text.makeLink}
      </CreateRow>
    </Form>
  );
}
