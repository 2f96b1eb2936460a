import { TextField } from './field.tsx';
import type { Form } from './form.ts';

/** The name of something, and what it is for. */
export function NameFields({
  text,
  form: { values, set, errors },
}: {
  text: Readonly<{ name: string; description: string }>;
  form: Pick<Form<{ name: string; description: string }>, 'values' | 'set' | 'errors'>;
}) {
  return (
    <>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <TextField
        label={text.description}
        optional
        value={values.description}
        errors={errors.description}
        onValue={(description) => set('description', description)}
      />
    </>
  );
}
