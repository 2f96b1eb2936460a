import { type PointerEvent, useId, useState } from 'react';
import { metricsText as text } from '../text/metrics.ts';
import { formatValue } from '../ui/quantity.ts';
import { ceilingOf, nearest, type Point, pathOf } from './series.ts';

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** The limit of an alert, and the time in which it fired last; `until` is null while it fires. */
export interface Limit {
  id: string;
  label: string;
  value: number;
  since: number | null;
  until: number | null;
}

interface Props {
  title: string;
  unit: string;
  points: readonly Point[];
  /** Drawn as lines over the whole width. */
  limits?: readonly Limit[];
  from: number;
  to: number;
  /** The moment that the cursor is at; all graphs of the page share it. */
  cursor: number | null;
  onCursor: (at: number | null) => void;
  /** Somebody has drawn over a part of the time. */
  onZoom?: (from: number, to: number) => void;
}

/** A line over time. Its last value, or that at the cursor, is also there as text. */
export function Chart({ title, unit, points, limits = [], from, to, cursor, onCursor, onZoom }: Props) {
  const name = useId();
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const ceiling = ceilingOf([...values, ...limits.map(({ value }) => value)], unit);
  const shown = nearest(points, cursor ?? to);
  const line = pathOf(points, from, to, ceiling);
  const [start, setStart] = useState<number | null>(null);
  const momentAt = ({ clientX, currentTarget }: PointerEvent): number => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return from + ((clientX - left) / width) * (to - from);
  };
  const leave = () => {
    setStart(null);
    onCursor(null);
  };
  const xOf = (at: number) => ((at - from) / (to - from)) * 100;
  return (
    <figure className="card p-5" aria-labelledby={name}>
      <figcaption className="mb-3 flex items-baseline justify-between gap-4">
        <span id={name} className="font-medium">
          {title}
        </span>
        <span className="text-sm text-quiet tabular-nums">
          {shown?.value != null && (
            <>
              <span className="text-ink">{formatValue(shown.value, unit)}</span>
              {cursor !== null && ` · ${TIME.format(shown.at)}`}
            </>
          )}
        </span>
      </figcaption>
      {values.length === 0 ? (
        <p className="grid h-36 place-items-center text-quiet">{text.none}</p>
      ) : (
        <div
          className={`relative h-36 ${onZoom ? 'cursor-crosshair select-none' : ''}`}
          onPointerMove={(event) => onCursor(momentAt(event))}
          onPointerLeave={leave}
          onPointerDown={(event) => {
            // Fingers scroll the page.
            if (onZoom && event.pointerType === 'mouse') setStart(momentAt(event));
          }}
          onPointerUp={(event) => {
            if (start !== null) onZoom?.(start, momentAt(event));
            setStart(null);
          }}
        >
          <svg
            viewBox="0 0 100 100"
            preserveAspectRatio="none"
            className="size-full overflow-visible"
            aria-hidden
          >
            {[0, 50, 100].map((y) => (
              <path key={y} d={`M0 ${y}H100`} className="stroke-line" vectorEffect="non-scaling-stroke" />
            ))}
            {start !== null && cursor !== null && (
              <path d={`M${xOf(start)} 0H${xOf(cursor)}V100H${xOf(start)}Z`} className="fill-accent-soft" />
            )}
            {limits.map((limit) => (
              <LimitLine key={limit.id} limit={limit} from={from} to={to} ceiling={ceiling} />
            ))}
            <path
              d={line}
              className="fill-none stroke-accent-fill stroke-[1.6]"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
            {cursor !== null && shown && (
              <path
                d={`M${((shown.at - from) / (to - from)) * 100} 0V100`}
                className="stroke-edge"
                vectorEffect="non-scaling-stroke"
              />
            )}
          </svg>
          <span className="absolute top-0.5 left-0 bg-surface pr-1 text-xs text-quiet tabular-nums">
            {formatValue(ceiling, unit)}
          </span>
        </div>
      )}
      {limits.length > 0 && (
        <p className="mt-2 text-xs break-words text-quiet">
          <span
            aria-hidden
            className="mr-1.5 inline-block w-4 border-t border-dashed border-bad align-middle"
          />
          {limits.map(({ label }) => label).join(' · ')}
        </p>
      )}
    </figure>
  );
}

function LimitLine({
  limit: { value, since, until },
  from,
  to,
  ceiling,
}: {
  limit: Limit;
  from: number;
  to: number;
  ceiling: number;
}) {
  const xOf = (at: number) => Math.min(Math.max(((at - from) / (to - from)) * 100, 0), 100);
  const y = 100 - (Math.min(value, ceiling) / ceiling) * 100;
  const [left, right] = since === null ? [0, 0] : [xOf(since), xOf(until ?? to)];
  return (
    <>
      {right > left && <path d={`M${left} 0H${right}V100H${left}Z`} className="fill-bad-soft" />}
      <path
        d={`M0 ${y}H100`}
        className="stroke-bad"
        strokeDasharray="4 4"
        vectorEffect="non-scaling-stroke"
      />
    </>
  );
}
