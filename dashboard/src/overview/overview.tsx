import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, Coins, History } from 'lucide-react';
import { eventsQuery, instancesQuery } from '../api/queries.ts';
import { EventList } from '../events/event-list.tsx';
import { type Instance, KINDS, type Kind } from '../instances/kinds.ts';
import { InstanceStatus } from '../instances/status.tsx';
import { common } from '../text/common.ts';
import { overviewText as text } from '../text/overview.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Empty, PageHeader, Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';

/** How many events the page shows. */
const EVENTS = 8;

/** What runs, what it costs, what needs attention, what happened. */
export function Overview() {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const events = useQuery(eventsQuery({}));
  const instances = KINDS.flatMap((kind, at) =>
    (lists[at]?.data?.items ?? []).map((instance) => ({ kind, instance })),
  );
  const isLoaded = lists.every(({ data }) => data);
  const cents = instances.reduce((sum, { instance }) => sum + instance.monthly_cost_cents, 0);
  return (
    <>
      <PageHeader title={text.title} />
      <div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
        {KINDS.map((kind, at) => (
          <KindTile key={kind.name} kind={kind} items={lists[at]?.data?.items} />
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
          {events.data?.length === 0 ? (
            <Empty icon={<History />} title={text.noEvents}>
              {text.noEventsAbout}
            </Empty>
          ) : (
            <EventList events={events.data?.slice(0, EVENTS)} expect={EVENTS} />
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

function Attention({ instances }: { instances: readonly { kind: Kind; instance: Instance }[] | undefined }) {
  const troubled = instances?.filter(({ instance }) => instance.status_details.health === 'unhealthy');
  return (
    <Section title={text.attention} flush>
      {troubled === undefined && <div className="skeleton m-5 h-24" />}
      {troubled?.length === 0 && (
        <Empty icon={<CircleCheck />} title={text.allWell}>
          {text.allWellAbout}
        </Empty>
      )}
      <ul>
        {troubled?.map(({ kind, instance }) => (
          <li
            key={instance.id}
            className="flex items-start gap-4 border-b border-line px-5 py-4 last:border-0"
          >
            <div className="min-w-0 flex-1">
              <Link to={pathTo(kind.path, instance.id)} className="font-medium break-words hover:underline">
                {instance.name}
              </Link>
              <p className="text-sm break-words text-quiet">
                {instance.status_details.error?.message ?? instance.status_details.summary}
              </p>
              <Link to={pathTo(kind.path, instance.id, 'diagnosis')} className="link text-sm">
                {text.look}
              </Link>
            </div>
            <InstanceStatus instance={instance} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
