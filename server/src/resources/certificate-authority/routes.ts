import type { Api } from '../../http/api.ts';
import { Component, Text, Timestamp } from '../../http/schema.ts';
import { describeCertificate } from '../../lib/pki.ts';
import type { AuthorityReader } from './authority.ts';

/** Routes for the authority that signs the certificates of databases and caches. */
export function certificateAuthorityRoutes(api: Api, authority: AuthorityReader): void {
  api.get(
    '/certificate-authority',
    {
      schema: {
        operationId: 'getCertificateAuthority',
        summary: 'Show the certificate authority',
        description:
          'Shows the certificate with which clients verify databases and caches. Save it to a file, and pass that ' +
          'file to the client, for example as `sslrootcert`. All teams have the same one.',
        tags: ['Certificate authority'],
        response: {
          200: Component('CertificateAuthority', {
            certificate: Text(10_000, '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n', {
              description: 'PEM.',
            }),
            fingerprint_sha256: Text(95, '3F:2A:…', {
              description: 'As `openssl x509 -fingerprint -sha256` prints it.',
            }),
            not_after: Timestamp('When it expires.'),
          }),
        },
      },
      config: { scope: null },
    },
    async () => {
      const { certificate } = await authority();
      const { fingerprint, notAfter } = describeCertificate(certificate);
      return { certificate, fingerprint_sha256: fingerprint, not_after: notAfter.toISOString() };
    },
  );
}
