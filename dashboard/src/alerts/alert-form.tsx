import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { instancesQuery } from '../api/queries.ts';
import { CreateRow } from '../code/create-row.tsx';
import { KINDS, type KindName, kindOf } from '../instances/kinds.ts';
import { alertText as text } from '../text/alerts.ts';
import { common } from '../text/common.ts';
import { SelectField, Switch, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { type Alert, alertAt, alertMetricsQuery } from './api.ts';

type Channel = 'database' | 'mail' | 'webhook';
const CHANNELS: readonly Channel[] = ['database', 'mail', 'webhook'];

/** What the form holds; numbers as they are typed. */
interface Values {
  /** "vps 0198…": the type and the id of the instance. */
  instance: string;
  metric: string;
  comparison: string;
  threshold: string;
  minutes: string;
  name: string;
  description: string;
  channels: readonly Channel[];
}

const NEW: Values = {
  instance: '',
  metric: 'cpu_usage',
  comparison: 'gt',
  threshold: '90',
  minutes: '5',
  name: '',
  description: '',
  channels: CHANNELS,
};

const valuesOf = (alert: Alert): Values => ({
  instance: `${alert.resource_type} ${alert.resource_id}`,
  metric: alert.metric_type,
  comparison: alert.comparison_operator,
  threshold: String(alert.threshold_value),
  minutes: String(alert.duration_minutes),
  name: alert.name ?? '',
  description: alert.description ?? '',
  channels: (alert.notification_channels as Channel[] | null) ?? CHANNELS,
});

const requestOf = ({ comparison, threshold, minutes, name, description, channels }: Values) => ({
  comparison_operator: comparison as 'gt',
  threshold_value: Number(threshold),
  duration_minutes: Number(minutes),
  name: name.trim() || null,
  description: description.trim() || null,
  notification_channels: channels.length === CHANNELS.length ? null : [...channels],
});

/** Creates an alert, or changes `alert`. What it watches cannot be changed. */
export function AlertForm({ alert, onDone }: { alert: Alert | null; onDone: () => void }) {
  const client = useQueryClient();
  const form = useForm<Values>(alert ? `alert ${alert.id}` : 'new alert', alert ? valuesOf(alert) : NEW);
  const { values, set, errors, busy, submit } = form;
  const body = requestOf(values);
  const [type = '', id = ''] = values.instance.split(' ');
  const creation = creationOf('/metric-alerts', {
    ...body,
    resource_type: type as KindName,
    resource_id: id,
    metric_type: values.metric,
  });
  const send = async (key: string) => {
    const header = { 'Idempotency-Key': key };
    const answer = alert
      ? await answerOf(
          api.PUT('/metric-alerts/{metricAlert}', { params: { ...alertAt(alert.id).params, header }, body }),
        )
      : await create(creation, key);
    tellSuccess(answer.message);
    void client.invalidateQueries({ queryKey: ['alert'] });
    onDone();
  };
  return (
    <Form onSend={() => submit(send)}>
      {!alert && <Watched values={values} set={set} errors={errors} />}
      <div className="grid gap-5 sm:grid-cols-3">
        <SelectField
          label={text.comparison}
          value={values.comparison}
          errors={errors.comparison_operator}
          onValue={(comparison) => set('comparison', comparison)}
          options={Object.entries(text.comparisons).map(([value, label]) => ({ value, label }))}
        />
        <TextField
          label={text.threshold}
          hint={
            alert ? text.in(alert.metric_unit) : <Unit instance={values.instance} metric={values.metric} />
          }
          inputMode="decimal"
          required
          value={values.threshold}
          errors={errors.threshold_value}
          onValue={(threshold) => set('threshold', threshold)}
        />
        <TextField
          label={text.duration}
          hint={text.durationHint}
          inputMode="numeric"
          required
          value={values.minutes}
          errors={errors.duration_minutes}
          onValue={(minutes) => set('minutes', minutes)}
        />
      </div>
      <TextField
        label={text.name}
        hint={text.nameHint}
        optional
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <TextArea
        label={text.description}
        hint={text.descriptionHint}
        optional
        rows={2}
        value={values.description}
        errors={errors.description}
        onValue={(description) => set('description', description)}
      />
      <fieldset className="flex flex-col gap-3">
        <legend className="mb-2 font-medium">{text.channels}</legend>
        {CHANNELS.map((channel) => (
          <Switch
            key={channel}
            label={text.channelNames[channel]}
            checked={values.channels.includes(channel)}
            onChecked={(on) =>
              set(
                'channels',
                CHANNELS.filter((one) => (one === channel ? on : values.channels.includes(one))),
              )
            }
          />
        ))}
      </fieldset>
      {alert ? (
        <SubmitRow busy={busy}>{common.save}</SubmitRow>
      ) : (
        <CreateRow creation={creation} busy={busy}>
          {text.add}
        </CreateRow>
      )}
    </Form>
  );
}

/** The instance and what is measured of it. */
function Watched({
  values,
  set,
  errors,
}: Pick<ReturnType<typeof useForm<Values>>, 'values' | 'set' | 'errors'>) {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const areLoaded = lists.every(({ data }) => data?.isWhole);
  const metrics = useMetrics(values.instance);
  return (
    <>
      <SelectField
        label={text.instance}
        value={values.instance}
        errors={errors.resource_id ?? errors.resource_type}
        onValue={(instance) => set('instance', instance)}
        options={
          areLoaded
            ? [
                { value: '', label: text.chooseInstance },
                ...KINDS.flatMap((kind, at) =>
                  (lists[at]?.data?.items ?? []).map(({ id, name }) => ({
                    value: `${kind.name} ${id}`,
                    label: `${name} (${kind.text.noun})`,
                  })),
                ),
              ]
            : undefined
        }
      />
      <SelectField
        label={text.metric}
        value={values.metric}
        errors={errors.metric_type}
        hint={metrics.find(({ value }) => value === values.metric)?.description}
        onValue={(metric) => set('metric', metric)}
        options={
          metrics.length > 0
            ? metrics.map(({ value, label }) => ({ value, label }))
            : [{ value: values.metric, label: text.chooseMetric }]
        }
      />
    </>
  );
}

function useMetrics(instance: string) {
  const kind = kindOf(instance.split(' ')[0]!);
  const { data } = useQuery({ ...alertMetricsQuery(kind?.name ?? 'vps'), enabled: kind !== undefined });
  return data ?? [];
}

function Unit({ instance, metric }: { instance: string; metric: string }) {
  const unit = useMetrics(instance).find(({ value }) => value === metric)?.unit;
  return unit ? text.in(unit) : null;
}
