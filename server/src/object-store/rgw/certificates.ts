import { readFile, stat } from 'node:fs/promises';
import { issueCertificate, type KeyedCertificate } from '../../lib/pki.ts';
import type { S3Config } from '../../s3-config.ts';

export interface CertificateOptions extends Pick<S3Config, 'certificate' | 'domain'> {
  authority: () => Promise<KeyedCertificate>;
  /** Address at which customers reach the host; null: none. */
  address: string | null;
}

/**
 * The certificate of the front: the operator's own, or one of the install's authority. The returned function gives it
 * again only when it has changed since the call before, and null otherwise.
 */
export function watchCertificate(options: CertificateOptions): () => Promise<KeyedCertificate | null> {
  const files = options.certificate;
  if (!files) {
    let isIssued = false;
    return async () => {
      if (isIssued) return null;
      const issued = await issueCertificate(await options.authority(), namesOf(options));
      isIssued = true;
      return issued;
    };
  }
  let seen = '';
  return async () => {
    const stamps = await Promise.all([files.certificate, files.key].map((file) => stat(file)));
    const now = stamps.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join();
    if (now === seen) return null;
    const [certificate, key] = await Promise.all([
      readFile(files.certificate, 'utf8'),
      readFile(files.key, 'utf8'),
    ]);
    seen = now;
    return { certificate, key };
  };
}

function namesOf({ domain, address }: CertificateOptions): [string, ...string[]] {
  const names = domain === null ? [] : [domain, `*.${domain}`, `*.website.${domain}`];
  if (address !== null) names.push(address);
  const [first = 'localhost', ...others] = names;
  return [first, ...others, 'localhost', '127.0.0.1'];
}
