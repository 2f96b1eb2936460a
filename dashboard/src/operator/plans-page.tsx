import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { common } from '../text/common.ts';
import { operatorText } from '../text/operator.ts';
import { Badge } from '../ui/badge.tsx';
import { Switch, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { Told, tellSuccess } from '../ui/toast.tsx';
import { useEditing } from './editing.tsx';
import { plansQuery } from './queries.ts';

type Plan = components['schemas']['OperatorPlan'];

const text = operatorText.plans;

const COLUMNS: readonly Column<Plan>[] = [
  {
    id: 'plan',
    title: text.plan,
    cell: ({ kind, name }) => (
      <div className="min-w-28">
        <code className="block font-mono text-[0.8667rem]">{name}</code>
        <span className="text-sm text-quiet">{kind}</span>
      </div>
    ),
  },
  {
    id: 'size',
    title: text.size,
    from: 'md',
    cell: ({ vcpu, memory_mb, disk_gb }) => (
      <span className="text-quiet">
        {text.sizeOf(vcpu, (memory_mb / 1024).toLocaleString('en', { maximumFractionDigits: 2 }), disk_gb)}
      </span>
    ),
  },
  { id: 'price', title: text.price, right: true, cell: ({ price_cents }) => common.price(price_cents) },
  {
    id: 'offered',
    title: common.status,
    from: 'sm',
    cell: ({ enabled }) => (
      <Badge tone={enabled ? 'good' : 'idle'}>{enabled ? text.offered : text.notOffered}</Badge>
    ),
  },
];

/** What is offered, and for how much. */
export function PlansPage() {
  const { data } = useQuery(plansQuery);
  const { button, dialog } = useEditing<Plan>({
    label: ({ kind, name }) => text.edit(`${kind} ${name}`),
    title: ({ name }) => text.edit(name),
    form: (plan, onDone) => <EditForm plan={plan} onDone={onDone} />,
  });
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <Table
          caption={text.title}
          columns={[...COLUMNS, actionColumn(button)]}
          rows={data}
          idOf={({ kind, name }) => `${kind} ${name}`}
          expect={10}
        />
      </div>
      {dialog}
    </>
  );
}

function EditForm({
  plan: { kind, name, price_cents, enabled },
  onDone,
}: {
  plan: Plan;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm(`operator plan ${kind} ${name}`, {
    price: (price_cents / 100).toFixed(2),
    enabled,
  });
  const save = async () => {
    const cents = Math.round(Number(values.price.replace(',', '.')) * 100);
    if (!Number.isSafeInteger(cents) || values.price.trim() === '') throw new Told(text.badPrice);
    const body = { kind, name, price_cents: cents, enabled: values.enabled };
    tellSuccess((await answerOf(api.PUT('/operator/plans', { body }))).message);
    await client.invalidateQueries({ queryKey: ['operator', 'plans'] });
    onDone();
  };
  return (
    <Form noValidate onSend={() => submit(save)}>
      <TextField
        label={text.priceIn}
        inputMode="decimal"
        value={values.price}
        errors={errors.price_cents}
        onValue={(price) => set('price', price)}
      />
      <Switch label={text.offer} checked={values.enabled} onChecked={(on) => set('enabled', on)} />
      <SubmitRow busy={busy}>{common.save}</SubmitRow>
    </Form>
  );
}
