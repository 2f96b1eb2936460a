import { Dialog as Base } from '@base-ui/react/dialog';
import type { DialogProps } from './dialog.tsx';

/** Loaded with the first dialog that opens, see `dialog.tsx`. */
export default function DialogBox({ open, onClose, title, about, children, wide = false }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40 transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 grid grid-cols-1 place-items-start justify-items-center overflow-y-auto p-4 sm:pt-[12vh]">
          <Base.Popup
            className={`appear w-full rounded-2xl border border-line bg-raised p-6 shadow-float outline-none ${wide ? 'max-w-2xl' : 'max-w-md'}`}
          >
            <Base.Title className="text-[1.1333rem] break-words">{title}</Base.Title>
            {about && <Base.Description className="mt-1 text-quiet">{about}</Base.Description>}
            <div className="mt-4">{children}</div>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
