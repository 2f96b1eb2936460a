import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { groupText as text } from '../text/parameter-groups.ts';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import type { Group } from './queries.ts';

/** Copies a group of the team, or a built-in one, under another name. */
export function CloneForm({ group: { id, name }, onDone }: { group: Group; onDone: () => void }) {
  const { values, set, errors, busy, submit } = useForm(`clone parameter group ${id}`, {
    name: `${name}-copy`,
  });
  const creation = creationOf('/parameter-groups/{parameterGroup}/clone', values, {
    parameters: { parameterGroup: id },
  });
  const send = async (key: string) => {
    tellSuccess((await create(creation, key)).message);
    onDone();
  };
  return (
    <Form onSend={() => submit(send)}>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(next) => set('name', next)}
      />
      <CreateRow creation={creation} busy={busy}>
        {text.clone}
      </CreateRow>
    </Form>
  );
}
