import { answerOf, api } from '../api/client.ts';
import { useOptions } from '../sign-in/options.ts';
import { accountText as text } from '../text/account.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { useProof } from './proof.tsx';

/** Asks for another address, which counts once its link was opened. */
export function Email() {
  const withProof = useProof();
  const options = useOptions();
  const { values, set, errors, busy, submit } = useForm('change address', { email: '' });
  const change = async () => {
    const body = { email: values.email.trim() };
    tellSuccess((await withProof(() => answerOf(api.PUT('/user/email', { body })))).message);
    set('email', '');
  };
  const isMute = options?.sends_mail === false;
  return (
    <Section title={text.email} about={text.emailAbout}>
      {isMute ? (
        <Notice>{text.noMail}</Notice>
      ) : (
        <Form noValidate className="flex flex-wrap items-end gap-3" onSend={() => submit(change)}>
          <div className="min-w-0 flex-1 basis-60">
            <TextField
              label={text.newEmail}
              type="email"
              autoComplete="email"
              value={values.email}
              errors={errors.email}
              onValue={(email) => set('email', email)}
            />
          </div>
          <Button type="submit" busy={busy}>
            {text.changeEmail}
          </Button>
        </Form>
      )}
    </Section>
  );
}
