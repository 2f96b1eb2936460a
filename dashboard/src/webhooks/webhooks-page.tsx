import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, KeyRound, Pencil, Plus, Power, RotateCw, Send, Trash2, Webhook } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { wholeList } from '../api/whole-list.ts';
import { webhookText as text } from '../text/access.ts';
import { common } from '../text/common.ts';
import { Badge, Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { actionColumn, type Column } from '../ui/table.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { Deliveries } from './deliveries.tsx';
import { type Endpoint, EndpointForm } from './endpoint-form.tsx';
import type { DeliverySearch } from './search.ts';

const endpointsQuery = {
  queryKey: ['webhook', 'endpoints'],
  queryFn: () => wholeList((query) => api.GET('/webhooks/endpoints', { params: { query } })),
};

const DAY_MS = 86_400_000;

const at = (webhookEndpoint: string) => ({ params: { path: { webhookEndpoint } } });

const COLUMNS: readonly Column<Endpoint>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ name, url, is_default }) => (
      <div className="max-w-40 min-w-28 sm:max-w-96">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{name}</span>
          {is_default && <Tag>{text.isDefault}</Tag>}
        </span>
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
export function WebhooksPage({
  search,
  onSearch,
}: {
  search: DeliverySearch;
  onSearch: (change: DeliverySearch) => void;
}) {
  const client = useQueryClient();
  const { data } = useQuery(endpointsQuery);
  const { change } = useRefusals();
  const [edited, setEdited] = useState<Endpoint | 'new' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const run = async (work: Promise<{ message: string }>) => {
    tellSuccess((await work).message);
    await client.invalidateQueries({ queryKey: ['webhook'] });
  };
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setEdited('new')}>
      {text.add}
    </Button>
  );
  const renewSecret = async (id: string) => {
    const call = api.POST('/webhooks/endpoints/{webhookEndpoint}/regenerate-secret', at(id));
    const { message, webhook_secret } = await answerOf(call);
    tellSuccess(message);
    setSecret(webhook_secret);
  };
  const sendAgain = (id: string) => {
    const body = { since: new Date(Date.now() - DAY_MS).toISOString() };
    return run(answerOf(api.POST('/webhooks/endpoints/{webhookEndpoint}/redeliver', { ...at(id), body })));
  };
  const menu = actionColumn<Endpoint>((endpoint) => {
    const { id, name, enabled } = endpoint;
    return (
      <Menu
        label={`${common.more}: ${name}`}
        className="inline-grid size-8 place-items-center rounded-lg text-quiet hover:bg-hover hover:text-ink [&_svg]:size-4"
        items={[
          { label: text.edit, icon: <Pencil />, blocked: change, run: () => setEdited(endpoint) },
          {
            label: text.test,
            icon: <Send />,
            blocked: change,
            run: () =>
              void run(answerOf(api.POST('/webhooks/endpoints/{webhookEndpoint}/test', at(id)))).catch(
                tellFailure,
              ),
          },
          {
            label: enabled ? text.turnOff : text.turnOn,
            icon: <Power />,
            blocked: change,
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
          {
            label: text.sendAgain,
            icon: <RotateCw />,
            blocked: change,
            run: () => void sendAgain(id).catch(tellFailure),
          },
          {
            label: text.renewSecret,
            icon: <KeyRound />,
            blocked: change,
            run: () =>
              setConfirmation({
                title: text.renewTitle(name),
                about: text.renewAbout,
                action: text.renewSecret,
                run: () => renewSecret(id),
              }),
          },
          'line',
          {
            label: common.delete,
            icon: <Trash2 />,
            danger: true,
            blocked: change,
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
    );
  });
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
            <ListTable
              name="endpoints"
              caption={text.title}
              columns={[...COLUMNS, menu]}
              rows={data}
              idOf={({ id }) => id}
              textOf={({ name, url }) => `${name} ${url}`}
              expect={2}
            />
          )}
        </div>
        {!isEmpty && <Deliveries endpoints={data ?? []} search={search} onSearch={onSearch} />}
      </div>
      <Dialog
        open={edited !== null}
        onClose={() => setEdited(null)}
        title={edited === 'new' || !edited ? text.add : edited.name}
        wide
      >
        {edited && (
          <EndpointForm
            endpoint={edited === 'new' ? null : edited}
            onDone={(shown) => {
              setEdited(null);
              setSecret(shown);
            }}
          />
        )}
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
