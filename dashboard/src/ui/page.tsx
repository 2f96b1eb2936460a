import { type ReactNode, useEffect, useRef } from 'react';
import { common } from '../text/common.ts';

/** The head of a page. Its title is that of the tab too, and gets the focus, so that screen readers announce the page. */
export function PageHeader({
  title,
  about,
  badge,
  actions,
  above,
}: {
  title: string;
  about?: ReactNode;
  badge?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${common.product}`;
  }, [title]);
  // Only when the page opens: later changes of the title must not take the focus from what somebody types in.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className="mb-6">
      {above && <div className="mb-2 text-sm text-quiet">{above}</div>}
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-1 basis-64 flex-col gap-1">
          <div className="flex min-h-9 min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
            <h1 ref={heading} tabIndex={-1} className="min-w-0 text-[1.4rem] leading-tight break-words">
              {title}
            </h1>
            {badge}
          </div>
          {about && <p className="max-w-prose text-quiet">{about}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
    </header>
  );
}

/** A card with a title and its content. */
export function Section({
  title,
  about,
  actions,
  children,
  flush = false,
  id,
}: {
  title?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** The content reaches to the edges, as a table does. */
  flush?: boolean;
  id?: string;
}) {
  return (
    <section className="card min-w-0 overflow-hidden" id={id}>
      {title && (
        <div className="flex min-h-16 flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-5 py-2.5">
          <div className="min-w-0 flex-1 basis-48">
            <h2 className="text-[1.0667rem]">{title}</h2>
            {about && <p className="max-w-prose text-sm text-quiet">{about}</p>}
          </div>
          {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      )}
      <div className={flush ? '' : 'p-5'}>{children}</div>
    </section>
  );
}

/** What a list says where it has nothing to show. */
export function Empty({
  icon,
  title,
  children,
  action,
  isPage = false,
}: {
  icon?: ReactNode;
  title: string;
  /** It is all that the page shows, so its title is that of the page. */
  isPage?: boolean;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-14 text-center">
      {icon && (
        <span
          className="mb-1 grid size-11 place-items-center rounded-xl bg-accent-soft text-accent [&_svg]:size-5"
          aria-hidden
        >
          {icon}
        </span>
      )}
      {isPage ? <h1 className="text-lg">{title}</h1> : <p className="font-medium">{title}</p>}
      {children && <p className="-mt-2 max-w-md text-quiet">{children}</p>}
      {action}
    </div>
  );
}

/** Pairs of a name and a value. */
export function Facts({
  items,
}: {
  /** With a third member, the value has a line of its own. */
  items: readonly (readonly [string, ReactNode, 'wide'?] | null | false)[];
}) {
  return (
    <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      {items
        .filter((item) => item !== null && item !== false)
        .map(([name, value, width]) => (
          <div key={name} className={`min-w-0 ${width ? 'sm:col-span-2' : ''}`}>
            <dt className="text-sm text-quiet">{name}</dt>
            <dd className="min-h-6 break-words">{value ?? <span className="text-quiet">–</span>}</dd>
          </div>
        ))}
    </dl>
  );
}
