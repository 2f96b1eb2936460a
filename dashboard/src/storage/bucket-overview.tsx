import { useQuery } from '@tanstack/react-query';
import { common } from '../text/common.ts';
import { storageText as text } from '../text/storage.ts';
import { Copyable } from '../ui/copy.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { formatValue } from '../ui/quantity.ts';
import { Ago } from '../ui/time.tsx';
import { useBucket } from './bucket-frame.tsx';
import { type Bucket, bucketMetricsQuery } from './bucket-queries.ts';

/** What a bucket is, what it holds, and how programs use it. */
export function BucketOverview({ id }: { id: string }) {
  const bucket = useBucket(id);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <Section title={text.details}>
        <Facts items={factsOf(bucket)} />
      </Section>
      <Use id={id} />
    </div>
  );
}

const lockOf = ({ object_lock_enabled, object_lock_default_retention_human: human }: Bucket): string => {
  if (!object_lock_enabled) return text.notLocked;
  return human ? text.lockedFor(human) : text.locked;
};

const factsOf = (bucket: Bucket): Parameters<typeof Facts>[0]['items'] => [
  [text.s3Name, <Copyable key="name" text={bucket.minio_bucket_name} />],
  [text.region, bucket.region],
  [text.endpoint, bucket.endpoint_url && <Copyable key="endpoint" text={bucket.endpoint_url} />, 'wide'],
  bucket.public_url !== null && [text.publicUrl, <Copyable key="public" text={bucket.public_url} />, 'wide'],
  [text.size, bucket.size_human],
  [text.objects, bucket.object_count],
  [text.limit, bucket.size_limit_human ?? text.noLimit],
  [text.versions, bucket.versioning_enabled ? text.kept : text.notKept],
  [text.lock, lockOf(bucket)],
  [text.encryption, bucket.encryption_enabled ? bucket.encryption_type : text.notEncrypted],
  [text.cost, `${common.price(bucket.monthly_cost_cents)}${common.month}`],
  [text.created, <Ago key="created" at={bucket.created_at} />],
];

/** How much it was used in the last day. */
function Use({ id }: { id: string }) {
  const { data } = useQuery(bucketMetricsQuery(id));
  if (!data) return <div className="skeleton h-48 rounded-xl" />;
  const { requests_24h, error_rate_24h, latency_24h_ms } = data;
  return (
    <Section title={text.use}>
      <Facts
        items={[
          [text.requests, requests_24h ?? text.unknown],
          [text.errors, error_rate_24h === null ? text.unknown : formatValue(error_rate_24h * 100, '%')],
          [text.sent, data.egress_human_24h ?? text.unknown],
          [text.received, data.ingress_human_24h ?? text.unknown],
          latency_24h_ms?.p50 != null && [text.latency, `${latency_24h_ms.p50} ms`],
          [text.measured, <Ago key="measured" at={data.last_sync_at} />],
        ]}
      />
    </Section>
  );
}
