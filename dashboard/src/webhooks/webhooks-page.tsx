import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Plus, Power, Send, Trash2, Webhook } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { webhookText as text } from '../text/access.ts';
import { common } from '../text/common.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { Deliveries } from './deliveries.tsx';

type Endpoint = components['schemas']['WebhookEndpoint'];

const endpointsQuery = {
  queryKey: ['webhook', 'endpoints'],
  queryFn: async () =>
    (await answerOf(api.GET('/webhooks/endpoints', { params: { query: { per_page: 100 } } }))).data,
};

const at = (webhookEndpoint: string) => ({ params: { path: { webhookEndpoint } } });

const COLUMNS: readonly Column<Endpoint>[] = [
  {
    id: 'name',
    title: text.name,
    cell: ({ name, url }) => (
      <div className="max-w-96 min-w-36">
        <span className="block font-medium break-words">{name}</span>
        <code className="block truncate font-mono text-xs text-quiet">{url}</code>
      </div>
    ),
  },
  {
    id: 'events',
    title: text.events,
    from: 'md',
    cell: ({ event_types }) => <span className="text-quiet">{event_types.join(', ') || text.all}</span>,
  },
  {
    id: 'state',
    title: common.status,
    cell: ({ enabled, failing_since }) =>
      enabled ? (
        <Badge tone={failing_since ? 'warn' : 'good'}>{failing_since ? text.failing : text.enabled}</Badge>
      ) : (
        <Badge tone="idle">{text.disabled}</Badge>
      ),
  },
];

/** Endpoints that are told of events, and what was sent to them. */
export function WebhooksPage() {
  const client = useQueryClient();
  const { data } = useQuery(endpointsQuery);
  const [isOpen, setOpen] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const run = async (work: Promise<{ message: string }>) => {
    tellSuccess((await work).message);
    await client.invalidateQueries({ queryKey: ['webhook'] });
  };
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.add}
    </Button>
  );
  const menu = actionColumn<Endpoint>(({ id, name, enabled }) => (
    <Menu
      label={`${common.more}: ${name}`}
      className="inline-grid size-8 place-items-center rounded-lg text-quiet hover:bg-hover hover:text-ink [&_svg]:size-4"
      items={[
        {
          label: text.test,
          icon: <Send />,
          run: () =>
            void run(answerOf(api.POST('/webhooks/endpoints/{webhookEndpoint}/test', at(id)))).catch(
              tellFailure,
            ),
        },
        {
          label: enabled ? text.turnOff : text.turnOn,
          icon: <Power />,
          run: () =>
            void run(
              answerOf(
                api.PUT('/webhooks/endpoints/{webhookEndpoint}', {
                  ...at(id),
                  body: { enabled: !enabled },
                }),
              ),
            ).catch(tellFailure),
        },
        'line',
        {
          label: common.delete,
          icon: <Trash2 />,
          danger: true,
          run: () =>
            setConfirmation({
              title: text.deleteTitle(name),
              about: text.deleteAbout,
              action: common.delete,
              danger: true,
              run: () => run(answerOf(api.DELETE('/webhooks/endpoints/{webhookEndpoint}', at(id)))),
            }),
        },
      ]}
    >
      <Ellipsis />
    </Menu>
  ));
  const isEmpty = data?.length === 0;
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={isEmpty ? null : add} />
      <div className="flex flex-col gap-6">
        <div className="card overflow-hidden">
          {isEmpty ? (
            <Empty icon={<Webhook />} title={text.emptyTitle} action={add}>
              {text.emptyAbout}
            </Empty>
          ) : (
            <Table
              caption={text.title}
              columns={[...COLUMNS, menu]}
              rows={data}
              idOf={({ id }) => id}
              expect={2}
            />
          )}
        </div>
        {!isEmpty && <Deliveries />}
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.add}>
        <AddForm
          onDone={(shown) => {
            setOpen(false);
            setSecret(shown);
          }}
        />
      </Dialog>
      <Dialog
        open={secret !== null}
        onClose={() => setSecret(null)}
        title={text.secretTitle}
        about={text.secretAbout}
      >
        <Code label={text.secretTitle} text={secret ?? ''} />
        <div className="mt-5 flex justify-end">
          <Button onClick={() => setSecret(null)}>{common.close}</Button>
        </div>
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

function AddForm({ onDone }: { onDone: (secret: string) => void }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm('new webhook', { name: '', url: '', events: '' });
  const add = async (key: string) => {
    const event_types = values.events.split(/[\s,]+/).filter(Boolean);
    const { secret } = await answerOf(
      api.POST('/webhooks/endpoints', {
        params: { header: { 'Idempotency-Key': key } },
        body: { name: values.name, url: values.url, ...(event_types.length > 0 ? { event_types } : {}) },
      }),
    );
    void client.invalidateQueries({ queryKey: ['webhook'] });
    onDone(secret);
  };
  return (
    <Form onSend={() => submit(add)}>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <TextField
        label={text.url}
        hint={text.urlHint}
        type="url"
        placeholder="https://hooks.example.org/danube"
        value={values.url}
        errors={errors.url}
        onValue={(url) => set('url', url)}
      />
      <TextField
        label={text.events}
        optional
        hint={text.eventsHint}
        value={values.events}
        errors={errors.event_types}
        onValue={(events) => set('events', events)}
      />
      <SubmitRow busy={busy}>{text.add}</SubmitRow>
    </Form>
  );
}
