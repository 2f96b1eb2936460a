import { useQueries, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Unlink } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { instancesQuery } from '../api/queries.ts';
import { KINDS, kindOf } from '../instances/kinds.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { SelectField } from '../ui/field.tsx';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { useRefusals } from '../ui/refusals.ts';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import type { Firewall } from './firewall-status.tsx';

const bodyOf = (instance: { id: string; type: string }) => ({
  instance_id: instance.id,
  instance_type: instance.type as 'vps',
});

/** The instances that a firewall applies to. */
export function Attachments({ firewall }: { firewall: Firewall }) {
  const client = useQueryClient();
  const { change } = useRefusals();
  const [isOpen, setOpen] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const path = { params: { path: { firewall: firewall.id } } };
  const carryOut = async (work: Promise<{ message: string }>) => {
    tellSuccess((await work).message);
    void client.invalidateQueries({ queryKey: ['firewall'] });
  };
  return (
    <Section
      title={text.attached}
      about={text.attachedAbout}
      flush
      actions={
        <Button icon={<Plus />} blocked={change} onClick={() => setOpen(true)}>
          {text.attach}
        </Button>
      }
    >
      {firewall.attached_instances.length === 0 && <p className="px-5 py-6 text-quiet">{text.noInstances}</p>}
      <ul>
        {firewall.attached_instances.map((instance) => (
          <li
            key={instance.id}
            className="flex min-h-13 items-center gap-3 border-b border-line px-5 py-2 last:border-0"
          >
            <span className="min-w-0 flex-1">
              <Link
                to={pathTo(kindOf(instance.type)?.path ?? '/', instance.id)}
                className="block truncate font-medium hover:underline"
              >
                {instance.name}
              </Link>
              <span className="text-sm text-quiet">{kindOf(instance.type)?.text.noun ?? instance.type}</span>
            </span>
            <IconButton
              label={text.detach}
              blocked={change}
              onClick={() =>
                setConfirmation({
                  title: text.detachTitle(instance.name ?? ''),
                  about: text.detachAbout,
                  action: text.detach,
                  danger: true,
                  run: () =>
                    carryOut(
                      answerOf(api.POST('/firewalls/{firewall}/detach', { ...path, body: bodyOf(instance) })),
                    ),
                })
              }
            >
              <Unlink />
            </IconButton>
          </li>
        ))}
      </ul>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.attachTitle}>
        <AttachForm
          firewall={firewall}
          onChoose={async (instance) => {
            await carryOut(
              answerOf(api.POST('/firewalls/{firewall}/attach', { ...path, body: bodyOf(instance) })),
            );
            setOpen(false);
          }}
        />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

function AttachForm({
  firewall,
  onChoose,
}: {
  firewall: Firewall;
  onChoose: (instance: { id: string; type: string }) => Promise<void>;
}) {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const attached = new Set(firewall.attached_instances.map(({ id }) => id));
  const areLoaded = lists.every(({ data }) => data?.isWhole);
  const options = KINDS.flatMap((kind, at) =>
    (lists[at]?.data?.items ?? [])
      .filter(({ id }) => !attached.has(id))
      .map(({ id, name }) => ({ value: `${kind.name} ${id}`, label: `${name} (${kind.text.noun})` })),
  );
  const [chosen, setChosen] = useState('');
  const [busy, setBusy] = useState(false);
  const value = chosen || (options[0]?.value ?? '');
  const submit = async () => {
    const [type = '', id = ''] = value.split(' ');
    setBusy(true);
    await onChoose({ id, type }).catch(tellFailure);
    setBusy(false);
  };
  return (
    <Form onSend={() => submit()}>
      <SelectField
        label={text.instance}
        value={value}
        onValue={setChosen}
        options={areLoaded ? options : undefined}
      />
      <SubmitRow busy={busy} blocked={areLoaded && options.length === 0 && text.allAttached}>
        {text.attach}
      </SubmitRow>
    </Form>
  );
}
