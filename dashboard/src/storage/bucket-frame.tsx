import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { Failure, Pending } from '../shell/states.tsx';
import { storageText as text } from '../text/storage.ts';
import { Badge, Tag } from '../ui/badge.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHeader } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { Tabs } from '../ui/tabs.tsx';
import { BUCKET_TONES, type Bucket, bucketQuery } from './bucket-queries.ts';

/** The bucket of a page, which its frame has loaded. */
export const useBucket = (id: string): Bucket => useQuery(bucketQuery(id)).data!;

/** What stands above the tabs of a bucket. */
export function BucketFrame({ id }: { id: string }) {
  const { data: bucket, error } = useQuery(bucketQuery(id));
  if (!bucket) return error ? <Failure error={error} reset={() => undefined} /> : <Pending />;
  const { status_details: details } = bucket;
  return (
    <>
      <PageHeader
        above={
          <Link to="/object-storage" className="hover:text-ink hover:underline">
            {text.title}
          </Link>
        }
        title={bucket.display_name || bucket.name}
        badge={
          <>
            <Badge tone={BUCKET_TONES[details.health] ?? 'idle'}>{bucket.status_label}</Badge>
            {bucket.public_access && <Tag>{text.public}</Tag>}
          </>
        }
      />
      {details.error && (
        <div className="mb-6">
          <Notice tone="bad" title={details.error.message}>
            {details.summary !== details.error.message && details.summary}
          </Notice>
        </div>
      )}
      <Tabs
        label={text.sections}
        base={pathTo('/object-storage', id)}
        tabs={[
          ['', text.tabs.overview],
          ['objects', text.tabs.objects],
          ['connect', text.tabs.connect],
          ['metrics', text.tabs.metrics],
          ['diagnosis', text.tabs.diagnosis],
          ['settings', text.tabs.settings],
        ]}
      />
      <Outlet />
    </>
  );
}
