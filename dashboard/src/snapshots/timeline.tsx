import { useQuery } from '@tanstack/react-query';
import { RotateCcw, ShieldCheck, ShieldX } from 'lucide-react';
import type { ReactNode } from 'react';
import { operationsQuery } from '../api/queries.ts';
import type { Operation } from '../instances/kinds.ts';
import { operationsText } from '../text/operations.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Tag, type Tone } from '../ui/badge.tsx';
import { Ago } from '../ui/time.tsx';
import type { Snapshot } from './api.ts';
import { useSnapshotMenu } from './snapshot-menu.tsx';
import { SNAPSHOT_TONES, SnapshotStatus, sizeOf } from './snapshot-parts.tsx';

/** How many operations are looked through for restores. */
const OPERATIONS_READ = 100;

type Entry = { at: string } & ({ snapshot: Snapshot } | { restore: Operation });

/** The snapshots of an instance and what was restored, by day, the newest first. */
export function SnapshotTimeline({
  instanceId,
  snapshots,
}: {
  instanceId: string;
  snapshots: readonly Snapshot[];
}) {
  const { data: operations } = useQuery(
    operationsQuery({ resource_id: instanceId, per_page: OPERATIONS_READ }),
  );
  const { menuOf, dialogs } = useSnapshotMenu();
  const days = byDay([
    ...snapshots.map((snapshot) => ({ at: snapshot.created_at, snapshot })),
    ...(operations?.data ?? [])
      .filter(({ kind }) => kind === 'restore')
      .map((restore) => ({ at: restore.started_at ?? restore.created_at, restore })),
  ]);
  return (
    <div className="px-5 py-4">
      {days.map(([day, entries]) => (
        <section key={day} className="not-last:mb-2">
          <h2 className="py-2 text-sm font-medium text-quiet">{day}</h2>
          <ol>
            {entries.map((entry) =>
              'snapshot' in entry ? (
                <SnapshotEntry
                  key={`snapshot ${entry.snapshot.id}`}
                  snapshot={entry.snapshot}
                  menu={menuOf(entry.snapshot)}
                />
              ) : (
                <RestoreEntry key={`restore ${entry.restore.operation_id}`} restore={entry.restore} />
              ),
            )}
          </ol>
        </section>
      ))}
      {dialogs}
    </div>
  );
}

const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'full' });
const TIME = new Intl.DateTimeFormat('en', { timeStyle: 'short' });

/** The entries of each day, in the time zone of the browser. */
function byDay(entries: readonly Entry[]): [day: string, entries: Entry[]][] {
  const days = new Map<string, Entry[]>();
  for (const entry of entries.toSorted((a, b) => b.at.localeCompare(a.at))) {
    const day = DAY.format(new Date(entry.at));
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days];
}

const DOTS: Record<Tone, string> = {
  good: 'bg-good',
  warn: 'bg-warn',
  bad: 'bg-bad',
  busy: 'bg-accent animate-pulse',
  idle: 'bg-edge',
};

/** A moment on the line. */
function Moment({ at, dot, children }: { at: string; dot: ReactNode; children: ReactNode }) {
  return (
    <li className="flex min-w-0 gap-3">
      <time
        dateTime={at}
        data-tip={`${at.slice(0, 19).replace('T', ' ')} UTC`}
        className="w-16 shrink-0 py-2.5 text-right text-sm whitespace-nowrap text-quiet tabular-nums"
      >
        {TIME.format(new Date(at))}
      </time>
      <span className="relative w-3 shrink-0 before:absolute before:inset-y-0 before:left-1/2 before:w-px before:-translate-x-1/2 before:bg-line">
        <span className="absolute top-3.5 left-1/2 -translate-x-1/2 text-quiet" aria-hidden>
          {dot}
        </span>
      </span>
      {children}
    </li>
  );
}

function SnapshotEntry({ snapshot, menu }: { snapshot: Snapshot; menu: ReactNode }) {
  const { name, reason, status, bytes, description, error, created_at } = snapshot;
  const dot = (
    <span
      className={`block size-2.5 rounded-full ring-4 ring-surface ${DOTS[SNAPSHOT_TONES[status] ?? 'idle']}`}
    />
  );
  return (
    <Moment at={created_at} dot={dot}>
      <div className="min-w-0 flex-1 py-2">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="min-w-0 font-medium break-words">{name}</span>
          {reason !== 'manual' && <Tag>{text.reasons[reason] ?? reason}</Tag>}
          <SnapshotStatus status={status} />
          {bytes > 0 && <span className="text-sm text-quiet tabular-nums">{sizeOf(bytes)}</span>}
        </p>
        {(error ?? description) && (
          <p className={`text-sm break-words ${error ? 'text-bad' : 'text-quiet'}`}>
            {error?.message ?? description}
          </p>
        )}
        <Drill snapshot={snapshot} />
      </div>
      <span className="py-1.5">{menu}</span>
    </Moment>
  );
}

/** When it was last tried, and how that ended; only what was restored once is proven to work. */
function Drill({ snapshot: { status, verification, last_verified_at } }: { snapshot: Snapshot }) {
  if (!verification) return status === 'ready' && <p className="text-sm text-quiet">{text.neverTried}</p>;
  const { ok, seconds_to_restore, message } = verification;
  const Icon = ok ? ShieldCheck : ShieldX;
  return (
    <p className="flex items-start gap-1.5 text-sm">
      <Icon className={`mt-0.5 size-4 shrink-0 ${ok ? 'text-good' : 'text-bad'}`} aria-hidden />
      <span className="min-w-0 break-words text-quiet">
        {ok ? text.drillPassed(seconds_to_restore ?? 0) : `${text.drillDidFail} ${message ?? ''}`}
        {last_verified_at && (
          <>
            {' · '}
            <Ago at={last_verified_at} />
          </>
        )}
      </span>
    </p>
  );
}

function RestoreEntry({
  restore: { started_at, created_at, finished_at, state, error },
}: {
  restore: Operation;
}) {
  const seconds =
    started_at && finished_at ? (Date.parse(finished_at) - Date.parse(started_at)) / 1000 : null;
  return (
    <Moment
      at={started_at ?? created_at}
      dot={<RotateCcw className="size-4 rounded-full bg-surface ring-4 ring-surface" />}
    >
      <div className="min-w-0 flex-1 py-2">
        <p>
          {text.restores[state] ?? text.restore}
          {seconds !== null && (
            <span className="text-sm text-quiet"> · {operationsText.seconds(seconds)}</span>
          )}
        </p>
        {error && <p className="text-sm break-words text-bad">{error.message}</p>}
      </div>
    </Moment>
  );
}
