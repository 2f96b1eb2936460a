import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { webhookText as text } from '../text/access.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Empty, Section } from '../ui/page.tsx';
import { type Column, Pager, Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';

type Delivery = components['schemas']['WebhookDelivery'];

const TONES: Record<string, Tone> = { queued: 'idle', pending: 'busy', delivered: 'good', failed: 'bad' };
const PER_PAGE = 20;
/** How often the list is read while something is being sent, in milliseconds: deliveries make no events. */
const AT_WORK_MS = 2000;

/** What was sent to the endpoints. */
export function Deliveries() {
  const client = useQueryClient();
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<Delivery | null>(null);
  const { data } = useQuery({
    queryKey: ['webhook', 'deliveries', page],
    queryFn: () =>
      answerOf(api.GET('/webhooks/deliveries', { params: { query: { page, per_page: PER_PAGE } } })),
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
      id: 'when',
      title: text.when,
      right: true,
      from: 'sm',
      cell: ({ created_at }) => <AgoCell at={created_at} />,
    },
  ];
  return (
    <Section title={text.deliveries} about={text.deliveriesAbout} flush>
      {data?.data.length === 0 ? (
        <Empty title={text.noDeliveries} />
      ) : (
        <Table caption={text.deliveries} columns={columns} rows={data?.data} idOf={({ id }) => String(id)} />
      )}
      <Pager page={page} perPage={PER_PAGE} total={data?.pagination.total ?? 0} onPage={setPage} />
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

function DeliveryDetails({ delivery, onAgain }: { delivery: Delivery; onAgain: () => void }) {
  const { payload, signature, response_body, error_message } = delivery;
  return (
    <div className="flex flex-col gap-4">
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
        <Button onClick={onAgain}>{text.redeliver}</Button>
      </div>
    </div>
  );
}
