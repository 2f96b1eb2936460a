import type { ReactNode } from 'react';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

const TONES: Record<Tone, { box: string; dot: string }> = {
  good: { box: 'bg-good-soft text-good', dot: 'bg-good' },
  warn: { box: 'bg-warn-soft text-warn', dot: 'bg-warn' },
  bad: { box: 'bg-bad-soft text-bad', dot: 'bg-bad' },
  busy: { box: 'bg-accent-soft text-accent', dot: 'bg-accent animate-pulse' },
  idle: { box: 'bg-hover text-quiet', dot: 'bg-edge' },
};

/** A state in words, with a dot in the colour of its tone. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  const { box, dot } = TONES[tone];
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${box}`}
    >
      <span className={`size-1.5 rounded-full ${dot}`} aria-hidden />
      {children}
    </span>
  );
}

/** A short remark beside a name, such as "default". */
export function Tag({ children }: { children: ReactNode }) {
  return (
    <span className="rounded-md border border-line bg-ground px-1.5 py-px text-xs whitespace-nowrap text-quiet">
      {children}
    </span>
  );
}
