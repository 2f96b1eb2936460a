import { Menu as Base } from '@base-ui/react/menu';
import { useNavigate } from '@tanstack/react-router';
import type { MenuItem } from './menu.tsx';

/** Loaded with the first menu that opens, see `menu.tsx`. */
export default function MenuPopup({
  items,
  anchor,
  onClose,
  side,
  align,
}: {
  items: readonly MenuItem[];
  anchor: HTMLElement;
  onClose: () => void;
  side: 'top' | 'bottom';
  align: 'start' | 'end';
}) {
  const navigate = useNavigate();
  return (
    <Base.Root open modal={false} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Positioner
          anchor={anchor}
          side={side}
          align={align}
          sideOffset={6}
          className="z-40 outline-none"
        >
          <Base.Popup
            finalFocus={{ current: anchor }}
            className="appear max-h-[min(28rem,var(--available-height))] min-w-52 overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-float outline-none"
          >
            {items.map((item, at) =>
              item === 'line' ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines are all the same
                <Base.Separator key={`line ${at}`} className="mx-2 my-1 h-px bg-line" />
              ) : 'heading' in item ? (
                <div key={item.heading} className="px-3 pt-2 pb-1 text-xs text-quiet">
                  {item.heading}
                </div>
              ) : (
                <Base.Item
                  // biome-ignore lint/suspicious/noArrayIndexKey: two teams may have the same name
                  key={`${at} ${item.label}`}
                  disabled={Boolean(item.blocked)}
                  data-tip={item.blocked || undefined}
                  className={`flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-3 py-1.5 outline-none select-none data-disabled:cursor-not-allowed data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:shrink-0 ${item.danger ? 'text-bad' : '[&_svg]:text-quiet'}`}
                  onClick={() => {
                    onClose();
                    if (item.to) void navigate(item.to);
                    else item.run?.();
                  }}
                >
                  {item.icon}
                  <span className="min-w-0 flex-1 truncate">{item.label}</span>
                  {item.side}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
