import { useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { teamText as text } from '../text/team.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';

/** Gives the team another name. */
export function Rename({ name }: { name: string }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm('rename team', { name });
  const rename = async () => {
    tellSuccess((await answerOf(api.PUT('/team', { body: { name: values.name } }))).message);
    await client.invalidateQueries({ queryKey: ['team'] });
  };
  return (
    <Section title={text.name}>
      <Form className="flex flex-wrap items-end gap-3" onSend={() => submit(rename)}>
        <div className="min-w-0 flex-1 basis-60">
          <TextField
            label={text.name}
            value={values.name}
            errors={errors.name}
            onValue={(next) => set('name', next)}
          />
        </div>
        <Button type="submit" busy={busy}>
          {text.rename}
        </Button>
      </Form>
    </Section>
  );
}
