import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { History, Pencil, Power, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { Failure, Pending } from '../shell/states.tsx';
import { alertText as text } from '../text/alerts.ts';
import { common } from '../text/common.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Empty, Facts, PageHeader, Section } from '../ui/page.tsx';
import { formatValue } from '../ui/quantity.ts';
import { useRefusals } from '../ui/refusals.ts';
import { type Column, Table } from '../ui/table.tsx';
import { Ago, AgoCell } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { AlertForm } from './alert-form.tsx';
import { Watched } from './alerts-page.tsx';
import { ALERT_TONES, type Alert, alertAt, alertName, alertQuery, conditionOf, historyQuery } from './api.ts';

type Happening = components['schemas']['MetricAlertHappening'];

/** One alert: what it watches, how it is, and what has happened to it. */
export function AlertPage({ id }: { id: string }) {
  const { data: alert, error } = useQuery(alertQuery(id));
  const [isOpen, setOpen] = useState(false);
  if (!alert) return error ? <Failure error={error} reset={() => undefined} /> : <Pending />;
  return (
    <>
      <PageHeader
        above={
          <Link to="/alerts" className="hover:text-ink hover:underline">
            {text.title}
          </Link>
        }
        title={alertName(alert)}
        about={alert.description}
        badge={
          <Badge tone={ALERT_TONES[alert.status] ?? 'idle'}>
            {text.states[alert.status] ?? alert.status}
          </Badge>
        }
        actions={<Actions alert={alert} onEdit={() => setOpen(true)} />}
      />
      <div className="flex flex-col gap-6">
        <Section title={text.condition}>
          <Facts items={factsOf(alert)} />
        </Section>
        <AlertHistory alert={alert} />
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={alertName(alert)} wide>
        <AlertForm alert={alert} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const factsOf = (alert: Alert): Parameters<typeof Facts>[0]['items'] => [
  [text.instance, <Watched key="instance" alert={alert} />],
  [text.metric, alert.metric_label ?? alert.metric_type],
  [text.comparison, conditionOf(alert)],
  [
    text.value,
    alert.last_metric_value === null ? text.noData : formatValue(alert.last_metric_value, alert.metric_unit),
  ],
  [text.fired, <Ago key="fired" at={alert.triggered_at} />],
  [text.over, <Ago key="over" at={alert.resolved_at} />],
  [text.times, alert.trigger_count],
  [
    text.channels,
    (alert.notification_channels ?? Object.keys(text.channelNames))
      .map((channel) => text.channelNames[channel] ?? channel)
      .join(', ') || common.none,
  ],
];

function Actions({ alert, onEdit }: { alert: Alert; onEdit: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const { change } = useRefusals();
  const run = async (work: Promise<{ message: string }>) => {
    tellSuccess((await work).message);
    await client.invalidateQueries({ queryKey: ['alert'] });
  };
  const toggle = () =>
    run(answerOf(api.PATCH('/metric-alerts/{metricAlert}/toggle', alertAt(alert.id)))).catch(tellFailure);
  const remove = () =>
    setConfirmation({
      title: text.deleteTitle(alertName(alert)),
      about: text.deleteAbout,
      action: common.delete,
      danger: true,
      async run() {
        await run(answerOf(api.DELETE('/metric-alerts/{metricAlert}', alertAt(alert.id))));
        await navigate({ to: '/alerts' });
      },
    });
  return (
    <>
      <Button icon={<Pencil />} blocked={change} onClick={onEdit}>
        {text.edit}
      </Button>
      <Button icon={<Power />} blocked={change} onClick={() => void toggle()}>
        {alert.enabled ? text.turnOff : text.turnOn}
      </Button>
      <Button icon={<Trash2 />} blocked={change} onClick={remove}>
        {common.delete}
      </Button>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

const TONES: Record<string, Tone> = {
  triggered: 'bad',
  resolved: 'good',
  no_data: 'warn',
  data_returned: 'good',
};

function AlertHistory({ alert }: { alert: Alert }) {
  const { data } = useQuery(historyQuery(alert.id));
  const columns: readonly Column<Happening>[] = [
    {
      id: 'what',
      title: text.history,
      cell: ({ event_type }) => (
        <Badge tone={TONES[event_type] ?? 'idle'}>{text.happenings[event_type] ?? event_type}</Badge>
      ),
    },
    {
      id: 'value',
      title: text.value,
      right: true,
      cell: ({ metric_value }) =>
        metric_value === null ? '–' : formatValue(metric_value, alert.metric_unit),
    },
    {
      id: 'limit',
      title: text.threshold,
      right: true,
      from: 'sm',
      cell: ({ threshold_value }) =>
        threshold_value === null ? '–' : formatValue(threshold_value, alert.metric_unit),
    },
    { id: 'when', title: text.when, right: true, cell: ({ occurred_at }) => <AgoCell at={occurred_at} /> },
  ];
  return (
    <Section title={text.history} about={text.historyAbout} flush>
      {data?.length === 0 ? (
        <Empty icon={<History />} title={text.noHistory} />
      ) : (
        <Table
          caption={text.history}
          columns={columns}
          rows={data}
          idOf={({ event_type, occurred_at }) => `${occurred_at} ${event_type}`}
          expect={3}
        />
      )}
    </Section>
  );
}
