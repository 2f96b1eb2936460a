import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { common } from '../text/common.ts';
import { createText } from '../text/create.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { SelectField, Switch, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { useReasonAgainst } from './actions.ts';
import { useConfirmedActions } from './confirmed.tsx';
import { useInstance } from './detail-frame.tsx';
import type { Instance, Kind } from './kinds.ts';
import { Reinstall } from './reinstall.tsx';

/** Loaded where there is a database or cache. */
const ServiceSettings = lazy(() => import('./service-settings.tsx'));

interface Change {
  name?: string;
  resource_profile?: string;
  automated_snapshots_enabled?: boolean;
}

function update(kind: Kind, id: string, body: Change & { configuration?: { auto_start: boolean } }) {
  const { configuration, ...rest } = body;
  if (kind.name === 'vps')
    return answerOf(api.PUT('/vps/{vpsInstance}', { params: { path: { vpsInstance: id } }, body }));
  if (kind.name === 'database')
    return answerOf(
      api.PUT('/database/{databaseInstance}', { params: { path: { databaseInstance: id } }, body: rest }),
    );
  return answerOf(api.PUT('/cache/{cacheInstance}', { params: { path: { cacheInstance: id } }, body: rest }));
}

const readPlans = async (kind: Kind) => {
  if (kind.name === 'vps') return (await answerOf(api.GET('/vps/plans'))).plans;
  if (kind.name === 'database') return (await answerOf(api.GET('/database/plans'))).plans;
  return (await answerOf(api.GET('/cache/plans'))).plans;
};

/** What can be changed of an instance, and its deletion. */
export function SettingsTab({ kind, id }: { kind: Kind; id: string }) {
  const instance = useInstance(kind, id);
  const reasonAgainst = useReasonAgainst();
  const navigate = useNavigate();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const { remove } = useConfirmedActions(kind, setConfirmation);
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <GeneralForm kind={kind} instance={instance} />
      {'provider' in instance && (
        <Suspense fallback={<div className="skeleton h-64 rounded-xl" />}>
          <ServiceSettings kind={kind} service={instance} />
        </Suspense>
      )}
      {'image' in instance && <Reinstall vps={instance} />}
      <Section title={text.dangerTitle} about={kind.text.deleteAbout}>
        <Button
          look="danger"
          blocked={reasonAgainst('delete', instance)}
          onClick={() => remove(instance, () => void navigate({ to: kind.path }))}
        >
          {common.delete}
        </Button>
      </Section>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </div>
  );
}

function GeneralForm({ kind, instance }: { kind: Kind; instance: Instance }) {
  const client = useQueryClient();
  const { data: plans } = useQuery({
    queryKey: ['plans', kind.name, 'names'],
    queryFn: () => readPlans(kind),
  });
  const saved = {
    name: instance.name,
    resource_profile: instance.resource_profile,
    automated_snapshots_enabled: instance.automated_snapshots_enabled,
    auto_start: 'auto_start' in instance ? instance.auto_start : true,
  };
  const { values, changed, set, errors, busy, submit } = useForm(`settings ${instance.id}`, saved);
  const save = async () => {
    const { auto_start, ...rest } = changed;
    const { message, instance: after } = await update(kind, instance.id, {
      ...rest,
      ...(auto_start === undefined ? {} : { configuration: { auto_start } }),
    });
    tellSuccess(message);
    client.setQueryData([kind.name, instance.id], { instance: after });
    void client.invalidateQueries({ queryKey: [kind.name] });
  };
  const options = (plans ?? []).map((plan) => ({
    value: plan.resource_profile,
    label: `${plan.display_name} · ${plan.cpu_cores} vCPU · ${common.price(plan.monthly_cost_cents)}`,
  }));
  return (
    <Section title={text.settings}>
      <Form onSend={() => submit(save)}>
        <TextField
          label={text.settingsName}
          hint={createText.nameHint}
          value={values.name}
          errors={errors.name}
          onValue={(name) => set('name', name)}
        />
        <SelectField
          label={text.resize}
          hint={text.resizeAbout}
          value={values.resource_profile}
          errors={errors.resource_profile}
          onValue={(profile) => set('resource_profile', profile)}
          options={
            options.length > 0
              ? options
              : [{ value: values.resource_profile, label: values.resource_profile }]
          }
        />
        <Switch
          label={text.snapshotsDaily}
          hint={text.snapshotsDailyAbout}
          checked={values.automated_snapshots_enabled}
          onChecked={(on) => set('automated_snapshots_enabled', on)}
        />
        {kind.name === 'vps' && (
          <Switch
            label={text.autoStart}
            hint={text.autoStartAbout}
            checked={values.auto_start}
            onChecked={(on) => set('auto_start', on)}
          />
        )}
        <div>
          <Button type="submit" look="primary" busy={busy}>
            {common.save}
          </Button>
        </div>
      </Form>
    </Section>
  );
}
