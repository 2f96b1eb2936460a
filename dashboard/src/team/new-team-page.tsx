import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { teamText as text } from '../text/team.ts';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import { enterTeam } from './enter.ts';

/** Makes a team, and goes on in it. */
export function NewTeamPage() {
  const { values, set, errors, busy, submit } = useForm('new team', { name: '' });
  const creation = creationOf('/user/teams', values);
  const send = async (key: string) => {
    const { team } = await create(creation, key);
    await enterTeam(team.id);
  };
  return (
    <>
      <PageHeader title={text.newTitle} about={text.newAbout} />
      <div className="card max-w-xl p-5">
        <Form onSend={() => submit(send)}>
          <TextField
            label={text.name}
            hint={text.nameHint}
            value={values.name}
            errors={errors.name}
            onValue={(name) => set('name', name)}
          />
          <CreateRow creation={creation} busy={busy}>
            {text.create}
          </CreateRow>
        </Form>
      </div>
    </>
  );
}
