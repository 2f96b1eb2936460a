import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { connectionText as text } from '../text/connection.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import type { Kind } from './kinds.ts';

const TONES: Record<string, Tone> = { ok: 'good', failed: 'bad', skipped: 'idle' };

const ask = (kind: Kind, id: string) =>
  kind.name === 'database'
    ? answerOf(
        api.POST('/database/{databaseInstance}/test-connection', {
          params: { path: { databaseInstance: id } },
        }),
      )
    : answerOf(
        api.POST('/cache/{cacheInstance}/test-connection', { params: { path: { cacheInstance: id } } }),
      );

/** Lets the server connect as a program would, and shows how far it came. */
export function ConnectionTest({ kind, id }: { kind: Kind; id: string }) {
  // Not a mutation, of which every page would load the code for this one button.
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['connection test', kind.name, id],
    queryFn: () => ask(kind, id),
    enabled: false,
    retry: false,
    throwOnError: false,
    gcTime: 0,
  });
  const report = error ? undefined : data?.data;
  return (
    <Section
      title={text.title}
      about={text.about}
      actions={
        <Button busy={isFetching} onClick={() => void refetch()}>
          {report ? text.again : text.run}
        </Button>
      }
    >
      <div className="flex flex-col gap-4 empty:hidden" aria-live="polite">
        {error && <Notice tone="bad">{error.message}</Notice>}
        {report?.ok && <Notice>{text.works(report.endpoint)}</Notice>}
        {report?.remediation && <Notice tone="warn">{report.remediation}</Notice>}
        {report && (
          <ol className="flex flex-col gap-2">
            {report.steps.map(({ step, state, message, milliseconds }) => (
              <li key={step} className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
                <span className="w-24 shrink-0 font-medium">{text.steps[step] ?? step}</span>
                <Badge tone={TONES[state] ?? 'idle'}>{text.states[state] ?? state}</Badge>
                {state !== 'skipped' && (
                  <span className="min-w-0 flex-1 basis-60 break-words text-quiet">
                    {message} {milliseconds !== null && text.took(milliseconds)}
                  </span>
                )}
              </li>
            ))}
          </ol>
        )}
      </div>
    </Section>
  );
}
