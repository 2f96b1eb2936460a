import type { components } from '@danube/client/schema';
import { operatorText } from '../text/operator.ts';

type Fullness = components['schemas']['OperatorFullness'];

const text = operatorText.install;

/** "12.5 GB" of so many MiB or GiB. */
function sizeOf(amount: number, unit: string): string {
  const gb = unit === 'gb' ? amount : amount / 1024;
  const [value, name] = gb >= 1024 ? [gb / 1024, 'TB'] : [gb, 'GB'];
  return `${value.toLocaleString('en', { maximumFractionDigits: 1 })} ${name}`;
}

/** How full something is, how it came to that, and when it will be full. */
export function FullnessBar({
  title,
  part: { used, limit, unit, days_until_full, reason },
  history,
}: {
  title: string;
  part: Fullness;
  history: readonly number[];
}) {
  const says =
    days_until_full === null
      ? text.reasons[reason ?? 'no_history']
      : days_until_full === 0
        ? text.full
        : text.inDays(days_until_full);
  return (
    <div className="min-w-0">
      <h3 className="font-medium">{title}</h3>
      <p className="text-sm text-quiet tabular-nums">
        {used === null || limit === null ? '–' : text.of(sizeOf(used, unit), sizeOf(limit, unit))}
      </p>
      <progress
        value={used ?? 0}
        max={Math.max(1, limit ?? 1)}
        aria-label={title}
        className="mt-2 block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent-fill [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent-fill"
      />
      <p className="mt-2 text-sm text-quiet">{says}</p>
      <Trend values={history} limit={limit} />
    </div>
  );
}

/** The samples as a line, from nothing to the limit. */
function Trend({ values, limit }: { values: readonly number[]; limit: number | null }) {
  if (values.length < 2 || !limit) return null;
  const points = values.map((value, at) => {
    const x = (at / (values.length - 1)) * 100;
    return `${x.toFixed(1)},${(30 - Math.min(1, value / limit) * 30).toFixed(1)}`;
  });
  return (
    <svg viewBox="0 0 100 31" preserveAspectRatio="none" className="mt-2 h-10 w-full text-accent" aria-hidden>
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
