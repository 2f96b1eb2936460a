import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Pencil, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { firewallQuery } from '../api/queries.ts';
import { Failure, Pending } from '../shell/states.tsx';
import { common } from '../text/common.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHeader } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { Attachments } from './attachments.tsx';
import { EditForm } from './edit-form.tsx';
import { type Firewall, FirewallStatus } from './firewall-status.tsx';
import { PacketTester } from './packet-tester.tsx';
import { RuleEditor } from './rule-editor.tsx';
import { CONFIRM_WITHIN } from './rules.ts';

/** One firewall: its rules, what it is attached to, and a test. */
export function FirewallPage({ id }: { id: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: firewall, error } = useQuery(firewallQuery(id));
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [isEdited, setEdited] = useState(false);
  const refusals = useRefusals();
  if (!firewall) return error ? <Failure error={error} reset={() => undefined} /> : <Pending />;
  const remove = async () => {
    const { message } = await answerOf(
      api.DELETE('/firewalls/{firewall}', { params: { path: { firewall: id } } }),
    );
    tellSuccess(message);
    void client.invalidateQueries({ queryKey: ['firewall', 'list'] });
    await navigate({ to: '/firewalls' });
  };
  return (
    <>
      <PageHeader
        above={
          <Link to="/firewalls" className="hover:text-ink hover:underline">
            {text.title}
          </Link>
        }
        title={firewall.name}
        about={firewall.description}
        badge={<FirewallStatus firewall={firewall} />}
        actions={
          <>
            <DeployButtons firewall={firewall} />
            <Button icon={<Pencil />} blocked={refusals.change} onClick={() => setEdited(true)}>
              {text.change}
            </Button>
            <Button
              icon={<Trash2 />}
              blocked={refusals.remove}
              onClick={() =>
                setConfirmation({
                  title: text.deleteTitle(firewall.name),
                  about: text.deleteAbout,
                  action: common.delete,
                  danger: true,
                  run: remove,
                })
              }
            >
              {common.delete}
            </Button>
          </>
        }
      />
      <div className="mb-6 flex flex-col gap-3 empty:hidden">
        {firewall.error && <Notice tone="bad">{firewall.error.message}</Notice>}
        {firewall.confirm_by && <Confirm id={id} by={firewall.confirm_by} />}
      </div>
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-6">
          <RuleEditor firewall={firewall} />
          <Attachments firewall={firewall} />
        </div>
        <PacketTester id={id} />
      </div>
      <Dialog open={isEdited} onClose={() => setEdited(false)} title={text.change}>
        <EditForm firewall={firewall} onDone={() => setEdited(false)} />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

/** Puts saved rules into force: at once, or for a trial that ends by itself. */
function DeployButtons({ firewall }: { firewall: Firewall }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { change } = useRefusals();
  if (firewall.status !== 'draft' && firewall.status !== 'error') return null;
  const deploy = async (body: { confirm_within?: number }) => {
    setBusy(true);
    const params = { path: { firewall: firewall.id } };
    await answerOf(api.POST('/firewalls/{firewall}/deploy', { params, body })).then(
      ({ message }) => tellSuccess(message),
      tellFailure,
    );
    void client.invalidateQueries({ queryKey: ['firewall'] });
    setBusy(false);
  };
  return (
    <>
      <Button
        busy={busy}
        blocked={change}
        tip={text.saveSafelyAbout}
        onClick={() => void deploy({ confirm_within: CONFIRM_WITHIN })}
      >
        {text.saveSafely}
      </Button>
      <Button look="primary" busy={busy} onClick={() => void deploy({})}>
        {text.deploy}
      </Button>
    </>
  );
}

/** Counts down until the rules before come back. */
function Confirm({ id, by }: { id: string; by: string }) {
  const client = useQueryClient();
  const secondsLeft = () => Math.max(0, Math.round((new Date(by).getTime() - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(secondsLeft);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(secondsLeft()), 500);
    return () => clearInterval(timer);
  });
  const confirm = async () => {
    await answerOf(api.POST('/firewalls/{firewall}/confirm', { params: { path: { firewall: id } } })).then(
      ({ message }) => tellSuccess(message),
      tellFailure,
    );
    void client.invalidateQueries({ queryKey: ['firewall'] });
  };
  return (
    <Notice
      tone="warn"
      title={text.confirmBy(seconds)}
      actions={
        <Button look="primary" onClick={() => void confirm()}>
          {text.confirm}
        </Button>
      }
    />
  );
}
