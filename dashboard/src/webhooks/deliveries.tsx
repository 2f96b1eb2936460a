import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { webhookText as text } from '../text/access.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { FilterSelect } from '../ui/filter.tsx';
import { Empty, Facts, Section } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import { useRefusals } from '../ui/refusals.ts';
import type { Column } from '../ui/table.tsx';
import { Ago, AgoCell } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { DELIVERY_STATES, type DeliverySearch } from './search.ts';

type Delivery = components['schemas']['WebhookDelivery'];

const TONES: Record<string, Tone> = { queued: 'idle', pending: 'busy', delivered: 'good', failed: 'bad' };
const PER_PAGE = 20;
/** How often the list is read while something is being sent, in milliseconds: deliveries make no events. */
const AT_WORK_MS = 2000;

/** What was sent to the endpoints. Which of it is shown is in the address. */
export function Deliveries({
  endpoints,
  search: { status, endpoint, sort, page = 1 },
  onSearch,
}: {
  endpoints: readonly { id: string; name: string }[];
  search: DeliverySearch;
  onSearch: (change: DeliverySearch) => void;
}) {
  const client = useQueryClient();
  const [open, setOpen] = useState<Delivery | null>(null);
  const query = {
    page,
    per_page: PER_PAGE,
    ...(status ? { status } : {}),
    ...(sort ? { sort } : {}),
    ...(endpoint ? { endpoint_id: endpoint } : {}),
  };
  const { data } = useQuery({
    queryKey: ['webhook', 'deliveries', query],
    queryFn: () => answerOf(api.GET('/webhooks/deliveries', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.data.some((one) => one.state === 'queued' || one.state === 'pending') ? AT_WORK_MS : false,
  });
  const again = async (id: number) => {
    await answerOf(
      api.POST('/webhooks/deliveries/{webhookDelivery}/redeliver', {
        params: { path: { webhookDelivery: id } },
      }),
    ).then(({ message }) => tellSuccess(message), tellFailure);
    void client.invalidateQueries({ queryKey: ['webhook', 'deliveries'] });
  };
  const columns: readonly Column<Delivery>[] = [
    {
      id: 'event',
      title: text.event,
      cell: (delivery) => (
        <button type="button" className="rounded text-left hover:underline" onClick={() => setOpen(delivery)}>
          <code className="font-mono text-[0.8667rem] break-all">{delivery.event}</code>
        </button>
      ),
    },
    {
      id: 'state',
      title: text.response,
      cell: ({ state, response_status }) => (
        <span className="flex items-center gap-2">
          <Badge tone={TONES[state] ?? 'idle'}>{text.states[state] ?? state}</Badge>
          <span className="text-quiet tabular-nums">{response_status}</span>
        </span>
      ),
    },
    { id: 'attempts', title: text.attempts, right: true, from: 'sm', cell: ({ attempts }) => attempts },
    {
      id: 'created_at',
      title: text.when,
      right: true,
      from: 'sm',
      sort: ({ created_at }) => created_at ?? '',
      cell: ({ created_at }) => <AgoCell at={created_at} />,
    },
  ];
  return (
    <Section
      title={text.deliveries}
      about={text.deliveriesAbout}
      flush
      actions={
        <>
          <FilterSelect
            label={text.state}
            value={status}
            onValue={(next) => onSearch({ status: next, page: undefined })}
            all={text.allStates}
            options={DELIVERY_STATES.map((state) => [state, text.states[state]])}
          />
          {endpoints.length > 1 && (
            <FilterSelect
              label={text.endpoint}
              value={endpoint}
              onValue={(next) => onSearch({ endpoint: next, page: undefined })}
              all={text.allEndpoints}
              options={endpoints.map(({ id, name }) => [id, name])}
            />
          )}
        </>
      }
    >
      <PagedTable
        caption={text.deliveries}
        columns={columns}
        data={data}
        idOf={({ id }) => String(id)}
        page={page}
        sort={sort}
        perPage={PER_PAGE}
        onSearch={onSearch}
        empty={<Empty title={status || endpoint ? text.noneFits : text.noDeliveries} />}
      />
      <Dialog
        open={open !== null}
        onClose={() => setOpen(null)}
        title={open?.event ?? ''}
        about={open?.url}
        wide
      >
        {open && <DeliveryDetails delivery={open} onAgain={() => void again(open.id)} />}
      </Dialog>
    </Section>
  );
}

const factsOf = (delivery: Delivery): Parameters<typeof Facts>[0]['items'] => [
  [
    text.messageId,
    <code key="message" className="font-mono text-sm break-all">
      {delivery.message_id}
    </code>,
  ],
  [
    text.response,
    <span key="state" className="flex items-center gap-2">
      <Badge tone={TONES[delivery.state] ?? 'idle'}>{text.states[delivery.state] ?? delivery.state}</Badge>
      {delivery.response_status}
    </span>,
  ],
  [text.attempts, delivery.attempts],
  delivery.next_attempt_at != null && [text.nextAttempt, <Ago key="next" at={delivery.next_attempt_at} />],
  delivery.delivered_at != null && [text.delivered, <Ago key="done" at={delivery.delivered_at} />],
  delivery.failed_at != null && [text.givenUp, <Ago key="failed" at={delivery.failed_at} />],
];

function DeliveryDetails({ delivery, onAgain }: { delivery: Delivery; onAgain: () => void }) {
  const { payload, signature, response_body, error_message } = delivery;
  const { change } = useRefusals();
  return (
    <div className="flex flex-col gap-4">
      <Facts items={factsOf(delivery)} />
      {error_message && <p className="text-bad">{error_message}</p>}
      <div>
        <h3 className="mb-1.5">{text.payload}</h3>
        <Code label={text.payload} text={JSON.stringify(payload, null, 2)} />
      </div>
      {signature && (
        <div>
          <h3 className="mb-1.5">{text.signature}</h3>
          <Code label={text.signature} text={signature} />
        </div>
      )}
      {response_body && (
        <div>
          <h3 className="mb-1.5">{text.answer}</h3>
          <Code label={text.answer} text={response_body} />
        </div>
      )}
      <div className="flex justify-end">
        <Button blocked={change} onClick={onAgain}>
          {text.redeliver}
        </Button>
      </div>
    </div>
  );
}
