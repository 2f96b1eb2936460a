import { Link } from '@tanstack/react-router';
import { type ReactNode, Suspense, useState } from 'react';
import type { Creation } from '../api/creation.ts';
import { RequestCode } from '../code/create-row.tsx';
import { codeText } from '../text/code.ts';
import { common } from '../text/common.ts';
import { createText as text } from '../text/create.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Form } from '../ui/form-element.tsx';
import { PageHeader } from '../ui/page.tsx';
import type { Kind } from './kinds.ts';

interface Props {
  kind: Kind;
  /** What the button sends. */
  creation: Creation;
  cents: number | undefined;
  facts: readonly (readonly [string, string])[];
  busy: boolean;
  onSubmit: () => void;
  children: ReactNode;
}

/** A form on one page, with what it comes to beside it. */
export function CreateFrame({ kind, creation, cents, facts, busy, onSubmit, children }: Props) {
  const [showsCode, setShowsCode] = useState(false);
  return (
    <>
      <PageHeader
        above={
          <Link to={kind.path} className="hover:text-ink hover:underline">
            {kind.text.title}
          </Link>
        }
        title={text[kind.name].title}
      />
      <Form
        noValidate
        className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]"
        onSend={() => {
          if (!busy) onSubmit();
        }}
      >
        <div className="flex min-w-0 flex-col gap-6">{children}</div>
        <aside className="card sticky top-18 p-5 lg:top-8">
          <h2 className="mb-4 text-[1.0667rem]">{text.summary}</h2>
          <dl className="flex flex-col gap-2">
            {facts.map(([name, value]) => (
              <div key={name} className="flex justify-between gap-4">
                <dt className="text-quiet">{name}</dt>
                <dd className="min-w-0 text-right break-words">{value || '–'}</dd>
              </div>
            ))}
            <div className="mt-2 flex items-baseline justify-between gap-4 border-t border-line pt-4">
              <dt className="text-quiet">{text.cost}</dt>
              <dd className="text-xl font-semibold tabular-nums">
                {cents === undefined ? '–' : common.price(cents)}
              </dd>
            </div>
          </dl>
          <Button type="submit" look="primary" busy={busy} className="mt-5 w-full">
            {kind.text.create}
          </Button>
          <Button look="ghost" className="mt-2 w-full" onClick={() => setShowsCode(true)}>
            {codeText.show}
          </Button>
        </aside>
      </Form>
      <Dialog open={showsCode} onClose={() => setShowsCode(false)} title={codeText.title} wide>
        <Suspense fallback={<div className="skeleton h-40" />}>
          <RequestCode creation={creation} />
        </Suspense>
      </Dialog>
    </>
  );
}
