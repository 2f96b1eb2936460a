import { useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/client.ts';
import { texts } from '../text/instances.ts';
import type { Confirmation } from '../ui/dialog.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { Told, tellFailure, tellSuccess } from '../ui/toast.tsx';
import type { Action, Instance, Kind } from './kinds.ts';

/** Why an action is refused now; null where it is not. The server decides; this only says it in words. */
function reasonAgainst(action: Action | 'delete', instance: Instance): string | null {
  const allowed = {
    start: instance.can_be_started,
    stop: instance.can_be_stopped,
    forceStop: instance.can_be_stopped,
    reboot: 'can_be_rebooted' in instance ? instance.can_be_rebooted : false,
    delete: instance.can_be_destroyed,
  }[action];
  if (allowed) return null;
  const verbs = { start: 'start', stop: 'stop', forceStop: 'stop', reboot: 'reboot', delete: 'delete' };
  const reason = texts.cannot(`${verbs[action]} it`, instance.status_label);
  return action === 'delete' && instance.can_be_stopped ? `${reason} ${texts.stopFirst}` : reason;
}

/** Says why somebody cannot do something with an instance now, be it for its state or for their role; null where they can. */
export function useReasonAgainst(): typeof reasonAgainst {
  const { change, remove } = useRefusals();
  return (action, instance) => (action === 'delete' ? remove : change) ?? reasonAgainst(action, instance);
}

/** What is asked before the action; null: it is done at once. */
export function questionBefore(action: Action, name: string): Pick<Confirmation, 'title' | 'about'> | null {
  if (action === 'start') return null;
  return {
    stop: { title: texts.stopTitle(name), about: texts.stopAbout },
    reboot: { title: texts.rebootTitle(name), about: texts.rebootAbout },
    forceStop: { title: texts.forceStopTitle(name), about: texts.forceStopAbout },
  }[action];
}

/** Does the same to several instances, at most this many at a time, so that a team's other requests get their turn. */
const AT_ONCE = 4;

/** Calls the API for instances of a kind, and reads anew what has changed by it. */
export function useInstanceActions(kind: Kind) {
  const client = useQueryClient();
  const refresh = () =>
    client.invalidateQueries({
      predicate: ({ queryKey: [type] }) => [kind.name, 'operations', 'events'].includes(String(type)),
    });
  const one = async (work: (id: string) => Promise<{ message: string }>, id: string) => {
    const { message } = await work(id);
    tellSuccess(message);
    void refresh();
  };
  const many = async (
    work: (id: string) => Promise<unknown>,
    instances: readonly Instance[],
    said: (done: number) => string,
  ) => {
    const failed: { instance: Instance; error: unknown }[] = [];
    const waiting = [...instances];
    const worker = async () => {
      for (let instance = waiting.shift(); instance; instance = waiting.shift()) {
        await work(instance.id).catch((error: unknown) => failed.push({ instance: instance!, error }));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    void refresh();
    const done = instances.length - failed.length;
    if (done > 0) tellSuccess(said(done));
    const [first] = failed;
    if (first?.error instanceof ApiError) {
      tellFailure(new Told(texts.someFailed(failed.length, first.instance.name, first.error.message)));
    } else if (first) tellFailure(first.error);
  };
  return { one, many, refresh };
}
