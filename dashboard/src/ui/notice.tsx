import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

const LOOKS = {
  info: { box: 'border-accent/25 bg-accent-soft', icon: <Info />, color: 'text-accent' },
  warn: { box: 'border-warn/25 bg-warn-soft', icon: <TriangleAlert />, color: 'text-warn' },
  bad: { box: 'border-bad/25 bg-bad-soft', icon: <CircleAlert />, color: 'text-bad' },
};

/** Something that the reader should know before going on. */
export function Notice({
  tone = 'info',
  title,
  children,
  actions,
}: {
  tone?: keyof typeof LOOKS;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  const { box, icon, color } = LOOKS[tone];
  return (
    <div className={`flex flex-wrap items-start gap-x-3 gap-y-2 rounded-xl border px-4 py-3 ${box}`}>
      <span className={`mt-0.5 [&_svg]:size-4.5 ${color}`} aria-hidden>
        {icon}
      </span>
      <div className="min-w-0 flex-1 basis-60">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className={title ? 'text-quiet' : ''}>{children}</div>}
      </div>
      {actions}
    </div>
  );
}
