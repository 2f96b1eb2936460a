import type { NavigateOptions } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useRef, useState } from 'react';

export type MenuItem =
  | 'line'
  | { heading: string }
  | {
      label: string;
      icon?: ReactNode;
      side?: ReactNode;
      danger?: boolean;
      /** Why it cannot be chosen now. */
      blocked?: string | null | false;
      to?: NavigateOptions;
      run?: () => void;
    };

const load = () => import('./menu-popup.tsx');
const MenuPopup = lazy(load);

/** A button with a menu. The code of menus is loaded when somebody is about to open the first one. */
export function Menu({
  label,
  items,
  children,
  className,
  side = 'bottom',
  align = 'end',
}: {
  /** For screen readers, where the button has no text. */
  label?: string;
  items: readonly MenuItem[];
  children: ReactNode;
  className: string;
  side?: 'top' | 'bottom';
  align?: 'start' | 'end';
}) {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        className={className}
        onPointerEnter={() => void load()}
        onFocus={() => void load()}
        onClick={() => setOpen((isOpen) => !isOpen)}
      >
        {children}
      </button>
      {open && button.current && (
        <Suspense fallback={null}>
          <MenuPopup
            items={items}
            anchor={button.current}
            side={side}
            align={align}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
