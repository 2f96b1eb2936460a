import { answerOf, api } from '../api/client.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { useProof } from './proof.tsx';

/** Sets another password. */
export function Password() {
  const withProof = useProof();
  const { values, set, errors, busy, submit } = useForm('change password', { password: '' });
  const change = async () => {
    const body = { password: values.password };
    tellSuccess((await withProof(() => answerOf(api.PUT('/user/password', { body })))).message);
    set('password', '');
  };
  return (
    <Section title={text.password} about={text.passwordAbout}>
      <Form className="flex flex-wrap items-end gap-3" onSend={() => submit(change)}>
        <div className="min-w-0 flex-1 basis-60">
          <TextField
            label={text.newPassword}
            type="password"
            autoComplete="new-password"
            value={values.password}
            errors={errors.password}
            onValue={(password) => set('password', password)}
          />
        </div>
        <Button type="submit" busy={busy}>
          {text.changePassword}
        </Button>
      </Form>
    </Section>
  );
}
