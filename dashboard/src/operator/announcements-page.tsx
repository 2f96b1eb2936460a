import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Megaphone, Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { operatorText } from '../text/operator.ts';
import { Badge, Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { Ago } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { operatorAnnouncementsQuery } from './queries.ts';

const text = operatorText.announcements;
const SEVERITIES = ['info', 'warning'] as const;

/** What all customers are told. */
export function AnnouncementsPage() {
  const client = useQueryClient();
  const { data } = useQuery(operatorAnnouncementsQuery);
  const [isOpen, setOpen] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['announcements'] });
  const remove = async (announcement: number) => {
    const params = { path: { announcement } };
    tellSuccess((await answerOf(api.DELETE('/operator/announcements/{announcement}', { params }))).message);
    await refresh();
  };
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={data?.length === 0 ? null : add} />
      <div className="card overflow-hidden">
        {!data && <div className="skeleton m-5 h-14" />}
        {data?.length === 0 && (
          <Empty icon={<Megaphone />} title={text.emptyTitle} action={add}>
            {text.emptyAbout}
          </Empty>
        )}
        <ul>
          {data?.map((one) => (
            <li
              key={one.id}
              className="flex items-center gap-4 border-b border-line py-3 pr-3 pl-5 last:border-0"
            >
              <div className="min-w-0 flex-1">
                <p className="break-words">{one.text}</p>
                <p className="mt-1 flex flex-wrap items-center gap-2 text-sm text-quiet">
                  <Badge tone={one.severity === 'warning' ? 'warn' : 'busy'}>
                    {text.severities[one.severity]}
                  </Badge>
                  {Date.parse(one.starts_at) > Date.now() && <Tag>{text.soon}</Tag>}
                  {one.ends_at ? (
                    <span>
                      {text.until} <Ago at={one.ends_at} />
                    </span>
                  ) : (
                    text.endless
                  )}
                </p>
              </div>
              <RemoveButton
                name={one.text.slice(0, 40)}
                onAsk={setConfirmation}
                title={text.removeTitle}
                about={text.removeAbout}
                action={text.remove}
                run={() => remove(one.id)}
              />
            </li>
          ))}
        </ul>
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.addTitle} wide>
        <AddForm
          onDone={() => {
            setOpen(false);
            void refresh();
          }}
        />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

/** What the browser's field gives, which is in its own time zone, as the API takes it. */
const inUtc = (local: string): string | null => (local === '' ? null : new Date(local).toISOString());

function AddForm({ onDone }: { onDone: () => void }) {
  const { values, set, errors, busy, submit } = useForm('announcement', {
    severity: 'info' as (typeof SEVERITIES)[number],
    text: '',
    starts: '',
    ends: '',
  });
  const creation = creationOf('/operator/announcements', {
    severity: values.severity,
    text: values.text.replace(/\s+/g, ' ').trim(),
    starts_at: inUtc(values.starts),
    ends_at: inUtc(values.ends),
  });
  const add = async (key: string) => {
    tellSuccess((await create(creation, key)).message);
    onDone();
  };
  return (
    <Form noValidate onSend={() => submit(add)}>
      <TextArea
        label={text.text}
        hint={text.textHint}
        value={values.text}
        errors={errors.text}
        onValue={(next) => set('text', next)}
      />
      <SelectField
        label={text.severity}
        value={values.severity}
        onValue={(severity) => set('severity', severity as (typeof SEVERITIES)[number])}
        options={SEVERITIES.map((value) => ({ value, label: text.severities[value]! }))}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          label={text.starts}
          optional
          type="datetime-local"
          hint={text.timeHint}
          value={values.starts}
          errors={errors.starts_at}
          onValue={(starts) => set('starts', starts)}
        />
        <TextField
          label={text.ends}
          optional
          type="datetime-local"
          hint={text.timeHint}
          value={values.ends}
          errors={errors.ends_at}
          onValue={(ends) => set('ends', ends)}
        />
      </div>
      <CreateRow creation={creation} busy={busy}>
        {text.add}
      </CreateRow>
    </Form>
  );
}
