import type { Api } from '../../http/api.ts';
import { Obj, Text, Timestamp } from '../../http/schema.ts';
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
          'The certificate that clients check databases and caches against: save it to a file and name that file ' +
          'to the client, for example as `sslrootcert`. The same for all teams.',
        tags: ['Certificate authority'],
        response: {
          200: Obj({
            certificate: Text(10_000, '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n', {
              description: 'PEM.',
            }),
            fingerprint_sha256: Text(95, '3F:2A:…', {
              description: 'What `openssl x509 -fingerprint -sha256` prints.',
            }),
            not_after: Timestamp('End of its validity.'),
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
