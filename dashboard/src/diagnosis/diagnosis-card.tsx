import type { components } from '@danube/client/schema';
import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '../text/common.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Empty, Section } from '../ui/page.tsx';

const VERDICTS: Record<string, Tone> = {
  healthy: 'good',
  degraded: 'warn',
  unhealthy: 'bad',
  stopped: 'idle',
};
const SEVERITIES: Record<string, Tone> = { critical: 'bad', warning: 'warn', info: 'idle' };

/** What is wrong with a resource, and what to do about it. */
export function DiagnosisCard({
  diagnosis,
  about,
  busy,
  onAgain,
  children,
}: {
  /** Undefined until it is there. */
  diagnosis: Pick<components['schemas']['Diagnosis'], 'verdict' | 'status' | 'findings'> | undefined;
  about: string;
  busy: boolean;
  onAgain: () => void;
  /** Stands under the findings. */
  children?: ReactNode;
}) {
  return (
    <Section
      title={
        <span className="flex items-center gap-3">
          {text.diagnosis}
          {diagnosis && (
            <Badge tone={VERDICTS[diagnosis.verdict] ?? 'idle'}>
              {text.verdicts[diagnosis.verdict] ?? diagnosis.verdict}
            </Badge>
          )}
        </span>
      }
      about={about}
      actions={
        <Button busy={busy} onClick={onAgain}>
          {text.again}
        </Button>
      }
      flush
    >
      {!diagnosis && <div className="skeleton m-5 h-28" />}
      {diagnosis?.findings.length === 0 && (
        <Empty icon={<CircleCheck />} title={text.noFindings}>
          {diagnosis.status.summary}
        </Empty>
      )}
      <ul>
        {diagnosis?.findings.map((finding) => (
          <li key={finding.code} className="border-b border-line px-5 py-4 last:border-0">
            <div className="flex flex-wrap items-center gap-2.5">
              <Badge tone={SEVERITIES[finding.severity] ?? 'idle'}>
                {text.severities[finding.severity] ?? finding.severity}
              </Badge>
              <p className="font-medium break-words">{finding.summary}</p>
            </div>
            {finding.remediation && (
              <p className="mt-1.5 max-w-prose break-words text-quiet">{finding.remediation}</p>
            )}
          </li>
        ))}
      </ul>
      {children}
      {!diagnosis && <p className="sr-only">{common.loading}</p>}
    </Section>
  );
}
