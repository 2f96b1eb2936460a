import { answerOf, api } from '../api/client.ts';
import { teamText as text } from '../text/team.ts';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import { enterTeam } from './enter.ts';

/** Makes a team, and goes on in it. */
export function NewTeamPage() {
  const { values, set, errors, busy, submit } = useForm('new team', { name: '' });
  const create = async (key: string) => {
    const params = { header: { 'Idempotency-Key': key } };
    const { team } = await answerOf(api.POST('/user/teams', { params, body: values }));
    await enterTeam(team.id);
  };
  return (
    <>
      <PageHeader title={text.newTitle} about={text.newAbout} />
      <div className="card max-w-xl p-5">
        <Form onSend={() => submit(create)}>
          <TextField
            label={text.name}
            hint={text.nameHint}
            value={values.name}
            errors={errors.name}
            onValue={(name) => set('name', name)}
          />
          <SubmitRow busy={busy}>{text.create}</SubmitRow>
        </Form>
      </div>
    </>
  );
}
