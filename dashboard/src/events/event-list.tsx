import type { components } from '@danube/client/schema';
import { Link } from '@tanstack/react-router';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { kindOf } from '../instances/kinds.ts';
import { useInstanceNames } from '../instances/names.ts';
import { pathTo } from '../ui/path.ts';
import { Ago } from '../ui/time.tsx';

type Event = components['schemas']['Event'];

/** Events as lines, each with a link to what it is about where that has a page. */
export function EventList({ events, expect = 6 }: { events: readonly Event[] | undefined; expect?: number }) {
  const names = useInstanceNames();
  return (
    <ul>
      {events === undefined
        ? Array.from({ length: expect }, (_, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
            <li key={line} className="flex h-15 items-center gap-3 border-b border-line px-5 last:border-0">
              <div className="skeleton size-4 rounded-full" />
              <div className="skeleton h-4 w-64 max-w-full" />
            </li>
          ))
        : events.map((event) => (
            <li
              key={event.id}
              className="flex min-h-15 items-start gap-3 border-b border-line px-5 py-2.5 last:border-0"
            >
              <span
                aria-hidden
                className={`mt-1 [&_svg]:size-4 ${event.severity === 'Warning' ? 'text-warn' : 'text-quiet'}`}
              >
                {event.severity === 'Warning' ? <CircleAlert /> : <CircleCheck />}
              </span>
              <div className="min-w-0 flex-1">
                <p className="break-words">{event.message}</p>
                <p className="text-sm text-quiet">
                  <Subject event={event} name={names.get(event.resource_id)} /> ·{' '}
                  <code className="font-mono text-xs">{event.type}</code>
                </p>
              </div>
              <span className="text-sm whitespace-nowrap text-quiet">
                <Ago at={event.created_at} />
              </span>
            </li>
          ))}
    </ul>
  );
}

function Subject({
  event: { resource_type, resource_id },
  name,
}: {
  event: Event;
  name: string | undefined;
}) {
  const path = kindOf(resource_type)?.path ?? (resource_type === 'firewall' ? '/firewalls' : null);
  const label = name ?? `${resource_type} ${resource_id.slice(0, 8)}`;
  if (!path) return <>{label}</>;
  return (
    <Link to={pathTo(path, resource_id)} className="hover:text-ink hover:underline">
      {label}
    </Link>
  );
}
