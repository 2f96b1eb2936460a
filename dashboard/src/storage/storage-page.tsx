import { storageText as text } from '../text/storage.ts';
import { PageHeader } from '../ui/page.tsx';
import { AccessKeys } from './access-keys.tsx';
import { Buckets } from './buckets.tsx';

/** Buckets, and the keys that programs use them with. */
export function StoragePage() {
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="flex flex-col gap-6">
        <Buckets />
        <AccessKeys />
      </div>
    </>
  );
}
