import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { common } from '../text/common.ts';
import { groupText as text } from '../text/parameter-groups.ts';
import { SelectField, Switch, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { ParameterEditor } from './parameter-editor.tsx';
import { parametersOf, textOf } from './parameters.ts';
import type { Group } from './queries.ts';

const enginesQuery = {
  queryKey: ['engines'],
  async queryFn() {
    const [databases, caches] = await Promise.all([
      answerOf(api.GET('/database/plans')),
      answerOf(api.GET('/cache/plans')),
    ]);
    return [
      ...databases.providers.map((provider) => ({ ...provider, kind: 'database' as const })),
      ...caches.providers.map((provider) => ({ ...provider, kind: 'cache' as const })),
    ];
  },
};

/** Creates a group, or changes one. */
export function GroupForm({ group, onDone }: { group: Group | null; onDone: () => void }) {
  const { data: engines } = useQuery(enginesQuery);
  const { values, set, errors, busy, submit } = useForm(`parameter group ${group?.id ?? 'new'}`, {
    name: group?.name ?? '',
    description: group?.description ?? '',
    engine: group?.provider_type ?? 'postgresql',
    family: group?.family ?? '',
    parameters: textOf(group?.parameters ?? {}),
    locked: group?.locked_parameters.join(', ') ?? '',
    is_default: group?.is_default ?? false,
    is_active: group?.is_active ?? true,
  });
  const engine = engines?.find(({ type }) => type === values.engine);
  const { name, description, family, is_default } = values;
  const locked_parameters = values.locked.split(/[\s,]+/).filter(Boolean);
  const body = { name, description, parameters: parametersOf(values.parameters), is_default };
  const creation = creationOf('/parameter-groups', {
    ...body,
    type: engine?.kind ?? 'database',
    provider_type: values.engine as 'postgresql',
    ...(family ? { family } : {}),
    ...(locked_parameters.length > 0 ? { locked_parameters } : {}),
  });
  const save = async (key: string) => {
    const { message } = group
      ? await answerOf(
          api.PUT('/parameter-groups/{parameterGroup}', {
            params: { path: { parameterGroup: group.id } },
            body: { ...body, locked_parameters, is_active: values.is_active },
          }),
        )
      : await create(creation, key);
    tellSuccess(message);
    onDone();
  };
  const inGroup = Object.entries(errors).filter(([field]) => field.startsWith('parameters'));
  return (
    <Form onSend={() => submit(save)}>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      {!group && (
        <div className="grid gap-5 sm:grid-cols-2">
          <SelectField
            label={text.engine}
            value={values.engine}
            errors={errors.provider_type}
            onValue={(type) => {
              set('engine', type);
              set('family', '');
            }}
            options={engines?.map(({ type, name }) => ({ value: type, label: name }))}
          />
          <SelectField
            label={text.family}
            value={values.family}
            errors={errors.family}
            onValue={(family) => set('family', family)}
            options={[
              { value: '', label: text.anyFamily },
              ...(engine?.versions ?? []).map((value) => ({ value, label: value })),
            ]}
          />
        </div>
      )}
      <TextField
        label={text.description}
        optional
        value={values.description}
        errors={errors.description}
        onValue={(description) => set('description', description)}
      />
      <ParameterEditor
        engine={values.engine}
        version={values.family}
        value={values.parameters}
        errors={inGroup.flatMap(([, sentences]) => sentences)}
        onValue={(parameters) => set('parameters', parameters)}
      />
      <TextField
        label={text.lockedNames}
        hint={text.lockedHint}
        optional
        value={values.locked}
        errors={Object.entries(errors).flatMap(([field, all]) =>
          field.startsWith('locked_parameters') ? all : [],
        )}
        onValue={(locked) => set('locked', locked)}
      />
      <Switch
        label={text.makeDefault}
        hint={text.makeDefaultAbout}
        checked={is_default}
        onChecked={(on) => set('is_default', on)}
      />
      {group && (
        <Switch
          label={text.active}
          hint={text.activeAbout}
          checked={values.is_active}
          onChecked={(on) => set('is_active', on)}
        />
      )}
      {group ? (
        <SubmitRow busy={busy}>{common.save}</SubmitRow>
      ) : (
        <CreateRow creation={creation} busy={busy}>
          {text.add}
        </CreateRow>
      )}
    </Form>
  );
}
