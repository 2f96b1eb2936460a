import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Coins, History } from 'lucide-react';
import { eventsQuery, instancesQuery } from '../api/queries.ts';
import { EventList } from '../events/event-list.tsx';
import { type Instance, KINDS, type Kind } from '../instances/kinds.ts';
import { common } from '../text/common.ts';
import { overviewText as text } from '../text/overview.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Empty, PageHeader, Section } from '../ui/page.tsx';
import { Attention } from './attention.tsx';

/** How many events the page shows. */
const EVENTS = 8;

/** What runs, what it costs, what needs attention, what happened. */
export function Overview() {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) }).map(({ data }) =>
    data?.isWhole ? data : undefined,
  );
  const events = useQuery(eventsQuery({}));
  const instances = KINDS.flatMap((kind, at) =>
    (lists[at]?.items ?? []).map((instance) => ({ kind, instance })),
  );
  const isLoaded = lists.every((list) => list);
  const cents = instances.reduce((sum, { instance }) => sum + instance.monthly_cost_cents, 0);
  return (
    <>
      <PageHeader title={text.title} />
      <div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
        {KINDS.map((kind, at) => (
          <KindTile key={kind.name} kind={kind} items={lists[at]?.items} />
        ))}
        <Tile
          icon={<Coins />}
          title={text.cost}
          value={isLoaded ? common.price(cents) : undefined}
          about={text.costAbout}
        />
      </div>
      <div className="mt-6 grid items-start gap-6 xl:grid-cols-2">
        <Attention instances={isLoaded ? instances : undefined} />
        <Section
          title={text.recent}
          flush
          actions={
            <ButtonLink to="/events" look="ghost">
              {text.all}
            </ButtonLink>
          }
        >
          {events.data?.data.length === 0 ? (
            <Empty icon={<History />} title={text.noEvents}>
              {text.noEventsAbout}
            </Empty>
          ) : (
            <EventList events={events.data?.data.slice(0, EVENTS)} expect={EVENTS} />
          )}
        </Section>
      </div>
    </>
  );
}

function KindTile({ kind, items }: { kind: Kind; items: readonly Instance[] | undefined }) {
  const { icon: Icon, text: own, path } = kind;
  const running = items?.filter(({ status }) => status === 'running').length ?? 0;
  return (
    <Link to={path} className="card block p-4 transition-colors hover:border-edge/60 sm:p-5">
      <TileContent
        icon={<Icon />}
        title={own.title}
        value={items && String(items.length)}
        about={items && text.running(running, items.length)}
      />
    </Link>
  );
}

interface TileProps {
  icon: React.ReactNode;
  title: string;
  /** Undefined while it is loaded. */
  value: string | undefined;
  about: string | undefined;
}

function Tile(props: TileProps) {
  return (
    <div className="card p-4 sm:p-5">
      <TileContent {...props} />
    </div>
  );
}

function TileContent({ icon, title, value, about }: TileProps) {
  return (
    <>
      <p className="flex items-center gap-2 text-quiet [&_svg]:size-4">
        {icon}
        {title}
      </p>
      <p className="mt-2 flex h-9 items-center text-[1.7rem] leading-none font-semibold tracking-tight tabular-nums">
        {value ?? <span className="skeleton h-7 w-12" />}
      </p>
      <p className="mt-1 min-h-5 text-sm text-quiet">{about}</p>
    </>
  );
}
