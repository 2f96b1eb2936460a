import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { saveCertificate } from '../../api/certificate.ts';
import { objectsText as text } from '../../text/objects.ts';
import { Code, Copyable } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Facts, Section } from '../../ui/page.tsx';
import { tellFailure } from '../../ui/toast.tsx';
import { useBucket } from '../bucket-frame.tsx';
import { bucketSnippets, type Place } from './snippets.ts';

/** How programs use a bucket: where it is, and code that is ready to run. */
export function BucketConnect({ id }: { id: string }) {
  const { endpoint_url: endpoint, region, minio_bucket_name: bucket } = useBucket(id);
  if (!endpoint) return <Notice title={text.noEndpoint} />;
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <Section title={text.address}>
        <Facts
          items={[
            [text.endpoint, <Copyable key="endpoint" text={endpoint} />, 'wide'],
            [text.bucketName, <Copyable key="bucket" text={bucket} />],
            [text.region, <Copyable key="region" text={region} />],
            [text.style, text.pathStyle],
            [
              text.keys,
              <Link key="keys" to="/object-storage" className="link">
                {text.keysLink}
              </Link>,
            ],
            [
              text.certificate,
              <button
                key="ca"
                type="button"
                className="link text-left"
                onClick={() => void saveCertificate().catch(tellFailure)}
              >
                {text.saveCertificate}
              </button>,
            ],
          ]}
        />
      </Section>
      <Snippets place={{ endpoint, region, bucket }} />
    </div>
  );
}

function Snippets({ place }: { place: Place }) {
  const snippets = bucketSnippets(place);
  const [chosen, setChosen] = useState(0);
  const snippet = snippets[chosen] ?? snippets[0]!;
  return (
    <Section
      title={text.connectTitle}
      about={text.connectAbout}
      actions={
        <select
          aria-label={text.language}
          className="control w-auto"
          value={chosen}
          onChange={({ target }) => setChosen(Number(target.value))}
        >
          {snippets.map(({ title }, at) => (
            <option key={title} value={at}>
              {title}
            </option>
          ))}
        </select>
      }
    >
      <Code label={snippet.title} text={snippet.code} />
    </Section>
  );
}
