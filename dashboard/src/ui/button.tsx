import { Link } from '@tanstack/react-router';
import { LoaderCircle } from 'lucide-react';
import { type ComponentProps, type ReactNode, useContext } from 'react';
import { useRefusals } from './refusals.ts';
import { SendingContext } from './sending.ts';

export type Look = 'primary' | 'plain' | 'ghost' | 'danger';

const SHAPE =
  'inline-flex shrink-0 items-center justify-center gap-2 whitespace-nowrap rounded-lg font-medium transition-colors ' +
  'aria-disabled:opacity-55 h-9 px-3.5 [&_svg]:size-4 [&_svg]:shrink-0';

const LOOKS: Record<Look, string> = {
  primary: 'bg-accent-fill text-accent-ink hover:bg-accent-hover aria-disabled:hover:bg-accent-fill',
  plain: 'border border-line bg-surface shadow-card hover:bg-hover aria-disabled:hover:bg-surface',
  ghost: 'text-quiet hover:bg-hover hover:text-ink',
  danger: 'bg-bad-fill text-white hover:brightness-110 aria-disabled:hover:brightness-100',
};

export const buttonClass = (look: Look = 'plain', extra = ''): string => `${SHAPE} ${LOOKS[look]} ${extra}`;

interface Props extends Omit<ComponentProps<'button'>, 'disabled'> {
  look?: Look;
  /** At work: it shows so, and takes no further click. */
  busy?: boolean;
  /** Why it cannot be used now; it stays focusable, so that everybody can read the reason. */
  blocked?: string | null | false;
  icon?: ReactNode;
  /** What its text leaves open. */
  tip?: string;
}

/** The main button of a page or form is for those who may change what it shows. */
export function Button({
  look,
  busy = false,
  blocked: given,
  icon,
  tip,
  className,
  children,
  onClick,
  ...rest
}: Props) {
  const sending = useContext(SendingContext);
  const { change } = useRefusals();
  const blocked = given || (rest.type === 'submit' ? sending : look === 'primary' ? change : null);
  const isOff = busy || Boolean(blocked);
  return (
    <button
      type="button"
      {...rest}
      className={buttonClass(look, className)}
      aria-disabled={isOff || undefined}
      aria-busy={busy || undefined}
      data-tip={blocked || tip || rest['aria-label'] || undefined}
      aria-description={blocked || undefined}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <LoaderCircle className="animate-spin" aria-hidden /> : icon}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  look,
  icon,
  children,
  className,
  to,
}: { to: string } & {
  look?: Look;
  icon?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const { change } = useRefusals();
  // A link cannot be disabled.
  if (look === 'primary' && change)
    return (
      <Button look={look} icon={icon} {...(className ? { className } : {})}>
        {children}
      </Button>
    );
  return (
    <Link to={to} className={buttonClass(look, className)}>
      {icon}
      {children}
    </Link>
  );
}

/** A square button with an icon only; its label is also its tooltip. */
export function IconButton({ label, children, className = '', ...rest }: Props & { label: string }) {
  return (
    <Button look="ghost" {...rest} aria-label={label} className={`w-9 px-0 ${className}`}>
      {children}
    </Button>
  );
}
