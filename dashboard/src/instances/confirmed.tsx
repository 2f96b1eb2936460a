import { Play, RotateCw, Square, Zap } from 'lucide-react';
import { common } from '../text/common.ts';
import { texts } from '../text/instances.ts';
import type { Confirmation } from '../ui/dialog.tsx';
import type { MenuItem } from '../ui/menu.tsx';
import { tellFailure } from '../ui/toast.tsx';
import { questionBefore, useInstanceActions, type useReasonAgainst } from './actions.ts';
import type { Action, Instance, Kind } from './kinds.ts';

const ICONS = { start: <Play />, stop: <Square />, reboot: <RotateCw />, forceStop: <Zap /> };

/** Actions of a kind as items of a menu; those that cannot be done now say why. */
export function actionItems(
  kind: Kind,
  instance: Instance,
  reasonAgainst: ReturnType<typeof useReasonAgainst>,
  actions: readonly Action[],
  run: (action: Action) => void,
): MenuItem[] {
  return actions
    .filter((action) => kind.act[action])
    .map((action) => ({
      label: texts[action],
      icon: ICONS[action],
      blocked: reasonAgainst(action, instance),
      run: () => run(action),
    }));
}

/** Actions on one instance, which ask first where that is due. */
export function useConfirmedActions(kind: Kind, onConfirm: (confirmation: Confirmation) => void) {
  const { one } = useInstanceActions(kind);
  return {
    run(action: Action, { id, name }: Instance) {
      const work = kind.act[action]!;
      const question = questionBefore(action, name);
      if (question) onConfirm({ ...question, action: texts[action], run: () => one(work, id) });
      else void one(work, id).catch(tellFailure);
    },
    remove({ id, name }: Instance, after?: () => void) {
      onConfirm({
        title: texts.deleteTitle(name),
        about: kind.text.deleteAbout,
        action: common.delete,
        danger: true,
        typed: name,
        run: async () => {
          await one(kind.remove, id);
          after?.();
        },
      });
    },
  };
}
