import { useEffect, useState } from 'react';
import { ago } from './ago.ts';

const ABSOLUTE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** How often "3 minutes ago" is counted anew, in milliseconds. */
const RECOUNT_MS = 30_000;

/** How long ago something was, as a column of a table shows it. */
export function AgoCell({ at }: { at: string | null | undefined }) {
  return (
    <span className="whitespace-nowrap text-quiet">
      <Ago at={at} />
    </span>
  );
}

/** How long ago something was; the tooltip has the time in the browser's zone and in UTC. */
export function Ago({ at }: { at: string | null | undefined }) {
  const [, recount] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => recount((count) => count + 1), RECOUNT_MS);
    return () => clearInterval(timer);
  }, []);
  if (!at) return <span className="text-quiet">–</span>;
  return (
    <time
      dateTime={at}
      data-tip={`${ABSOLUTE.format(new Date(at))} · ${at.slice(0, 19).replace('T', ' ')} UTC`}
    >
      {ago(at)}
    </time>
  );
}
