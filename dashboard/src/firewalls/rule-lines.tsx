import { GripVertical } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { firewallText as text } from '../text/firewalls.ts';
import { Badge } from '../ui/badge.tsx';
import type { Firewall } from './firewall-status.tsx';
import { draftOf, hasPorts, type RuleDraft, sourcesOf } from './rules.ts';

/** The rules of a firewall to read. */
export function RuleLines({ firewall }: { firewall: Firewall }) {
  if (firewall.rules.length === 0) return <p className="px-5 py-6 text-quiet">{text.noRules}</p>;
  return (
    <ol>
      {firewall.rules.map((rule) => (
        <RuleLine key={rule.id} rule={draftOf(rule)} />
      ))}
    </ol>
  );
}

type Drag = Pick<ComponentProps<'li'>, 'onDragStart' | 'onDragOver' | 'onDragLeave' | 'onDrop' | 'onDragEnd'>;

/** One rule as a line. */
export function RuleLine({
  rule,
  actions,
  drag,
  isTarget = false,
  errors = [],
}: {
  rule: RuleDraft;
  actions?: ReactNode;
  /** It can be drawn elsewhere. What it does must be in `actions`, too, for the keyboard. */
  drag?: Drag;
  /** What is drawn would get its place. */
  isTarget?: boolean;
  /** The server's sentences. */
  errors?: readonly string[];
}) {
  const ports = hasPorts(rule) ? rule.ports || text.anyPort : '';
  return (
    <li
      {...drag}
      draggable={drag ? true : undefined}
      className={`flex min-h-13 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-5 py-2.5 last:border-0 ${isTarget ? 'bg-accent-soft' : ''}`}
    >
      {drag && <GripVertical className="-ml-2 size-4 shrink-0 cursor-grab text-quiet" aria-hidden />}
      <span className="w-16">
        <Badge tone={rule.action === 'deny' ? 'bad' : 'good'}>
          {text.actions[rule.action] ?? rule.action}
        </Badge>
      </span>
      <span className="w-8 text-sm text-quiet">{text.directions[rule.direction] ?? rule.direction}</span>
      <code className="w-32 font-mono text-[0.8667rem]">
        {rule.protocol} {ports}
      </code>
      <span className="min-w-0 flex-1 basis-40 break-words">
        {sourcesOf(rule)}
        {rule.name && <span className="block text-sm text-quiet">{rule.name}</span>}
      </span>
      {actions}
      {errors.length > 0 && <p className="basis-full text-sm text-bad">{errors.join(' ')}</p>}
    </li>
  );
}
