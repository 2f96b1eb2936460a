import type { components } from '@danube/client/schema';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { healthQuery } from '../api/queries.ts';
import { operatorText } from '../text/operator.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Facts, PageHeader, Section } from '../ui/page.tsx';
import { Ago } from '../ui/time.tsx';
import { FullnessBar } from './fullness-bar.tsx';
import { capacityQuery, statusQuery } from './queries.ts';

type Health = components['schemas']['Health'];

const text = operatorText.install;

const toneOf = (state: string): Tone =>
  state === 'ok' ? 'good' : /unavailable|read_only/.test(state) ? 'bad' : 'warn';

/** Health of every part, capacity with a forecast, and what is at work. */
export function InstallPage() {
  const { data: health } = useQuery({ ...healthQuery, refetchInterval: 10_000 });
  const { data: capacity } = useQuery(capacityQuery);
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="flex flex-col gap-6">
        <Section title={text.health} about={text.healthAbout}>
          {health ? <Parts health={health} /> : <div className="skeleton h-24" />}
        </Section>
        <Section title={text.capacity} about={text.capacityAbout(capacity?.trend_days ?? 0)}>
          {capacity ? (
            <div className="grid gap-x-8 gap-y-5 md:grid-cols-3">
              <FullnessBar
                title={text.memory}
                part={capacity.memory}
                history={capacity.history.map(({ memory_promised_mb }) => memory_promised_mb)}
              />
              <FullnessBar
                title={text.disk}
                part={capacity.disk}
                history={capacity.history.map(({ disk_promised_gb }) => disk_promised_gb)}
              />
              <FullnessBar
                title={text.pool}
                part={capacity.pool}
                history={capacity.history.map(({ pool_used_mb }) => pool_used_mb)}
              />
            </div>
          ) : (
            <div className="skeleton h-24" />
          )}
        </Section>
        <AtWork />
      </div>
    </>
  );
}

function Parts({ health }: { health: Health }) {
  const { building, percent, waiting, failed } = health.images;
  const badge = (state: string) => (
    <Badge tone={toneOf(state)}>{state === 'ok' ? text.ok : state.replaceAll('_', ' ')}</Badge>
  );
  return (
    <Facts
      items={[
        [text.parts.install, health.message, 'wide'],
        [text.parts.database, badge(health.database)],
        [text.parts.engine, badge(health.engine)],
        [text.parts.storage, badge(health.storage)],
        [text.parts.version, health.version],
        [
          text.parts.images,
          building
            ? text.parts.building(building, percent)
            : failed.length > 0
              ? text.parts.failed(failed.join(', '))
              : text.parts.waiting(waiting.length),
        ],
      ]}
    />
  );
}

function AtWork() {
  const { data } = useQuery(statusQuery);
  if (!data) return <div className="skeleton h-48 rounded-xl" />;
  const { queued, running, hanging, failed_24h } = data.operations;
  const trouble = (count: number, status: 'failed' | 'hanging') =>
    count === 0 ? (
      '0'
    ) : (
      <Link to="/operator/operations" search={{ status }} className="link">
        {count} · {text.see}
      </Link>
    );
  return (
    <>
      <Section title={text.work}>
        <Facts
          items={[
            [text.queued, queued],
            [text.running, running],
            [text.hanging, trouble(hanging, 'hanging')],
            [text.failed, trouble(failed_24h, 'failed')],
            [
              text.workers,
              data.workers.map(({ id, heartbeat_at }) => (
                <span key={id} className="block">
                  <code className="font-mono text-[0.8667rem] break-all">{id}</code>{' '}
                  <span className="text-quiet">
                    {text.lastSeen} <Ago at={heartbeat_at} />
                  </span>
                </span>
              )),
              'wide',
            ],
          ]}
        />
      </Section>
      <Section title={text.reconcilers} about={text.reconcilersAbout}>
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 md:grid-cols-3 xl:grid-cols-5">
          {data.reconcilers.map(({ name, finished_at }) => (
            <div key={name} className="min-w-0 text-sm">
              <dt className="truncate text-quiet">{name}</dt>
              <dd>
                <Ago at={finished_at} />
              </dd>
            </div>
          ))}
        </dl>
      </Section>
    </>
  );
}
