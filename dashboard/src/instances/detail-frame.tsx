import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { Ellipsis, Play, RotateCw, Square, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { instanceQuery } from '../api/queries.ts';
import { OperationProgress } from '../operations/progress.tsx';
import { Failure, Pending } from '../shell/states.tsx';
import { common } from '../text/common.ts';
import { texts } from '../text/instances.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHeader } from '../ui/page.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { useReasonAgainst } from './actions.ts';
import { actionItems, useConfirmedActions } from './confirmed.tsx';
import { type Instance, isAtWork, type Kind } from './kinds.ts';
import { InstanceStatus } from './status.tsx';

/** A tab of an instance's page: the last segment of its path, empty for the first. */
export type Tab =
  | ''
  | 'connect'
  | 'console'
  | 'metrics'
  | 'events'
  | 'logs'
  | 'diagnosis'
  | 'snapshots'
  | 'firewall'
  | 'settings';

/** The instance of a page, which its frame has loaded. */
export function useInstance(kind: Kind, id: string): Instance {
  const { data } = useQuery(instanceQuery(kind, id));
  // The frame shows its tabs only once the instance is there.
  return data!.instance;
}

/** What stands above the tabs of an instance: name, state, actions, the work that is under way. */
export function DetailFrame({ kind, id, tabs }: { kind: Kind; id: string; tabs: readonly Tab[] }) {
  const { data, error } = useQuery(instanceQuery(kind, id));
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!data) return error ? <Failure error={error} reset={() => undefined} /> : <Pending />;
  const { instance } = data;
  const { status_details: details } = instance;
  return (
    <>
      <PageHeader
        above={
          <Link to={kind.path} className="hover:text-ink hover:underline">
            {kind.text.title}
          </Link>
        }
        title={instance.name}
        badge={<InstanceStatus instance={instance} />}
        actions={<Actions kind={kind} instance={instance} onConfirm={setConfirmation} />}
      />
      <div className="mb-6 flex flex-col gap-3 empty:hidden">
        {isAtWork(instance) && <OperationProgress resourceId={id} />}
        {details.error && (
          <Notice tone="bad" title={details.error.message}>
            {details.summary !== details.error.message && details.summary}
          </Notice>
        )}
        {!details.error && details.health === 'unhealthy' && <Notice tone="bad">{details.summary}</Notice>}
        {details.stale && <Notice tone="warn">{texts.stale}</Notice>}
      </div>
      <Tabs
        label={texts.sections}
        base={`${kind.path}/${id}`}
        tabs={tabs.map((tab) => [tab, texts.tabs[tab === '' ? 'overview' : tab]])}
      />
      <Outlet />
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

function Actions({
  kind,
  instance,
  onConfirm,
}: {
  kind: Kind;
  instance: Instance;
  onConfirm: (confirmation: Confirmation) => void;
}) {
  const navigate = useNavigate();
  const { run, remove } = useConfirmedActions(kind, onConfirm);
  const reasonAgainst = useReasonAgainst();
  const isStopped = instance.can_be_started || instance.status === 'stopped';
  return (
    <>
      {isStopped ? (
        <Button
          icon={<Play />}
          blocked={reasonAgainst('start', instance)}
          onClick={() => run('start', instance)}
        >
          {texts.start}
        </Button>
      ) : (
        <Button
          icon={<Square />}
          blocked={reasonAgainst('stop', instance)}
          onClick={() => run('stop', instance)}
        >
          {texts.stop}
        </Button>
      )}
      {kind.act.reboot && (
        <Button
          icon={<RotateCw />}
          blocked={reasonAgainst('reboot', instance)}
          onClick={() => run('reboot', instance)}
        >
          {texts.reboot}
        </Button>
      )}
      <Menu
        label={common.more}
        className={buttonClass('plain', 'w-9 px-0')}
        items={[
          ...actionItems(kind, instance, reasonAgainst, ['start', 'stop', 'forceStop'], (action) =>
            run(action, instance),
          ),
          'line',
          {
            label: common.delete,
            icon: <Trash2 />,
            danger: true,
            blocked: reasonAgainst('delete', instance),
            run: () => remove(instance, () => void navigate({ to: kind.path })),
          },
        ]}
      >
        <Ellipsis />
      </Menu>
    </>
  );
}
