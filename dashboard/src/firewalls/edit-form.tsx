import { useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { common } from '../text/common.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { NameFields } from '../ui/name-fields.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import type { Firewall } from './firewall-status.tsx';

/** Gives a firewall another name or description. */
export function EditForm({ firewall, onDone }: { firewall: Firewall; onDone: () => void }) {
  const client = useQueryClient();
  const form = useForm(`firewall ${firewall.id}`, {
    name: firewall.name,
    description: firewall.description ?? '',
  });
  const { values, busy, submit } = form;
  const save = async () => {
    const params = { path: { firewall: firewall.id } };
    const body = { name: values.name, description: values.description || null };
    const answer = await answerOf(api.PUT('/firewalls/{firewall}', { params, body }));
    tellSuccess(answer.message);
    client.setQueryData(['firewall', firewall.id], answer.firewall);
    void client.invalidateQueries({ queryKey: ['firewall'] });
    onDone();
  };
  return (
    <Form onSend={() => submit(save)}>
      <NameFields text={text} form={form} />
      <SubmitRow busy={busy}>{common.save}</SubmitRow>
    </Form>
  );
}
