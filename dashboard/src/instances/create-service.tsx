import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { fits, groupsQuery } from '../parameter-groups/queries.ts';
import { createText as text } from '../text/create.ts';
import { serviceText } from '../text/services.ts';
import { Choice, SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { Needed } from '../ui/sending.ts';
import { tellSuccess } from '../ui/toast.tsx';
import { CreateFrame } from './create-frame.tsx';
import { DATACENTER } from './datacenter.ts';
import type { Kind } from './kinds.ts';
import { detailOf, PlanChoice } from './plan-choice.tsx';

const START = {
  name: '',
  provider: '',
  version: '',
  resource_profile: 'micro',
  database_name: '',
  group: '',
};

async function readOffer(kind: Kind) {
  const { plans, providers } = await (kind.name === 'database'
    ? answerOf(api.GET('/database/plans'))
    : answerOf(api.GET('/cache/plans')));
  return {
    plans: plans.map((plan) => ({ ...plan, memoryGb: plan.memory_size_mb / 1024 })),
    providers,
  };
}

/** The form for a new database or cache. */
export function CreateService({ kind }: { kind: Kind }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data } = useQuery({ queryKey: ['plans', kind.name], queryFn: () => readOffer(kind) });
  const { values, set, errors, busy, submit } = useForm(`new ${kind.name}`, START);
  const provider = data?.providers.find(({ type }) => type === values.provider) ?? data?.providers[0];
  const version = provider?.versions.find((one) => one === values.version) ?? provider?.default_version ?? '';
  // Plans of caches belong to an engine; those of databases to all.
  const plans = data?.plans.filter(
    (plan) => !('provider' in plan) || !plan.provider || plan.provider === provider?.type,
  );
  const plan = plans?.find((one) => one.resource_profile === values.resource_profile) ?? plans?.[0];
  const type = provider?.type ?? '';
  const { data: groups } = useQuery(groupsQuery);
  const able = groups?.filter((group) => !group.is_system && fits(group, type, version)) ?? [];
  const group = able.find(({ id }) => String(id) === values.group);
  const common = {
    name: values.name,
    version,
    datacenter: DATACENTER,
    resource_profile: plan?.resource_profile ?? '',
    ...(group ? { parameter_group_id: group.id } : {}),
  };
  const first = values.database_name ? { database_name: values.database_name } : {};
  const creation =
    kind.name === 'database'
      ? creationOf('/database', { ...common, provider: type as 'postgresql', ...first })
      : creationOf('/cache', { ...common, provider: type as 'redis' });
  const send = async (key: string) => {
    const { instance, message } = await create<{ instance: { id: string }; message: string }>(creation, key);
    tellSuccess(message);
    void client.invalidateQueries({ queryKey: [kind.name] });
    await navigate({ to: pathTo(kind.path, instance.id) });
  };
  return (
    <CreateFrame
      kind={kind}
      creation={creation}
      cents={plan?.monthly_cost_cents}
      facts={[
        [text.nameTitle, values.name],
        [text.engine, provider ? `${provider.name} ${version}` : ''],
        [text.plan, plan ? detailOf(plan) : ''],
      ]}
      busy={busy}
      onSubmit={() => void submit(send)}
    >
      <Section>
        <TextField
          label={text.nameTitle}
          hint={text.nameHint}
          placeholder={text[kind.name].name}
          value={values.name}
          errors={errors.name}
          onValue={(name) => set('name', name)}
          maxLength={63}
        />
      </Section>
      <Section title={text.engine}>
        {data ? (
          <div className="flex flex-col gap-5">
            <Choice
              legend={text.engine}
              value={type}
              errors={errors.provider}
              onValue={(next) => {
                set('provider', next);
                set('version', '');
              }}
              options={data.providers.map((one) => ({
                value: one.type,
                title: one.name,
                side: one.default_version,
              }))}
            />
            <div className="grid gap-5 sm:grid-cols-2">
              <SelectField
                label={text.version}
                value={version}
                errors={errors.version}
                onValue={(next) => set('version', next)}
                options={(provider?.versions ?? []).map((value) => ({ value, label: value }))}
              />
              {kind.name === 'database' && (
                <TextField
                  label={text.databaseName}
                  optional
                  value={values.database_name}
                  errors={errors.database_name}
                  onValue={(name) => set('database_name', name)}
                />
              )}
            </div>
          </div>
        ) : (
          <div className="skeleton h-40" />
        )}
      </Section>
      <PlanChoice
        plans={plans}
        value={plan?.resource_profile ?? ''}
        errors={errors.resource_profile}
        onValue={(profile) => set('resource_profile', profile)}
      />
      <Needed value={groups} />
      {able.length > 0 && (
        <Section>
          <SelectField
            label={serviceText.group}
            hint={serviceText.groupHint}
            value={group ? values.group : ''}
            errors={errors.parameter_group_id}
            onValue={(next) => set('group', next)}
            options={[
              { value: '', label: serviceText.groupOfTeam },
              ...able.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
          />
        </Section>
      )}
    </CreateFrame>
  );
}
