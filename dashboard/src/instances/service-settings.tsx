import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { ParameterEditor } from '../parameter-groups/parameter-editor.tsx';
import { parametersOf, textOf } from '../parameter-groups/parameters.ts';
import { fits, groupsQuery } from '../parameter-groups/queries.ts';
import { common } from '../text/common.ts';
import { serviceText as text } from '../text/services.ts';
import { Button } from '../ui/button.tsx';
import { SelectField, Switch, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import type { Cache, Database, Kind } from './kinds.ts';

type Service = Database | Cache;

/** Puts the answer of a change where all pages look for it. */
function useSaved(kind: Kind, id: string) {
  const client = useQueryClient();
  return ({ message, instance }: { message: string; instance: object }) => {
    tellSuccess(message);
    client.setQueryData([kind.name, id], { instance });
    void client.invalidateQueries({ queryKey: [kind.name] });
  };
}

/** Settings that only databases and caches have. */
export default function ServiceSettings({ kind, service }: { kind: Kind; service: Service }) {
  return (
    <>
      {'storage_size_gb' in service && <Storage kind={kind} database={service} />}
      <Parameters kind={kind} service={service} />
    </>
  );
}

/** The size of a database's storage, and whether it grows by itself. */
function Storage({ kind, database }: { kind: Kind; database: Database }) {
  const saved = useSaved(kind, database.id);
  const policy = database.storage_autoscale_policy;
  const { values, changed, set, errors, busy, submit } = useForm(`storage ${database.id}`, {
    size: String(database.storage_size_gb),
    grows: policy?.enabled ?? false,
    threshold: String(policy?.threshold_percent ?? 80),
    increment: String(policy?.increment_gib ?? 10),
  });
  const save = async () => {
    const body = {
      ...(changed.size === undefined ? {} : { storage_size_gb: Number(changed.size) }),
      ...(changed.grows === undefined ? {} : { storage_autoscaling_enabled: changed.grows }),
      ...(changed.threshold === undefined
        ? {}
        : { storage_autoscale_threshold_percent: Number(changed.threshold) }),
      ...(changed.increment === undefined
        ? {}
        : { storage_autoscale_increment_gib: Number(changed.increment) }),
    };
    const params = { path: { databaseInstance: database.id } };
    saved(await answerOf(api.PUT('/database/{databaseInstance}', { params, body })));
  };
  return (
    <Section title={text.storage} about={text.storageAbout}>
      <Form noValidate onSend={() => submit(save)}>
        <TextField
          label={text.sizeGb}
          inputMode="numeric"
          value={values.size}
          errors={errors.storage_size_gb}
          onValue={(size) => set('size', size)}
        />
        <Switch
          label={text.grows}
          hint={text.growsAbout}
          checked={values.grows}
          onChecked={(on) => set('grows', on)}
        />
        {values.grows && (
          <div className="grid gap-5 sm:grid-cols-2">
            <TextField
              label={text.threshold}
              inputMode="numeric"
              value={values.threshold}
              errors={errors.storage_autoscale_threshold_percent}
              onValue={(percent) => set('threshold', percent)}
            />
            <TextField
              label={text.increment}
              inputMode="numeric"
              value={values.increment}
              errors={errors.storage_autoscale_increment_gib}
              onValue={(size) => set('increment', size)}
            />
          </div>
        )}
        <SaveRow busy={busy} changed={changed} />
      </Form>
    </Section>
  );
}

/** Parameters of the engine: those of a group, and those of this instance alone. */
function Parameters({ kind, service }: { kind: Kind; service: Service }) {
  const saved = useSaved(kind, service.id);
  const { data: groups } = useQuery(groupsQuery);
  const { values, changed, set, errors, busy, submit } = useForm(`parameters ${service.id}`, {
    group: String(service.parameter_group?.id ?? ''),
    parameters: textOf(service.configuration),
  });
  const engine = service.provider.type;
  const able = groups?.filter(
    (group) => fits(group, engine, service.version) || String(group.id) === values.group,
  );
  const save = async () => {
    const body = {
      ...(changed.group === undefined
        ? {}
        : { parameter_group_id: changed.group === '' ? null : Number(changed.group) }),
      ...(changed.parameters === undefined ? {} : { configuration: parametersOf(changed.parameters) }),
    };
    saved(
      await (kind.name === 'database'
        ? answerOf(
            api.PUT('/database/{databaseInstance}', {
              params: { path: { databaseInstance: service.id } },
              body,
            }),
          )
        : answerOf(
            api.PUT('/cache/{cacheInstance}', { params: { path: { cacheInstance: service.id } }, body }),
          )),
    );
  };
  return (
    <Section
      title={text.parameters}
      about={
        <>
          {text.parametersAbout}{' '}
          <Link to="/parameter-groups" className="link">
            {text.groupsLink}
          </Link>
        </>
      }
    >
      <Form noValidate onSend={() => submit(save)}>
        <SelectField
          label={text.group}
          value={values.group}
          errors={errors.parameter_group_id}
          onValue={(group) => set('group', group)}
          options={
            able && [
              { value: '', label: text.noGroup },
              ...able.map(({ id, name }) => ({ value: String(id), label: name })),
            ]
          }
        />
        <ParameterEditor
          engine={engine}
          version={service.version}
          value={values.parameters}
          errors={Object.entries(errors).flatMap(([field, all]) =>
            field.startsWith('configuration') ? all : [],
          )}
          onValue={(parameters) => set('parameters', parameters)}
        />
        <SaveRow busy={busy} changed={changed} />
      </Form>
    </Section>
  );
}

const SaveRow = ({ busy, changed }: { busy: boolean; changed: object }) => (
  <div>
    <Button
      type="submit"
      look="primary"
      busy={busy}
      blocked={Object.keys(changed).length === 0 && common.nothingChanged}
    >
      {common.save}
    </Button>
  </div>
);
