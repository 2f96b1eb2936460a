import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { common } from '../text/common.ts';
import { groupText as text } from '../text/parameter-groups.ts';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import type { Group } from './parameter-groups-page.tsx';
import { parametersOf, textOf } from './parameters.ts';

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
  });
  const engine = engines?.find(({ type }) => type === values.engine);
  const { name, description, family } = values;
  const body = { name, description, parameters: parametersOf(values.parameters) };
  const creation = creationOf('/parameter-groups', {
    ...body,
    type: engine?.kind ?? 'database',
    provider_type: values.engine as 'postgresql',
    ...(family ? { family } : {}),
  });
  const save = async (key: string) => {
    const { message } = group
      ? await answerOf(
          api.PUT('/parameter-groups/{parameterGroup}', {
            params: { path: { parameterGroup: group.id } },
            body,
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
            onValue={(type) => set('engine', type)}
            options={(engines ?? []).map(({ type, name }) => ({ value: type, label: name }))}
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
      <TextArea
        label={text.parameters}
        hint={text.parametersHint}
        rows={8}
        className="font-mono text-sm"
        value={values.parameters}
        errors={inGroup.flatMap(([, sentences]) => sentences)}
        onValue={(parameters) => set('parameters', parameters)}
      />
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
