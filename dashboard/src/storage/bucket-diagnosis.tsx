import { useQuery } from '@tanstack/react-query';
import { DiagnosisCard } from '../diagnosis/diagnosis-card.tsx';
import { storageText as text } from '../text/storage.ts';
import { Notice } from '../ui/notice.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { formatValue } from '../ui/quantity.ts';
import { Ago } from '../ui/time.tsx';
import { bucketDiagnosisQuery, bucketHealthQuery } from './bucket-queries.ts';

/** What is wrong with a bucket, and what takes room in it unseen. */
export function BucketDiagnosis({ id }: { id: string }) {
  const { data, error, isFetching, refetch } = useQuery(bucketDiagnosisQuery(id));
  return (
    <div className="flex flex-col gap-6">
      {error ? (
        <Notice tone="warn">{error.message}</Notice>
      ) : (
        <DiagnosisCard
          diagnosis={data}
          about={text.diagnosisAbout}
          busy={isFetching}
          onAgain={() => void refetch()}
        />
      )}
      <Health id={id} />
    </div>
  );
}

function Health({ id }: { id: string }) {
  const { data } = useQuery(bucketHealthQuery(id));
  if (!data) return <div className="skeleton h-40 rounded-xl" />;
  const { pending_multipart_count: count, pending_multipart_bytes: bytes, deleted_size_bytes } = data;
  const status = data.health_check_status;
  return (
    <Section title={text.health} about={text.healthAbout}>
      <Facts
        items={[
          [
            text.unfinished,
            count === null ? null : text.unfinishedOf(count, formatValue(bytes ?? 0, 'bytes')),
          ],
          [text.deleted, deleted_size_bytes === null ? null : formatValue(deleted_size_bytes, 'bytes')],
          [text.outcome, status && (text.looks[status] ?? status)],
          [text.looked, <Ago key="looked" at={data.last_health_check_at} />],
        ]}
      />
    </Section>
  );
}
