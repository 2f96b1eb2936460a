import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { common } from '../text/common.ts';

/** How long the tick stays, in milliseconds. */
const SHOWN_MS = 1500;

/** Puts a text into the clipboard; over plain http browsers only have the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function CopyButton({ text, label = common.copy }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button
      type="button"
      aria-label={done ? common.copied : label}
      data-tip={label}
      className="inline-grid size-7 shrink-0 place-items-center rounded-md text-quiet hover:bg-hover hover:text-ink [&_svg]:size-3.5"
      onClick={() => void copyText(text).then(() => setDone(true))}
    >
      {done ? <Check className="text-good" /> : <Copy />}
    </button>
  );
}

/** A value that people copy, such as an address. */
export function Copyable({ text }: { text: string }) {
  return (
    <span className="-my-0.5 inline-flex max-w-full items-center gap-1">
      <code className="min-w-0 font-mono text-[0.8667rem] break-all">{text}</code>
      <CopyButton text={text} />
    </span>
  );
}

/** A command or a piece of code, as a block. */
export function Code({ text, label }: { text: string; label?: string }) {
  return (
    <div className="flex min-w-0 items-start rounded-lg border border-line bg-ground">
      {/* biome-ignore-start lint/a11y: long lines are scrolled with the keyboard, so it takes the focus and has a name */}
      <pre
        role="region"
        className="max-h-96 min-w-0 flex-1 overflow-auto rounded-l-lg py-3 pl-4 font-mono text-[0.8667rem] leading-6"
        tabIndex={0}
        aria-label={label}
      >
        {text}
      </pre>
      {/* biome-ignore-end lint/a11y: see above */}
      <span className="p-2">
        <CopyButton text={text} />
      </span>
    </div>
  );
}
